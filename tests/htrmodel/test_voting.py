"""An image read in several variants, which vote."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from htrmodel.tokenizer import Reading
from htrmodel.voting import VARIANTS, VotingReader, changed, of_lines, voted

from .conftest import BuildRecogniser


def test_the_text_with_the_most_confidence_wins() -> None:
    members = [[Reading("a", 0.9), Reading("x", 0.5)], [Reading("b", 0.6), Reading("y", 0.5)], [Reading("b", 0.6)] * 2]
    readings = voted(members)
    assert [one.text for one in readings] == ["b", "b"]
    assert [one.confidence for one in readings] == pytest.approx([0.4, 0.2])


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants_are_slight(variant: tuple[float, float, float]) -> None:
    image = torch.ones(2, 1, 32, 100)
    image[:, :, 12:20, 40:60] = -1
    found = changed(image, *variant)
    assert found.shape == image.shape
    assert float((found - image).abs().mean()) < 0.05
    assert torch.equal(found, image) == (variant == VARIANTS[0])
    # It stays in its place: everything turns about the centre.
    ink = (1 - found[0, 0]) / 2
    columns = float((ink.sum(0) * torch.arange(100)).sum() / ink.sum())
    assert columns == pytest.approx(49.5, abs=0.2)


def test_slant_and_width_are_what_they_say() -> None:
    image = torch.zeros(1, 1, 32, 100)
    image[:, :, :, 49:51] = 1
    slanted = changed(image, 0.25, 0.0, 1.0)[0, 0]
    top, bottom = (float((slanted[row] * torch.arange(100)).sum() / slanted[row].sum()) for row in (2, 29))
    assert abs(top - bottom) == pytest.approx(27 * 0.25, abs=0.1)
    image[:] = 0
    image[:, :, :, 30:70] = 1
    assert float(changed(image, 0.0, 0.0, 1.2)[0, 0, 16].sum()) == pytest.approx(48, abs=0.5)


@pytest.mark.parametrize("columns", [100, 400, 3072])
def test_no_variant_of_a_line_loses_its_ends(columns: int) -> None:
    """Ink at both ends, in the middle of the rows, is in every variant where it was, or nearer to the centre."""
    line = torch.ones(1, 1, 48, columns)
    for end in (slice(10, 14), slice(columns - 14, columns - 10)):
        line[:, :, 22:26, end] = -1
    variants = of_lines(48, columns)
    assert len(set(variants)) == len(VARIANTS)
    assert (variants == VARIANTS) == (columns == 100)
    for variant in variants:
        ink = (1 - changed(line, *variant)[0, 0]) / 2
        for half in (ink[:, : columns // 2], ink[:, columns // 2 :]):
            assert float(half.sum()) == pytest.approx(16, rel=0.1)


def test_a_reader_of_lines_takes_variants_of_lines(build: BuildRecogniser) -> None:
    recogniser = build("None-VGG-None-CTC", resize="free", height=48, width=3072, max_length=200)
    line = torch.rand(2, 1, 48, 960, generator=torch.Generator().manual_seed(0)) * 2 - 1
    wanted = voted([recogniser.read_tensor(changed(line, *variant)) for variant in of_lines(48, 960)])
    assert VotingReader(recogniser).read_tensor(line) == wanted


def test_a_reader_reads_all_variants(build: BuildRecogniser, words: Tensor) -> None:
    recogniser = build("None-VGG-None-CTC")
    wanted = voted([recogniser.read_tensor(changed(words, *variant)) for variant in VARIANTS])
    reader = VotingReader(recogniser)
    assert reader.read_inputs(words.numpy()) == wanted
    assert all(0 <= one.confidence <= 1 for one in wanted)
    assert (reader.name, reader.config, reader.is_starter) == (recogniser.name, recogniser.config, False)
    assert np.isfinite([one.confidence for one in wanted]).all()
