"""Exported graphs against the recognisers that they are of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from htrdata.errors import BadDataError, SourceMissingError
from htrmodel.export import export_onnx
from htrmodel.onnx_runner import OnnxRecogniser

from .conftest import BuildRecogniser

onnx = pytest.importorskip("onnx", reason="needs the extra 'onnx'")
pytest.importorskip("onnxscript", reason="needs the extra 'onnx'")
pytest.importorskip("onnxruntime", reason="needs the extra 'onnx'")


@pytest.fixture
def pictures() -> list[Image.Image]:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 40, 90), np.uint8)
    return [Image.fromarray(page) for page in pixels]


# Few and short: every step of the decoder and of the LSTMs is traced, and that takes long.
@pytest.mark.parametrize("architecture", ["TPS-VGG-BiLSTM-Attn", "None-VGG-None-CTC"])
def test_the_graph_reads_as_the_recogniser(
    build: BuildRecogniser, tmp_path: Path, pictures: list[Image.Image], architecture: str
) -> None:
    recogniser = build(architecture, max_length=3, width=32, resize="pad").train()
    path = tmp_path / "model.onnx"
    export_onnx(recogniser, path)
    assert recogniser.training
    runner = OnnxRecogniser(path, threads=1)
    assert runner.config == recogniser.config
    expected = recogniser.eval().read(pictures)
    for batch_size in (1, 3, 5):
        readings = runner.read(pictures, batch_size)
        assert [reading.text for reading in readings] == [reading.text for reading in expected]
        confidences = [reading.confidence for reading in readings]
        assert confidences == pytest.approx([reading.confidence for reading in expected], rel=1e-3)
    content = path.read_bytes()
    assert str(Path(__file__).parents[2]).encode() not in content
    assert sys.prefix.encode() not in content


def test_reading_does_not_import_torch() -> None:
    code = "import htrmodel.onnx_runner, sys; print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"


def test_files_that_are_something_else(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with pytest.raises(SourceMissingError, match=r"no ONNX file at .*model\.onnx"):
        OnnxRecogniser(path)
    path.write_bytes(b"<html>")
    with pytest.raises(BadDataError, match="damaged, cut short or no ONNX file"):
        OnnxRecogniser(path)
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    output = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([node], "other", [value], [output])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)
    path.write_bytes(model.SerializeToString())
    with pytest.raises(BadDataError, match="htrmodel did not export it"):
        OnnxRecogniser(path)
    path.write_bytes(model.SerializeToString()[:-20])
    with pytest.raises(BadDataError, match="damaged, cut short or no ONNX file"):
        OnnxRecogniser(path)
