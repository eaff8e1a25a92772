"""Crops against identities, an independent rotation and plain numpy references."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from htrdata.images.cropping import MAX_DIAGONAL, box_fault, crop, outside_fraction, reduce_height
from htrdata.records import Box, Reason

RANDOM = np.random.default_rng(7)


def smooth_page(height: int, width: int, channels: int = 1) -> np.ndarray:
    """A page of soft blotches over the whole range: neighbouring pixels differ by some ten grey levels at most."""
    noise = RANDOM.normal(size=(height, width, channels))
    soft = cv2.GaussianBlur(noise, (0, 0), 6).reshape(height, width, channels)
    soft = (soft - soft.min()) / (soft.max() - soft.min()) * 255
    pixels: np.ndarray = np.round(soft).astype(np.uint8)
    return np.ascontiguousarray(pixels[:, :, 0]) if channels == 1 else pixels


PAGE = smooth_page(300, 400)
NOISE = RANDOM.integers(0, 256, (61, 83, 3), dtype=np.uint8)

turned_boxes = st.builds(
    Box,
    xc=st.floats(-30, 430),
    yc=st.floats(-30, 330),
    w=st.floats(0.3, 250),
    h=st.floats(0.3, 90),
    angle=st.floats(-360, 360) | st.sampled_from([0.0, 45.0, 90.0, -90.0, 180.0]),
)


def difference(a: np.ndarray, b: np.ndarray) -> int:
    assert a.shape == b.shape
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def axes(angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors along the line of writing and down across it, for degrees counter-clockwise with y downwards."""
    turn = np.exp(1j * np.deg2rad(angle))  # y upwards; conjugating puts it downwards
    along, down = np.conj(turn), np.conj(turn * -1j)
    return np.array([along.real, along.imag]), np.array([down.real, down.imag])


def sampled(page: np.ndarray, box: Box) -> np.ndarray:
    """The definition in numpy: bilinear samples at the centres of the crop's pixels, coordinates clamped."""
    width, height = max(1, round(box.w)), max(1, round(box.h))
    along, down = axes(box.angle)
    u = np.arange(width) + 0.5 - width / 2
    v = np.arange(height)[:, None] + 0.5 - height / 2
    x = np.clip(box.xc + u * along[0] + v * down[0] - 0.5, 0, page.shape[1] - 1)
    y = np.clip(box.yc + u * along[1] + v * down[1] - 0.5, 0, page.shape[0] - 1)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right, bottom = np.minimum(left + 1, page.shape[1] - 1), np.minimum(top + 1, page.shape[0] - 1)
    values = page.astype(float)
    upper = values[top, left] * (1 - (x - left)) + values[top, right] * (x - left)
    lower = values[bottom, left] * (1 - (x - left)) + values[bottom, right] * (x - left)
    level: np.ndarray = upper * (1 - (y - top)) + lower * (y - top)
    return level


def overlaps(source: int, target: int) -> np.ndarray:
    """Weights [target, source] of averaging `source` pixels over `target` equal intervals."""
    edges = np.linspace(0, source, target + 1)
    low, high = edges[:-1, None], edges[1:, None]
    shared = np.minimum(high, np.arange(source) + 1) - np.maximum(low, np.arange(source))
    weights: np.ndarray = np.clip(shared, 0, None) * target / source
    return weights


class TestIdentities:
    @pytest.mark.parametrize("height", [20, 21])
    @pytest.mark.parametrize("width", [30, 31])
    @pytest.mark.parametrize("angle", [0, 90, 180, 270, 360, -90, -180, -270, 450])
    def test_quarter_turns_of_the_whole_page_are_exact(self, width: int, height: int, angle: int) -> None:
        page = NOISE[:height, :width]
        w, h = (height, width) if angle % 180 else (width, height)
        box = Box(width / 2, height / 2, w, h, angle)
        assert np.array_equal(crop(page, box), np.rot90(page, -angle // 90))
        assert np.array_equal(crop(page[:, :, 1], box), np.rot90(page[:, :, 1], -angle // 90))
        assert outside_fraction(box, width, height) == 0.0

    @given(left=st.integers(0, 60), top=st.integers(0, 40), width=st.integers(1, 83), height=st.integers(1, 61))
    def test_unturned_whole_pixels_are_the_pages(self, left: int, top: int, width: int, height: int) -> None:
        right, bottom = min(left + width, 83), min(top + height, 61)
        box = Box((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
        assert np.array_equal(crop(NOISE, box), NOISE[top:bottom, left:right])

    @pytest.mark.parametrize("angle", [20, -20, 45, 77])
    def test_turning_back_gives_back_the_start(self, angle: float) -> None:
        there = crop(PAGE, Box(200, 150, 260, 240, angle))
        back = crop(there, Box(130, 120, 120, 100, -angle))
        start = crop(PAGE, Box(200, 150, 120, 100))
        assert difference(back, start) <= 4
        assert np.abs(back.astype(float) - start).mean() < 0.8
        wrong = crop(there, Box(130, 120, 120, 100, angle))
        assert np.abs(wrong.astype(float) - start).mean() > 10  # the page is not so smooth that anything would pass

    @given(box=turned_boxes)
    def test_full_turns_change_nothing(self, box: Box) -> None:
        more = replace(box, angle=box.angle + 720)
        if outside_fraction(box, 400, 300) < 1:
            assert difference(crop(PAGE, box), crop(PAGE, more)) <= 1

    @given(box=turned_boxes)
    def test_an_even_page_gives_even_crops(self, box: Box) -> None:
        if outside_fraction(box, 400, 300) < 1:
            assert (crop(np.full((300, 400), 173, np.uint8), box, 20) == 173).all()

    @given(box=turned_boxes, height=st.integers(0, 60))
    def test_rgb_is_its_three_channels(self, box: Box, height: int) -> None:
        page = np.stack([PAGE, PAGE[::-1], 255 - PAGE], axis=2)
        if outside_fraction(box, 400, 300) < 1:
            channels = [crop(np.ascontiguousarray(page[:, :, channel]), box, height) for channel in range(3)]
            assert difference(crop(page, box, height), np.stack(channels, axis=2)) <= 1

    def test_page_is_left_alone(self) -> None:
        page = PAGE.copy()
        page.setflags(write=False)
        level = crop(page, Box(20, 20, 10, 10))
        level[:] = 0
        assert np.array_equal(page, PAGE)


class TestAngle:
    """Positive angles are counter-clockwise as seen: the line of writing climbs to the right."""

    @pytest.mark.parametrize("angle", [20, -20, 75, 135, -100, 180])
    def test_a_slanted_line_comes_out_level_and_the_right_way_round(self, angle: float) -> None:
        page = np.zeros((300, 400), np.uint8)
        dx, dy = math.cos(math.radians(angle)), -math.sin(math.radians(angle))
        start = (round(200 - 80 * dx), round(150 - 80 * dy))
        end = (round(200 + 80 * dx), round(150 + 80 * dy))
        if angle == 20:
            assert start[0] < end[0]
            assert start[1] > end[1]  # on the screen the line climbs to the right
        cv2.line(page, start, end, 255, 3, cv2.LINE_AA)
        cv2.circle(page, end, 8, 255, -1, cv2.LINE_AA)  # the end of the word
        cv2.circle(page, (round(200 + 15 * dy), round(150 - 15 * dx)), 4, 255, -1, cv2.LINE_AA)  # above its middle
        level = crop(page, Box(200.5, 150.5, 200, 60, angle)) / 255
        column, row = np.indices(level.shape)[1], np.indices(level.shape)[0]
        line = level[:, 25:85]
        assert np.abs((line * row[:, 25:85]).sum(axis=0) / line.sum(axis=0) - 29.5).max() < 1
        assert abs((level[:, 170:] * column[:, 170:]).sum() / level[:, 170:].sum() - 179.5) < 1
        dot = level[:25, 85:115]
        assert dot.sum() > 20
        assert abs((dot * row[:25, 85:115]).sum() / dot.sum() - 14.5) < 1
        assert level[35:].sum() < level[:25].sum()


class TestReferences:
    @settings(max_examples=150, deadline=None)
    @given(box=turned_boxes)
    def test_the_definition_in_numpy(self, box: Box) -> None:
        if outside_fraction(box, 400, 300) < 1:
            level = crop(PAGE, box)
            expected = sampled(PAGE, box)
            assert level.shape == expected.shape
            assert np.abs(level - expected).max() <= 1

    @settings(max_examples=60, deadline=None)
    @given(box=turned_boxes)
    def test_rotating_the_padded_page(self, box: Box) -> None:
        """What others do: turn the whole page about the word's centre, then cut an upright rectangle."""
        if outside_fraction(box, 400, 300) == 1:
            return
        level = crop(PAGE, box)
        height, width = level.shape
        pad = 300
        padded = cv2.copyMakeBorder(PAGE, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
        # OpenCV puts the centres of pixels on whole numbers.
        x, y = box.xc + pad - 0.5, box.yc + pad - 0.5
        turn = cv2.getRotationMatrix2D((x, y), -box.angle, 1.0)
        left, top = math.floor(x) - width // 2, math.floor(y) - height // 2
        turn[:, 2] += (left + (width - 1) / 2 - x, top + (height - 1) / 2 - y)  # the centre onto the rectangle's
        turned = cv2.warpAffine(padded, turn, (padded.shape[1], padded.shape[0]), flags=cv2.INTER_LINEAR)
        assert difference(level, turned[top : top + height, left : left + width]) <= 1

    @pytest.mark.parametrize("box", [Box(0, 150, 100, 40, 10), Box(390, 290, 120, 80, -33), Box(200, -5, 90, 30, 5)])
    def test_beyond_the_edge_the_outermost_pixels_are_repeated(self, box: Box) -> None:
        padded = np.pad(PAGE, 150, mode="edge")
        assert difference(crop(PAGE, box), crop(padded, replace(box, xc=box.xc + 150, yc=box.yc + 150))) <= 1

    def test_small_boxes_at_the_corners(self) -> None:
        for x, y in ((0, 0), (400, 0), (0, 300), (400, 300)):
            expected = PAGE[min(y, 299), min(x, 399)]
            assert crop(PAGE, Box(x, y, 1, 1)).tolist() == [[expected]]


class TestLargePages:
    WIDE = np.tile(smooth_page(60, 1000), (1, 40))

    @pytest.mark.parametrize("box", [Box(39_900, 30, 80, 30, 12), Box(33_000, 31, 200, 40, -75), Box(39_990, 5, 60, 9)])
    def test_far_along_a_page_of_40000_pixels(self, box: Box) -> None:
        near = replace(box, xc=box.xc - 30_000)
        assert difference(crop(self.WIDE, box), crop(self.WIDE[:, 30_000:], near)) <= 1

    def test_the_longest_box(self) -> None:
        box = Box(20_000, 30, MAX_DIAGONAL - 1, 20)
        assert np.array_equal(crop(self.WIDE, replace(box, w=MAX_DIAGONAL - 2)), self.WIDE[20:40, 3651:36349])
        turned = crop(self.WIDE.T, replace(box, xc=30, yc=20_000, w=MAX_DIAGONAL - 2, angle=90))
        assert np.array_equal(turned, np.rot90(self.WIDE.T[3651:36349, 20:40], -1))

    def test_large_turned_box_shows_opencv_no_more_than_it_takes(self) -> None:
        side = MAX_DIAGONAL * 0.999 / math.sqrt(2)
        page = np.zeros((40_000, 20), np.uint8)
        assert crop(page, Box(10, 20_000, side, 3, 45)).shape == (3, round(side))
        assert crop(self.WIDE, Box(20_000, 30, MAX_DIAGONAL * 0.999, 3, 0.05)).shape == (3, round(MAX_DIAGONAL * 0.999))


class TestReduction:
    @given(box=turned_boxes, height=st.integers(0, 100))
    def test_shape(self, box: Box, height: int) -> None:
        if outside_fraction(box, 400, 300) == 1:
            return
        w, h = max(1, round(box.w)), max(1, round(box.h))
        level = crop(PAGE, box, height)
        assert level.dtype == np.uint8
        assert level.flags.c_contiguous
        assert level.shape == ((height, max(1, round(w * height / h))) if 0 < height < h else (h, w))
        if not 0 < height < h:
            assert np.array_equal(level, crop(PAGE, box))

    @settings(max_examples=50, deadline=None)
    @given(w=st.integers(1, 83), h=st.integers(2, 61), height=st.integers(1, 60), channels=st.sampled_from([1, 3]))
    def test_is_the_average_over_areas(self, w: int, h: int, height: int, channels: int) -> None:
        pixels = NOISE[:h, :w, 0] if channels == 1 else NOISE[:h, :w]
        reduced = reduce_height(pixels, height)
        if height >= h:
            assert np.array_equal(reduced, pixels)
            return
        rows, columns = overlaps(h, reduced.shape[0]), overlaps(w, reduced.shape[1])
        assert np.abs(reduced - np.einsum("rh,hw...,cw->rc...", rows, pixels.astype(float), columns)).max() <= 1

    def test_keeps_the_mean(self) -> None:
        box = Box(200, 150, 250, 150, 17)
        assert abs(crop(PAGE, box).mean() - crop(PAGE, box, 31).mean()) < 0.5

    @pytest.mark.parametrize("height", [64, 47, 23])
    def test_fine_stripes_leave_no_moire(self, height: int) -> None:
        stripes = np.zeros((200, 600), np.uint8)
        stripes[:, ::2] = 255
        reduced = crop(stripes, Box(300, 100, 600, 200), height)
        assert np.abs(reduced - overlaps(600, reduced.shape[1]) @ stripes[0].astype(float)).max() <= 1
        picked = cv2.resize(stripes, reduced.shape[::-1], interpolation=cv2.INTER_LINEAR)
        assert reduced.std() < picked.std() / 2


class TestOutside:
    @settings(max_examples=150, deadline=None)
    @given(box=turned_boxes)
    def test_dense_sampling_agrees(self, box: Box) -> None:
        along, down = axes(box.angle)
        steps = (np.arange(200) + 0.5) / 200 - 0.5
        u, v = np.meshgrid(steps * box.w, steps * box.h)
        x = box.xc + u * along[0] + v * down[0]
        y = box.yc + u * along[1] + v * down[1]
        beyond = ((x < 0) | (x > 400) | (y < 0) | (y > 300)).mean()
        fraction = outside_fraction(box, 400, 300)
        assert 0 <= fraction <= 1
        assert abs(fraction - beyond) <= 0.012

    @pytest.mark.parametrize(
        ("box", "expected"),
        [
            (Box(200, 150, 400, 300), 0.0),
            (Box(200, 150, 400, 300, 180), 0.0),
            (Box(200, 150, 800, 300), 0.5),
            (Box(200, 150, 800, 600), 0.75),
            (Box(0, 0, 10, 10), 0.75),
            (Box(0, 150, 60, 20), 0.5),
            (Box(0, 150, 60, 20, 33), 0.5),
            (Box(0, 150, 60, 20, 90), 0.5),
            (Box(400, 300, 20, 20, 45), 0.75),
            (Box(200, 0, 10, 30, -12), 0.5),
            (Box(-5, 150, 10, 10), 1.0),
            (Box(405.5, 150, 10, 10), 1.0),
            (Box(1e300, -1e300, 10, 10, 1e300), 1.0),
        ],
    )
    def test_known_fractions(self, box: Box, expected: float) -> None:
        assert outside_fraction(box, 400, 300) == pytest.approx(expected, abs=1e-12)

    @given(width=st.integers(1, 5000), height=st.integers(1, 5000), angle=st.sampled_from([0, 90, -90, 180, -180, 270]))
    def test_the_whole_page_in_quarter_turns_is_exactly_zero(self, width: int, height: int, angle: int) -> None:
        w, h = (height, width) if angle % 180 else (width, height)
        assert outside_fraction(Box(width / 2, height / 2, w, h, angle), width, height) == 0.0

    def test_the_page_may_lie_within_the_box(self) -> None:
        assert outside_fraction(Box(200, 150, 2000, 1000, 30), 400, 300) == pytest.approx(1 - 120_000 / 2_000_000)

    def test_corners_within_is_exactly_zero_and_wholly_beyond_exactly_one(self) -> None:
        assert outside_fraction(Box(200, 150, 300, 20, 41), 400, 300) == 0.0
        assert outside_fraction(Box(-60, 150, 100, 20, 41), 400, 300) == 1.0


class TestFaults:
    @pytest.mark.parametrize("field", ["xc", "yc", "w", "h", "angle"])
    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_numbers_that_are_none(self, field: str, value: float) -> None:
        box = replace(Box(200, 150, 50, 20, 3), **{field: value})
        assert box_fault(box) is Reason.INVALID_BOX
        with pytest.raises(ValueError, match="invalid_box"):
            crop(PAGE, box)

    @pytest.mark.parametrize(("w", "h"), [(0, 10), (10, 0), (-5, 10), (10, -5), (-5, -5), (1e-200, 1e-200)])
    def test_no_area(self, w: float, h: float) -> None:
        assert box_fault(Box(200, 150, w, h)) is Reason.EMPTY_BOX
        with pytest.raises(ValueError, match="empty_box"):
            crop(PAGE, Box(200, 150, w, h))

    @pytest.mark.parametrize(("w", "h"), [(32_767, 10), (10, 32_767), (25_000, 25_000), (1e308, 1e308)])
    def test_too_large(self, w: float, h: float) -> None:
        assert box_fault(Box(200, 150, w, h)) is Reason.INVALID_BOX
        with pytest.raises(ValueError, match="invalid_box"):
            crop(PAGE, Box(200, 150, w, h))

    @pytest.mark.parametrize(("xc", "yc"), [(-500, 150), (900, 150), (200, -400), (200, 700), (1e300, -1e300)])
    def test_wholly_beyond(self, xc: float, yc: float) -> None:
        assert box_fault(Box(xc, yc, 50, 20)) is None
        with pytest.raises(ValueError, match="beyond the page of 400 x 300"):
            crop(PAGE, Box(xc, yc, 50, 20))

    @given(box=turned_boxes)
    def test_whatever_touches_the_page_can_be_cut(self, box: Box) -> None:
        assert box_fault(box) is None
        if outside_fraction(box, 400, 300) < 1:
            assert crop(PAGE, box).size
