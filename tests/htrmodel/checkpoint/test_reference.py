"""The family against figures that ship with the tests; `test_golden.py` holds it against clova's own modules."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from .make_reference import ARCHITECTURES, FILE, outputs, small_recogniser, summary


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_outputs_are_those_that_were_written_down(architecture: str) -> None:
    expected = json.loads(FILE.read_text("utf-8"))[architecture]
    for name, values in outputs(small_recogniser(architecture)).items():
        np.testing.assert_allclose(summary(values), expected[name], rtol=0, atol=1e-9, err_msg=name)


def test_the_reference_tells_weights_apart() -> None:
    """Else its figures would hold nothing in place."""
    expected = json.loads(FILE.read_text("utf-8"))["TPS-ResNet-BiLSTM-Attn"]["logits"]
    other = small_recogniser("TPS-ResNet-BiLSTM-Attn")
    with torch.no_grad():
        next(other.FeatureExtraction.parameters()).mul_(1.001)
    assert np.abs(np.subtract(summary(outputs(other)["logits"]), expected)).max() > 1e-6
