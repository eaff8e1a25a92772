"""The family against clova's own modules: what they computed from random weights, in float64."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from htrdata.labels import PRINTABLE
from htrmodel.checkpoint.files import load
from htrmodel.config import RecogniserConfig
from htrmodel.recogniser import Recogniser
from htrmodel.training.loss import LOSSES

NAMES = [
    *[f"None-{f}-{s}-{p}" for f in ("VGG", "RCNN", "ResNet") for s in ("None", "BiLSTM") for p in ("CTC", "Attn")],
    "TPS-ResNet-BiLSTM-Attn",
    "TPS-VGG-BiLSTM-CTC",
]
TRACES = ["None-ResNet-BiLSTM-Attn", "None-VGG-BiLSTM-CTC", "TPS-VGG-BiLSTM-Attn"]

TOLERANCE = {torch.float64: 1e-6, torch.float32: 1e-3}

Arrays = dict[str, NDArray[Any]]


def _read(shared: Path, name: str) -> Arrays:
    with np.load(shared / "golden" / f"{name}.npz") as file:
        return {key: file[key] for key in file.files}


def _distance(output: Tensor, expected: NDArray[Any]) -> float:
    """Largest difference, relative to the largest value."""
    assert output.shape == expected.shape
    return float(np.abs(output.numpy() - expected).max() / np.abs(expected).max())


def _in_precision(recogniser: Recogniser, dtype: torch.dtype) -> Recogniser:
    return recogniser.double() if dtype == torch.float64 else recogniser.float()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_those_of_the_reference(shared: Path, name: str, dtype: torch.dtype) -> None:
    expected = _read(shared, name)
    recogniser = _in_precision(load(shared / "golden" / f"{name}.pth", say=str), dtype)
    config = recogniser.config
    assert config.architecture == name
    assert config.charset.characters == str(expected["character"])
    assert config.output_channel == int(expected["output_channel"])
    assert config.hidden_size == _hidden_size(expected, name)
    images = torch.from_numpy(expected["images"]).to(dtype)
    tolerance = TOLERANCE[dtype]
    with torch.no_grad():
        rectified = recogniser.rectify(images)
        if "rectified" in expected:
            assert _distance(rectified, expected["rectified"]) < tolerance
        assert _distance(recogniser.FeatureExtraction(rectified), expected["visual"]) < tolerance
        if "contextual" in expected:
            assert _distance(recogniser.encode(images), expected["contextual"]) < tolerance
        logits = recogniser(images, full_steps=True)
        assert logits.dtype == dtype
        assert _distance(logits, expected["logits"]) < tolerance
        assert [reading.text for reading in recogniser.tokenizer.decode(logits)] == expected["text"].tolist()
        targets = recogniser.tokenizer.encode(expected["labels"].tolist(), length=25)
        taught = recogniser(images, targets)
        assert _distance(taught, expected["teacher_logits"]) < tolerance
        loss = LOSSES[config.prediction](taught, targets)
        assert loss.item() == pytest.approx(float(expected["eval_loss"]), rel=tolerance)


def _hidden_size(expected: Arrays, name: str) -> int:
    """A model without BiLSTM and attention has no hidden layer, so its file does not tell the size."""
    return 256 if name.endswith("None-CTC") else int(expected["hidden_size"])


@pytest.mark.parametrize("name", NAMES[-2:])
def test_recomputed_grid_is_near_the_one_of_the_file(shared: Path, name: str) -> None:
    expected = _read(shared, name)
    recogniser = load(shared / "golden" / f"{name}.pth", say=str)
    fresh = Recogniser(recogniser.config).eval()
    weights = {key: value for key, value in recogniser.state_dict().items() if "GridGenerator" not in key}
    missing, unexpected = fresh.load_state_dict(weights, strict=False)
    assert {key.rpartition(".")[2] for key in missing} == {"inv_delta_C", "P_hat"}
    assert not unexpected
    with torch.no_grad():
        logits = fresh.double()(torch.from_numpy(expected["images"]).double(), full_steps=True)
    assert _distance(logits, expected["logits"]) < 1e-3


def test_parameters_of_the_full_model() -> None:
    # Sizes of the published checkpoints: 142 parameters and 110 buffers of 49,629,480 weights with 96 classes.
    with torch.device("meta"):
        recogniser = Recogniser(RecogniserConfig(charset=PRINTABLE))
    assert len(recogniser.state_dict()) == 252
    assert len(list(recogniser.parameters())) == 142
    assert sum(parameter.numel() for parameter in recogniser.parameters()) == 49_629_480


@pytest.mark.parametrize("name", TRACES)
def test_training_follows_the_reference(shared: Path, name: str) -> None:
    expected = _read(shared, f"trace-{name}")
    steps = _train(shared, name, expected, torch.float64, len(expected["losses"]))
    np.testing.assert_allclose([step[0] for step in steps], expected["losses"], rtol=1e-6)
    np.testing.assert_allclose([step[1] for step in steps], expected["grad_norms"], rtol=1e-6)


@pytest.mark.parametrize("name", TRACES)
def test_first_step_in_float32(shared: Path, name: str) -> None:
    expected = _read(shared, f"trace-{name}")
    ((loss, norm),) = _train(shared, name, expected, torch.float32, 1)
    assert loss == pytest.approx(expected["losses"][0], rel=1e-5)
    assert norm == pytest.approx(expected["grad_norms"][0], rel=1e-3)


def _train(shared: Path, name: str, expected: Arrays, dtype: torch.dtype, count: int) -> list[tuple[float, float]]:
    """Loss and gradient norm of each step."""
    recogniser = _in_precision(load(shared / "golden" / f"trace-{name}.pth", charset=PRINTABLE, say=str), dtype).train()
    optimiser = torch.optim.Adadelta(recogniser.parameters(), lr=float(expected["lr"]), rho=0.95, eps=1e-8)
    targets = recogniser.tokenizer.encode(expected["labels"].tolist(), length=25)
    images = (torch.from_numpy(expected["images"]).float() / 127.5 - 1).to(dtype)
    steps = []
    for step in range(count):
        batch = slice(step % 2 * 16, step % 2 * 16 + 16)
        logits = recogniser(images[batch], targets[batch])
        loss = LOSSES[recogniser.config.prediction](logits, targets[batch])
        recogniser.zero_grad()
        torch.autograd.backward(loss)
        norm = nn.utils.clip_grad_norm_(recogniser.parameters(), 5.0)
        optimiser.step()
        steps.append((loss.item(), norm.item()))
    return steps
