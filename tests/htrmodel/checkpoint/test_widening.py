"""A wider recogniser reads as the one that it was made of."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import htrmodel
from htrdata.errors import UsageError
from htrdata.labels import PRINTABLE
from htrmodel.checkpoint.files import read_checkpoint
from htrmodel.checkpoint.native import save
from htrmodel.checkpoint.widening import widen
from htrmodel.config import RecogniserConfig
from htrmodel.recogniser import Recogniser


def saved(path: Path, architecture: str) -> Path:
    """New weights, with batch statistics that are not those of the start."""
    torch.manual_seed(3)
    config = RecogniserConfig(charset=PRINTABLE, architecture=architecture, output_channel=32, hidden_size=24)
    recogniser = Recogniser(config).train()
    for _ in range(3):
        recogniser.FeatureExtraction(torch.randn(4, 1, 32, 100))
    save(recogniser.eval(), path)
    return path


def test_a_wider_recogniser_gives_the_same_logits_and_its_units_differ(tmp_path: Path) -> None:
    path = saved(tmp_path / "narrow.safetensors", "None-VGG-BiLSTM-CTC")
    wide = widen(read_checkpoint(path))
    narrow = htrmodel.load(path)
    inputs = torch.randn(3, 1, 32, 100, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        expected, found = narrow(inputs), wide(inputs)
    assert (wide.config.output_channel, wide.config.hidden_size) == (64, 48)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    halves = wide.state_dict()["SequenceModeling.0.rnn.weight_hh_l0"].reshape(4, 2, 24, 48)
    assert (halves[:, 0] - halves[:, 1]).abs().mean() > 1e-3  # or both would learn the same


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "attention.safetensors", "TPS-VGG-BiLSTM-Attn")
    with pytest.raises(UsageError, match="only None-VGG-BiLSTM-CTC can be widened"):
        widen(read_checkpoint(path))
