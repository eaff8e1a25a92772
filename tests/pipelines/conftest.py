"""The pipelines as modules, and a small recogniser for them to start from."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PIPELINES = Path(__file__).parents[2] / "pipelines"

LoadPipeline = Callable[[str], ModuleType]


@pytest.fixture(scope="session")
def load_pipeline() -> LoadPipeline:
    """Imports a pipeline from its file."""

    def load(name: str) -> ModuleType:
        if name not in sys.modules:
            spec = importlib.util.spec_from_file_location(name, PIPELINES / f"{name}.py")
            assert spec is not None
            assert spec.loader is not None
            sys.modules[name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[name])
        return sys.modules[name]

    return load


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of a narrow recogniser with new weights."""
    torch = pytest.importorskip("torch", reason="needs the extra 'model'")
    from htrdata.labels import PRINTABLE
    from htrmodel.checkpoint.native import save
    from htrmodel.config import RecogniserConfig
    from htrmodel.recogniser import Recogniser

    torch.set_num_threads(1)
    sizes: dict[str, Any] = {"output_channel": 16, "hidden_size": 16, "width": 64}
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("start") / "tiny.safetensors"
    save(Recogniser(RecogniserConfig(charset=PRINTABLE, architecture="None-VGG-BiLSTM-CTC", **sizes)), path)
    return path
