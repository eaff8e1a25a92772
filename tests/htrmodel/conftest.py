"""Small recognisers, and one thread for torch: several would wait for each other where cores are shared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from htrdata.labels import PRINTABLE
from htrmodel.config import RecogniserConfig
from htrmodel.recogniser import Recogniser

BuildRecogniser = Callable[..., Recogniser]


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def build() -> BuildRecogniser:
    """Builds a narrow recogniser in evaluation mode, with weights drawn from a seed."""

    def build(architecture: str = "TPS-ResNet-BiLSTM-Attn", seed: int = 0, **fields: Any) -> Recogniser:
        torch.manual_seed(seed)
        sizes: dict[str, Any] = {"charset": PRINTABLE, "output_channel": 32, "hidden_size": 24} | fields
        return Recogniser(RecogniserConfig(architecture=architecture, **sizes)).eval()

    return build


@pytest.fixture
def words() -> Tensor:
    """Three inputs of noise: float32 [3, 1, 32, 100] in [-1, 1]."""
    return torch.rand(3, 1, 32, 100, generator=torch.Generator().manual_seed(7)) * 2 - 1
