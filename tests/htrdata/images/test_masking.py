"""What is outside of a polygon becomes paper, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from htrdata.images.cropping import crop
from htrdata.images.masking import blank_outside
from htrdata.records import Box, Outline

PAGE = np.random.default_rng(1).integers(0, 200, (80, 120), np.uint8)


def masked(points: list[tuple[float, float]]) -> np.ndarray:
    whole = Box(60, 40, 120, 80)
    return blank_outside(crop(PAGE, whole), whole, Outline.of(points))


def test_pixels_whose_centres_are_within_stay_and_the_others_have_the_median_of_those() -> None:
    found = masked([(10, 20), (50, 20), (50, 60), (10, 60)])
    expected = np.full_like(PAGE, int(np.median(PAGE[20:60, 10:50])))
    expected[20:60, 10:50] = PAGE[20:60, 10:50]
    assert (found == expected).all()
    half = masked([(10.4, 20.6), (50.4, 20.6), (50.4, 60.6), (10.4, 60.6)])
    assert (half[21:61, 10:50] == PAGE[21:61, 10:50]).all()
    assert len(np.unique(half[20])) == 1


@pytest.mark.parametrize("turned", [False, True])
def test_the_direction_of_a_polygon_and_its_crossings_do_not_matter(turned: bool) -> None:
    # It winds twice around a part of itself, as kraken's polygons do.
    points: list[tuple[float, float]] = [(10, 10), (90, 10), (90, 50), (40, 50), (40, 5), (60, 5), (60, 60), (10, 60)]
    found = masked(points[::-1] if turned else points)
    assert (found[12:48, 42:58] == PAGE[12:48, 42:58]).all()
    assert len(np.unique(found[70:])) == 1


def test_where_all_or_nothing_is_within_the_crop_stays() -> None:
    box = Box(60, 40, 60, 40)
    cut = crop(PAGE, box)
    for points in ([(0, 0), (120, 0), (120, 80), (0, 80)], [(0, 0), (5, 0), (5, 5)], [(3, 3)]):
        assert blank_outside(cut, box, Outline.of(points)) is cut


def test_colours_have_a_median_each() -> None:
    page = np.stack([PAGE, PAGE // 2, 255 - PAGE], axis=2)
    box = Box(60, 40, 120, 80)
    found = blank_outside(page, box, Outline.of([(0, 0), (60, 0), (60, 80), (0, 80)]))
    assert (found[:, 60:] == np.median(page[:, :60].reshape(-1, 3), axis=0).astype(np.uint8)).all()


@given(st.floats(-180, 180), st.integers(0, 30))
def test_a_polygon_turns_with_its_box(angle: float, shift: int) -> None:
    """The left half of a turned box stays, whatever the angle."""
    box = Box(60 + shift / 10, 40, 40, 20, angle)
    turn = np.radians(angle)
    along, up = np.array([np.cos(turn), -np.sin(turn)]), np.array([np.sin(turn), np.cos(turn)])
    corners = [(-20, -10), (0, -10), (0, 10), (-20, 10)]
    points = [tuple((box.xc, box.yc) + u * along + v * up) for u, v in corners]
    cut = np.arange(800, dtype=np.int64).reshape(20, 40).astype(np.uint8)
    found = blank_outside(cut, box, Outline.of(points))
    assert (found[1:-1, 1:19] == cut[1:-1, 1:19]).all()
    assert len(np.unique(found[1:-1, 21:])) == 1


def test_an_outline_gives_its_points_back() -> None:
    points = ((1.5, -2.0), (3.25, 4.0))
    assert Outline.of(points).points == points
    assert Outline.of(points) == Outline.of(points)
