"""A curved baseline becomes level: columns come back to where they stood, and rows without writing go."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from htrdata.images.straightening import straighten
from htrdata.records import Box, Outline

LEVEL = np.random.default_rng(3).integers(0, 256, (20, 60), np.uint8)
BOX = Box(30, 30, 60, 60)


def bent(moves: list[int]) -> np.ndarray:
    """The level image in the middle of a crop of 60 x 60, each column moved down."""
    page = np.full((60, 60), 255, np.uint8)
    for column, move in enumerate(moves):
        page[20 + move : 40 + move, column] = LEVEL[:, column]
    return page


@pytest.mark.parametrize("reversed_points", [False, True])
@pytest.mark.parametrize("colour", [False, True])
def test_columns_come_back_and_rows_beyond_the_polygon_go(reversed_points: bool, colour: bool) -> None:
    half = [round(12 * np.sin(column / 9)) for column in range(30)]
    moves = half + [-move for move in half]
    points = [(column + 0.5, 40.0 + move) for column, move in enumerate(moves)]
    above = [(x, y - 20) for x, y in points]
    baseline, outline = Outline.of(points[::-1] if reversed_points else points), Outline.of(above + points[::-1])
    page = np.stack([bent(moves)] * 3, 2) if colour else bent(moves)
    level = np.stack([LEVEL] * 3, 2) if colour else LEVEL
    assert (straighten(page, BOX, baseline, outline) == level).all()
    assert (straighten(page, BOX, baseline)[20:40] == level).all()


def test_a_level_baseline_changes_nothing_and_a_slope_becomes_level() -> None:
    page = bent([0] * 60)
    assert (straighten(page, BOX, Outline.of([(0, 40), (60, 40)])) == page).all()
    moves = [step for step in range(-15, 16) if step]
    stairs = bent([moves[column // 2] for column in range(60)])
    baseline = Outline.of([(column + 0.5, 40 + moves[column // 2]) for column in range(60)])
    assert (straighten(stairs, BOX, baseline)[20:40] == LEVEL).all()


def test_points_that_lead_nowhere_are_passed_over() -> None:
    page = bent([0] * 60)
    assert straighten(page, BOX, Outline.of([(30, 40), (30, 10)])) is page
    assert straighten(page, BOX, Outline.of([(30, 40)])) is page
    odd = Outline.of([(0, 40), (30, 40), (20, 5), (60, 40)])
    assert (straighten(page, BOX, odd) == page).all()


@given(
    heights=st.lists(st.floats(0, 60), min_size=2, max_size=6),
    angle=st.sampled_from([0.0, 3.0, -40.0]),
    seed=st.integers(0, 99),
)
def test_it_stays_between_the_darkest_and_the_lightest_pixel_of_a_column(
    heights: list[float], angle: float, seed: int
) -> None:
    cut = np.random.default_rng(seed).integers(0, 256, (13, 60), np.uint8)
    box = Box(30, 30, 60, 13, angle)
    points = [(60 * place / (len(heights) - 1), height) for place, height in enumerate(heights)]
    found = straighten(cut, box, Outline.of(points))
    assert found.shape == cut.shape
    assert (found >= cut.min(0)).all()
    assert (found <= cut.max(0)).all()
