"""Exact warping and averaging against arithmetic of whole numbers and of float64, which share no code with them."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from htrdata.images import exact_sampling
from htrdata.images.exact_sampling import Affine, shrink, turn, warp

NOISE = np.random.default_rng(5).integers(0, 256, (60, 80, 3), dtype=np.uint8)
GRID = 32 if cv2.__version__.startswith("4.") else 128
"""To which fraction of a pixel OpenCV's bilinear interpolation looks."""


def places(to_source: Affine, columns: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the pixels come from, in grid units: int64 [rows, columns] each, by the rule that is documented."""
    a, b, c, d, e, f = to_source
    across, down = np.arange(columns), np.arange(rows)[:, None]
    found = []
    for per_column, per_row, begin in ((a, b, c), (d, e, f)):
        in_128ths = np.rint((per_column * across + begin) * 128) + np.rint(per_row * down * 128)
        found.append(np.rint(in_128ths * (GRID / 128)).astype(np.int64))
    return found[0], found[1]


def sampled(pixels: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The bilinear sums in whole numbers, times GRID²; the outermost pixels are repeated."""
    height, width = pixels.shape[:2]
    total = np.zeros((*x.shape, *pixels.shape[2:]), np.int64)
    for right in (0, 1):
        for lower in (0, 1):
            weight = abs(1 - right - x % GRID / GRID) * abs(1 - lower - y % GRID / GRID) * GRID**2
            column, row = np.clip(x // GRID + right, 0, width - 1), np.clip(y // GRID + lower, 0, height - 1)
            part = pixels[row, column].astype(np.int64)
            total += part * weight.astype(np.int64).reshape(*x.shape, *[1] * (pixels.ndim - 2))
    return total


maps = st.tuples(
    st.floats(-2, 2), st.floats(-2, 2), st.floats(-40, 90), st.floats(-2, 2), st.floats(-2, 2), st.floats(-40, 70)
)


class TestWarp:
    @settings(max_examples=80, deadline=None)
    @given(to_source=maps, columns=st.integers(1, 70), rows=st.integers(1, 40), grey=st.booleans())
    def test_every_pixel_is_the_nearest_level_to_the_exact_sum(
        self, to_source: Affine, columns: int, rows: int, grey: bool
    ) -> None:
        pixels = NOISE[:, :, 1] if grey else NOISE
        exact = sampled(pixels, *places(to_source, columns, rows))
        # 2·|level·GRID² - sum| <= GRID²: rounded right; halves may go either way.
        assert (2 * abs(warp(pixels, to_source, columns, rows).astype(np.int64) * GRID**2 - exact) <= GRID**2).all()

    def test_is_near_to_interpolation_in_float64(self) -> None:
        soft = cv2.GaussianBlur(NOISE[:, :, 0], (0, 0), 1.0)
        cosine, sine = math.cos(0.2), math.sin(0.2)
        level = warp(soft, (cosine, sine, 5.3, -sine, cosine, 20.7), 60, 30)
        x = 5.3 + cosine * np.arange(60) + sine * np.arange(30)[:, None]
        y = 20.7 - sine * np.arange(60) + cosine * np.arange(30)[:, None]
        column, row = np.floor(x).astype(int), np.floor(y).astype(int)
        values = soft.astype(float)
        upper = values[row, column] * (1 - x + column) + values[row, column + 1] * (x - column)
        lower = values[row + 1, column] * (1 - x + column) + values[row + 1, column + 1] * (x - column)
        difference = np.abs(level - (upper * (1 - y + row) + lower * (y - row)))
        assert difference.mean() < 0.5
        assert difference.max() < 2

    def test_stripes_leave_no_seam(self, monkeypatch: pytest.MonkeyPatch) -> None:
        to_source = (0.9, 0.3, 2.0, -0.3, 0.9, 18.5)
        whole = warp(NOISE, to_source, 70, 40)
        monkeypatch.setattr(exact_sampling, "_STRIPE", 200)
        assert np.array_equal(warp(NOISE, to_source, 70, 40), whole)

    def test_what_is_beyond_the_image_can_stay(self) -> None:
        beneath = np.full((80, 100), 7, np.uint8)
        result = warp(NOISE[:, :, 0], (1, 0, -10, 0, 1, -10), 100, 80, onto=beneath)
        assert result is beneath
        assert np.array_equal(result[10:69, 10:89], NOISE[:59, :79, 0])
        assert (result[:9] == 7).all()
        assert (result[71:] == 7).all()
        assert (result[:, 91:] == 7).all()


class TestShrink:
    @settings(max_examples=80, deadline=None)
    @given(
        height=st.integers(1, 60),
        width=st.integers(1, 80),
        part=st.tuples(st.floats(0, 1), st.floats(0, 1)),
        grey=st.booleans(),
    )
    def test_is_the_exact_average_rounded(self, height: int, width: int, part: tuple[float, float], grey: bool) -> None:
        rows, columns = 1 + int(part[0] * (height - 1)), 1 + int(part[1] * (width - 1))
        pixels = NOISE[:height, :width, 0] if grey else NOISE[:height, :width]
        # Each pixel as rows x columns small ones: every area is then height x width of these.
        fine = pixels.astype(np.int64).repeat(rows, axis=0).repeat(columns, axis=1)
        sums = fine.reshape(rows, height, columns, width, *pixels.shape[2:]).sum(axis=(1, 3))
        assert np.array_equal(shrink(pixels, columns, rows), (2 * sums + height * width) // (2 * height * width))

    def test_bands_and_wide_numbers_change_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = shrink(NOISE, 33, 17)
        monkeypatch.setattr(exact_sampling, "_BAND", 1000)
        assert np.array_equal(shrink(NOISE, 33, 17), whole)
        monkeypatch.setattr(exact_sampling, "_MOST_IN_32_BITS", 1000)
        assert np.array_equal(shrink(NOISE, 33, 17), whole)

    @pytest.mark.parametrize("shape", [(4096, 4096), (4200, 4200)])
    def test_sums_beyond_32_bits(self, shape: tuple[int, int]) -> None:
        pixels = np.full(shape, 255, np.uint8)
        pixels[:, shape[1] // 2 :] = 254
        shrunk = shrink(pixels, 2, 3)
        assert shrunk.tolist() == [[255, 254]] * 3


class TestTurn:
    @pytest.mark.parametrize("quarters", range(-9, 10))
    def test_quarter_turns_are_exact(self, quarters: int) -> None:
        assert turn(90.0 * quarters) == [(1, 0), (0, 1), (-1, 0), (0, -1)][quarters % 4]

    @given(angle=st.floats(-720, 720))
    def test_agrees_with_the_c_library(self, angle: float) -> None:
        cosine, sine = turn(angle)
        assert cosine == pytest.approx(math.cos(math.radians(angle)), abs=4e-15)
        assert sine == pytest.approx(math.sin(math.radians(angle)), abs=4e-15)

    def test_takes_any_finite_number(self) -> None:
        cosine, sine = turn(1e300)
        assert cosine**2 + sine**2 == pytest.approx(1)
