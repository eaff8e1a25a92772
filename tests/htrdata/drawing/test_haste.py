"""Haste flattens words and makes them wide, but not what readers need most."""

from __future__ import annotations

import numpy as np

from htrdata.drawing.handwriting import write

from ..conftest import rng, steady


def test_the_end_of_a_word_flattens_and_runs_wide() -> None:
    calm = write("nnnnnnnnnn", steady("script"), rng(3))
    widths, heights = [], []
    for seed in range(12):
        hasty = write("nnnnnnnnnn", steady("script", haste=1.0), rng(seed))
        assert len(hasty.x) == len(calm.x)
        assert abs(hasty.x[0] - calm.x[0]) < 0.05
        widths.append(hasty.bounds[2] / calm.bounds[2])
        last = slice(-len(calm.x) // 5, None)
        heights.append(np.ptp(hasty.y[last]) / np.ptp(calm.y[last]))
    assert min(widths) > 1.02
    assert min(heights) < 0.6
    assert max(heights) < 1.1


def test_short_words_numbers_and_dots_are_written_with_care() -> None:
    for text in ("n", "1998"):
        calm, hasty = (write(text, steady("print", haste=haste), rng(3)) for haste in (0.0, 1.0))
        assert np.ptp(hasty.y) > 0.7 * np.ptp(calm.y)
    calm, hasty = (write("minimini", steady("script", haste=haste), rng(3)) for haste in (0.0, 1.0))
    assert len(hasty) == len(calm)
    assert np.ptp(list(hasty)[-1][:, 0]) > 0.5 * np.ptp(list(calm)[-1][:, 0])


def test_care_does_not_spare_the_width() -> None:
    calm = write("19981998", steady("print"), rng(3))
    hasty = [write("19981998", steady("print", haste=1.0), rng(seed)) for seed in range(12)]
    widths = [strokes.bounds[2] / calm.bounds[2] for strokes in hasty]
    heights = [np.ptp(strokes.y) / np.ptp(calm.y) for strokes in hasty]
    assert min(widths) > 1.02
    assert max(widths) > 1.2
    assert min(heights) > 0.7
