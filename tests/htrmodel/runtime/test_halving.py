"""Weights of graphs in 16 bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from htrdata.errors import UsageError
from htrmodel.runtime.onnx_export import export_onnx
from htrmodel.runtime.onnx_runner import OnnxRecogniser

from ..conftest import BuildRecogniser


@pytest.mark.parametrize("architecture", ["None-VGG-BiLSTM-CTC", "None-VGG-None-Attn"])
def test_half_the_size_and_the_readings_of_rounded_weights(
    build: BuildRecogniser, tmp_path: Path, architecture: str
) -> None:
    recogniser = build(architecture, max_length=3, width=32)
    whole, half, rounded = (tmp_path / f"{name}.onnx" for name in ("whole", "half", "rounded"))
    export_onnx(recogniser, whole)
    export_onnx(recogniser, half, half=True)
    with torch.no_grad():
        for parameter in recogniser.parameters():
            if parameter.numel() >= 1024:
                parameter.copy_(parameter.half().float())
    export_onnx(recogniser, rounded)
    inputs = np.random.default_rng(0).random((4, 1, 32, 32), np.float32) * 2 - 1
    found, expected, exact = (
        OnnxRecogniser(path, threads=1).best_classes(inputs)[1] for path in (half, rounded, whole)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    assert not np.array_equal(expected, exact)
    kinds = [
        constant.data_type for constant in onnx.load_model(half).graph.initializer if np.prod(constant.dims) > 1024
    ]
    assert kinds
    assert set(kinds) <= {onnx.TensorProto.FLOAT16, onnx.TensorProto.INT64}


def test_a_weight_that_is_too_large_is_refused(build: BuildRecogniser, tmp_path: Path) -> None:
    recogniser = build("None-VGG-BiLSTM-CTC", width=32)
    with torch.no_grad():
        next(one for one in recogniser.parameters() if one.numel() > 1024).fill_(1e5)
    with pytest.raises(UsageError, match="too large for 16 bits"):
        export_onnx(recogniser, tmp_path / "half.onnx", half=True)
