"""The reference that benchmarks take is the field's order of things, and computes what ours computes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

pytest.importorskip("torch", reason="needs the extra 'model'")

PROGRAM = """
import torch
from plain_recogniser import PlainRecogniser
from htrdata.labels import PRINTABLE
from htrmodel.config import RecogniserConfig
from htrmodel.recogniser import Recogniser

torch.set_num_threads(1)
torch.manual_seed(0)
ours = Recogniser(RecogniserConfig(charset=PRINTABLE, output_channel=32, hidden_size=16)).eval()
ours.Transformation.LocalizationNetwork.localization_fc2.weight.data.normal_(std=0.05)
plain = PlainRecogniser(ours)
images = torch.rand(2, 1, 32, 100) * 2 - 1
targets = ours.tokenizer.encode(["word", "an"])
with torch.inference_mode():
    torch.testing.assert_close(plain(images, targets), ours(images, targets))
for recogniser in (ours, plain.recogniser):
    print(" ".join(type(layer).__name__ for layer in recogniser.Transformation.LocalizationNetwork.conv))
"""


def test_the_reference_pools_after_relu_and_gives_the_same() -> None:
    command = [sys.executable, "-c", PROGRAM]
    printed = subprocess.run(command, cwd=BENCHMARKS, capture_output=True, text=True, check=True).stdout
    ours, plain = printed.splitlines()
    end = "Conv2d BatchNorm2d ReLU AdaptiveAvgPool2d"
    assert ours == " ".join(["Conv2d BatchNorm2d MaxPool2d ReLU"] * 3 + [end])
    assert plain == " ".join(["Conv2d BatchNorm2d ReLU MaxPool2d"] * 3 + [end])
