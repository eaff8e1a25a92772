"""Normalisations on drawn words of known skew, slant and shade, against numpy references, and on anything at all."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import htrdata
from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.building.page_cutting import rows_of_page
from htrdata.errors import BadDataError, CannotCreateError, UsageError
from htrdata.files.on_disk import FileOnDisk
from htrdata.images.codec import decode, encode
from htrdata.images.cropping import crop, reduce_height
from htrdata.images.ink import MAX_SKEW, MAX_SLANT, ink_of, skew_angle, slant_angle
from htrdata.images.normalisation import (
    Operation,
    background,
    contrast,
    deskew,
    normalise,
    operations,
    slant,
    trim,
    whiten,
)
from htrdata.records import Box, Page, Word

from ..conftest import ListSource

_STEM, _TALL, _DEEP = [(0.0, -1.0), (0.0, 0.0)], [(0.0, -1.7), (0.0, 0.0)], [(0.0, -1.0), (0.0, 0.6)]
_HUMP = [(0.0, -0.6), (0.15, -0.9), (0.35, -1.0), (0.55, -0.85), (0.6, -0.6), (0.6, 0.0)]
_CUP = [(0.0, -1.0), (0.0, -0.35), (0.1, -0.08), (0.3, 0.0), (0.5, -0.1), (0.6, -0.35)]
_RING = [(0.35 - 0.35 * math.cos(t), -0.5 - 0.5 * math.sin(t)) for t in np.linspace(0, 2 * math.pi, 25).tolist()]
LETTERS = {
    "i": [_STEM, [(0.0, -1.4), (0.0, -1.38)]],
    "l": [_TALL],
    "n": [_STEM, _HUMP],
    "m": [_STEM, _HUMP, [(x + 0.6, y) for x, y in _HUMP]],
    "h": [_TALL, _HUMP],
    "u": [_CUP, [(x + 0.6, y) for x, y in _STEM]],
    "o": [_RING],
    "p": [_DEEP, _RING],
    "d": [_RING, [(x + 0.7, y) for x, y in _TALL]],
    "t": [[(0.2, -1.4), (0.2, 0.0)], [(0.0, -1.0), (0.45, -1.0)]],
}
"""Strokes in x-heights, the baseline at 0 and y downwards; all stems are upright."""

LONG_WORDS = ["million", "minimum", "multiplot", "hoodlum", "diploid"]
SHORT_WORDS = ["tin", "hold", "put", "hint"]


def draw(
    text: str, *, skew: float = 0, lean: float = 0, size: float = 30, pad: float = 0.5, pen: int = 4
) -> np.ndarray:
    """A word in ink of 40 on paper of 255, leaning and then turned by degrees, with margins of `pad` x-heights."""
    along = math.cos(math.radians(skew)), math.sin(math.radians(skew))
    strokes, place = [], 0.0
    for char in text:
        letter = [np.add(stroke, (place, 0.0)) for stroke in LETTERS[char]]
        place = max(stroke[:, 0].max() for stroke in letter) + 0.45
        strokes += letter
    for stroke in strokes:
        x = stroke[:, 0] - math.tan(math.radians(lean)) * stroke[:, 1]
        y = stroke[:, 1].copy()
        stroke[:, 0], stroke[:, 1] = x * along[0] + y * along[1], y * along[0] - x * along[1]
    low, high = np.concatenate(strokes).min(axis=0) - pad, np.concatenate(strokes).max(axis=0) + pad
    width, height = np.ceil((high - low) * size).astype(int).tolist()
    canvas = np.full((height, width), 255, np.uint8)
    for stroke in strokes:
        points = np.rint((stroke - low) * size * 16).astype(np.int32)
        cv2.polylines(canvas, [points.reshape(-1, 1, 2)], False, 40, pen, cv2.LINE_AA, 4)
    return canvas


def shaded(word: np.ndarray, left: float, right: float, top: float = 1.0, bottom: float = 1.0) -> np.ndarray:
    """The word under light that changes linearly from side to side, 1 for full light."""
    height, width = word.shape
    light = np.linspace(left, right, width) * np.linspace(top, bottom, height)[:, None]
    return np.rint(word * light).astype(np.uint8)


def grain(word: np.ndarray, deviation: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, deviation, word.shape)
    return np.clip(word * 0.85 + noise, 0, 255).round().astype(np.uint8)


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two words that are trimmed and brought to one size."""
    a, b = (
        cv2.resize(trim(word), (200, 60), interpolation=cv2.INTER_AREA).ravel().astype(float) for word in (one, other)
    )
    return float(np.corrcoef(a, b)[0, 1])


GRADIENT = np.tile(np.linspace(120, 230, 200), (64, 1)).round().astype(np.uint8)
INKLESS = {
    "blank": np.full((64, 200), 200, np.uint8),
    "white": np.full((64, 200), 255, np.uint8),
    "black": np.zeros((64, 200), np.uint8),
    "noise": np.random.default_rng(3).normal(190, 12, (64, 200)).clip(0, 255).astype(np.uint8),
    "gradient": GRADIENT,
    "gradient with noise": (GRADIENT + np.random.default_rng(4).normal(0, 4, (64, 200))).clip(0, 255).astype(np.uint8),
    "light on dark": 255 - draw("million"),
    "one pixel": np.full((1, 1), 7, np.uint8),
}
EACH: list[Callable[[np.ndarray], np.ndarray]] = [whiten, background, contrast, deskew, slant, trim]


class TestOrder:
    def test_operations_are_put_in_order_and_done_once(self) -> None:
        assert operations(["trim", "deskew", "whiten", "trim"]) == (Operation.WHITEN, Operation.DESKEW, Operation.TRIM)
        assert operations([]) == ()
        assert " ".join(Operation) == "whiten background contrast deskew slant trim"

    def test_an_unknown_name_is_told_with_those_there_are(self) -> None:
        with pytest.raises(UsageError, match="no normalisation 'sharpen': give some of whiten, background, contrast"):
            operations(["trim", "sharpen"])

    def test_normalise_does_them_in_order(self) -> None:
        word = grain(shaded(draw("hint", skew=6, lean=20), 1.0, 0.7), 3)
        steps: list[Operation] = []
        expected = word
        for operation, step in zip(Operation, EACH, strict=True):
            steps.insert(0, operation)
            expected = step(expected)
            np.testing.assert_array_equal(normalise(word, steps), expected)
        assert normalise(word, []) is word


class TestDeskew:
    @pytest.mark.parametrize("angle", [-13, -9, -5, -3, 3, 5, 9, 13])
    def test_the_skew_of_a_long_word_is_found_within_a_degree(self, angle: float) -> None:
        for text in LONG_WORDS:
            assert abs(skew_angle(draw(text, skew=angle)) - angle) < 1, text

    @pytest.mark.parametrize("angle", [-8, 8])
    def test_the_skew_of_a_leaning_word_is_found_within_a_degree(self, angle: float) -> None:
        for text in LONG_WORDS:
            for lean in (-20, 25):
                assert abs(skew_angle(draw(text, skew=angle, lean=lean)) - angle) < 1, (text, lean)

    @pytest.mark.parametrize("angle", [-6, 6])
    def test_the_skew_of_a_short_word_is_found_within_two_degrees(self, angle: float) -> None:
        for text in SHORT_WORDS:
            assert abs(skew_angle(draw(text, skew=angle)) - angle) < 2, text

    def test_shade_grain_and_size_hardly_matter(self) -> None:
        for size in (12, 30, 90):
            word = draw("diploid", skew=7, size=size, pen=max(2, size // 7))
            assert abs(skew_angle(word) - 7) < 1
            assert abs(skew_angle(grain(shaded(word, 1.0, 0.6, 0.8, 1.0), 5)) - 7) < 1

    @pytest.mark.parametrize("angle", [-9, 5])
    def test_a_tilted_word_becomes_the_level_one(self, angle: float) -> None:
        for text in LONG_WORDS:
            tilted, level = draw(text, skew=angle), draw(text)
            assert likeness(tilted, level) < 0.7
            assert likeness(deskew(tilted), level) > 0.95

    def test_level_words_are_left_alone(self) -> None:
        for text in LONG_WORDS:
            word = draw(text)
            assert deskew(word) is word
            straightened = deskew(draw(text, skew=8))
            assert deskew(straightened) is straightened

    def test_steeper_lines_are_not_turned_further_than_the_bound(self) -> None:
        assert abs(skew_angle(draw("minimum", skew=40))) <= MAX_SKEW

    def test_strokes_that_end_in_a_corner_do_not_darken_it(self) -> None:
        """IAM's boxes are those of the ink: it touches every side."""
        middle = draw("llll", lean=20)[25:-25]
        columns = np.flatnonzero((middle < 60).any(axis=0))
        word = middle[:, columns[0] : columns[-1] + 1]
        assert word[[0, -1], [-1, 0]].max() < 60
        for straight in (slant(word), normalise(word, [Operation.BACKGROUND, Operation.SLANT])):
            assert straight.shape[1] > word.shape[1] + 10
            assert straight[[0, 0, -1, -1], [0, -1, 0, -1]].min() > 230

    def test_all_of_the_crop_stays_and_corners_get_paper(self) -> None:
        word = shaded(draw("million", skew=10, pad=0.1), 1.0, 0.7)
        turned = deskew(word)
        radians = math.radians(skew_angle(word))
        height, width = word.shape
        assert abs(turned.shape[0] - (height * math.cos(radians) + width * math.sin(radians))) <= 1
        assert abs(turned.shape[1] - (width * math.cos(radians) + height * math.sin(radians))) <= 1
        ink, turned_ink = ink_of(word), ink_of(turned)
        assert ink is not None
        assert turned_ink is not None
        assert turned_ink.sum() == pytest.approx(ink.sum(), rel=0.06)
        corners = turned[[0, 0, -1, -1], [0, -1, 0, -1]].astype(int)
        np.testing.assert_allclose(corners, [255, 255 * 0.7, 255, 255 * 0.7], atol=16)


class TestSlant:
    @pytest.mark.parametrize("lean", [-35, -20, -10, 10, 20, 35])
    def test_the_slant_of_a_word_is_found_within_two_degrees(self, lean: float) -> None:
        for text in [*LONG_WORDS, *SHORT_WORDS]:
            assert abs(slant_angle(draw(text, lean=lean)) - lean) < 2, text

    def test_shade_grain_and_size_hardly_matter(self) -> None:
        for size in (12, 30, 90):
            word = draw("diploid", lean=25, size=size, pen=max(2, size // 7))
            assert abs(slant_angle(word) - 25) < 3
            assert abs(slant_angle(grain(shaded(word, 1.0, 0.6, 0.8, 1.0), 5)) - 25) < 3

    @pytest.mark.parametrize("lean", [-20, 30])
    def test_a_leaning_word_becomes_the_upright_one(self, lean: float) -> None:
        for text in LONG_WORDS:
            leaning, upright = draw(text, lean=lean), draw(text)
            assert likeness(leaning, upright) < 0.7
            assert likeness(slant(leaning), upright) > 0.92
            assert slant(leaning).shape[0] == leaning.shape[0]

    def test_upright_words_are_left_alone(self) -> None:
        for text in [*LONG_WORDS, *SHORT_WORDS]:
            word = draw(text)
            assert slant(word) is word
            straightened = slant(draw(text, lean=25))
            assert slant(straightened) is straightened

    def test_no_word_is_sheared_further_than_the_bound(self) -> None:
        assert abs(slant_angle(draw("minimum", lean=60))) <= MAX_SLANT

    @pytest.mark.parametrize(("skew", "lean"), [(6, 25), (-7, 25), (6, -20)])
    def test_tilted_and_leaning_words_become_straight(self, skew: float, lean: float) -> None:
        for text in LONG_WORDS:
            straight = normalise(draw(text, skew=skew, lean=lean), [Operation.SLANT, Operation.DESKEW])
            assert abs(skew_angle(straight)) < 1
            assert abs(slant_angle(straight)) < 3
            assert likeness(straight, draw(text)) > 0.85

    def test_a_result_that_is_too_long_for_opencv_is_not_made(self) -> None:
        # A ladder of leaning strokes; sheared it would be longer than the 32,767 pixels that OpenCV can address.
        row = np.tile(draw("lll", lean=40), (1, 400))[:, :32_690]
        assert slant_angle(row) > 30
        assert slant(row) is row


class TestBackground:
    @pytest.mark.parametrize("light", [(1.0, 0.6, 1.0, 1.0), (0.8, 0.8, 0.7, 1.0), (1.0, 0.7, 0.75, 1.0)])
    def test_shade_is_taken_away(self, light: tuple[float, float, float, float]) -> None:
        for text in LONG_WORDS:
            word = draw(text)
            levelled = background(shaded(word, *light))
            assert np.abs(levelled.astype(int) - word).max() < 26
            assert np.abs(levelled.astype(int) - word).mean() < 3

    def test_evenly_lit_words_on_white_are_left_alone(self) -> None:
        word = draw("million")
        np.testing.assert_array_equal(background(word), word)

    def test_levelling_again_changes_little(self) -> None:
        once = background(grain(shaded(draw("million"), 1.0, 0.6), 4))
        assert np.abs(background(once).astype(int) - once).max() <= 8

    def test_colour_is_levelled_per_channel(self) -> None:
        drawn = draw("million")
        word = shaded(drawn, 1.0, 0.7)
        tinted = np.stack([word, np.rint(word * 0.9).astype(np.uint8), np.rint(word * 0.7).astype(np.uint8)], axis=2)
        levelled = background(tinted)
        assert levelled[drawn == 255].min() > 235
        np.testing.assert_array_equal(levelled[:, :, 1], background(np.ascontiguousarray(tinted[:, :, 1])))

    def test_blank_paper_becomes_white(self) -> None:
        assert background(GRADIENT).min() > 240
        np.testing.assert_array_equal(background(INKLESS["blank"]), INKLESS["white"])
        np.testing.assert_array_equal(background(INKLESS["black"]), INKLESS["black"])

    def test_tight_boxes_around_marks_keep_their_ink(self) -> None:
        """IAM cuts a full stop or a dash out by its own box: nearly all of it is ink."""
        stop = np.full((9, 9), 255, np.uint8)
        cv2.circle(stop, (4, 4), 4, 30, -1, cv2.LINE_AA)
        dash = np.full((10, 60), 30, np.uint8)
        dash[0, ::7] = dash[-1, 3::7] = dash[:, 0] = 235
        for mark in (stop, dash):
            assert background(mark)[mark == 30].max() < 80


class TestContrast:
    def test_it_is_the_linear_map_between_percentiles(self) -> None:
        word = grain(draw("million"), 6)
        levels = np.sort(word.ravel())
        tail = word.size * 0.005
        low, high = int(levels[math.floor(tail)]), int(levels[math.ceil(word.size - tail) - 1])
        expected = np.clip((word.astype(float) - low) * 255 / (high - low), 0, 255)
        np.testing.assert_allclose(contrast(word), expected, atol=0.5)
        stretched = contrast(word)
        assert (word < low).mean() <= 0.005
        assert (word > high).mean() <= 0.005
        assert (stretched.min(), stretched.max()) == (0, 255)

    def test_faint_words_get_the_full_range(self) -> None:
        faint = (180 + draw("hint").astype(int) * 30 // 255).astype(np.uint8)
        stretched = contrast(faint)
        assert np.quantile(stretched, 0.01) < 10
        assert np.quantile(stretched, 0.9) > 250

    @given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 60))
    @settings(max_examples=30, deadline=None)
    def test_stretching_again_changes_nothing(self, seed: int, height: int, width: int) -> None:
        rng = np.random.default_rng(seed)
        low, high = sorted(rng.integers(0, 256, 2).tolist())
        word = rng.integers(low, high, (height, width), np.uint8, endpoint=True)
        once = contrast(word)
        np.testing.assert_array_equal(contrast(once), once)

    def test_blank_crops_are_left_alone(self) -> None:
        faint_noise = np.random.default_rng(5).integers(190, 205, (64, 200), np.uint8)
        for word in (INKLESS["blank"], INKLESS["black"], INKLESS["one pixel"], faint_noise):
            assert contrast(word) is word


class TestWhiten:
    @given(st.integers(0, 2**32 - 1), st.integers(0, 255))
    @settings(max_examples=20, deadline=None)
    def test_with_a_threshold_it_is_what_kang_and_others_do(self, seed: int, threshold: int) -> None:
        word = np.random.default_rng(seed).integers(0, 256, (20, 30), np.uint8)
        white = whiten(word, threshold)
        np.testing.assert_array_equal(white, np.where(word > threshold, 255, word))
        np.testing.assert_array_equal(whiten(white, threshold), white)

    def test_colour_is_whitened_by_its_luma(self) -> None:
        word = np.zeros((1, 3, 3), np.uint8)
        word[0, 0], word[0, 1], word[0, 2] = (255, 0, 0), (0, 255, 0), (90, 90, 90)  # lumas of 76, 150 and 90
        np.testing.assert_array_equal(whiten(word, 90)[0], [[255, 0, 0], [255, 255, 255], [90, 90, 90]])

    def test_without_a_threshold_shaded_paper_becomes_white_and_ink_stays(self) -> None:
        word = draw("million")
        dim = grain(shaded(word, 1.0, 0.6), 4)
        white = whiten(dim)
        assert (white[word == 255] == 255).all()
        np.testing.assert_array_equal(white[word < 60], dim[word < 60])


class TestTrim:
    @pytest.mark.parametrize("pad", [0.0, 0.5, 2.0])
    def test_margins_are_cut_to_a_sixteenth_of_the_ink(self, pad: float) -> None:
        word = grain(draw("diploid", pad=pad + 0.2), 4)
        ink = ink_of(word)
        assert ink is not None
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        margin = max(1, (rows[-1] + 1 - rows[0]) // 16)
        top, left = max(rows[0] - margin, 0), max(columns[0] - margin, 0)
        np.testing.assert_array_equal(trim(word), word[top : rows[-1] + 1 + margin, left : columns[-1] + 1 + margin])

    def test_trimming_again_changes_nothing(self) -> None:
        for text in LONG_WORDS:
            once = trim(draw(text, pad=1.5))
            np.testing.assert_array_equal(trim(once), once)

    def test_whatever_the_margins_were_the_result_is_the_same(self) -> None:
        np.testing.assert_array_equal(
            trim(np.pad(draw("hint"), ((9, 40), (70, 3)), constant_values=255)), trim(draw("hint"))
        )


class TestAnything:
    @pytest.mark.parametrize("name", INKLESS)
    def test_where_there_is_no_ink_nothing_is_moved(self, name: str) -> None:
        crop_ = INKLESS[name]
        for step in (whiten, deskew, slant, trim):
            assert step(crop_) is crop_
        assert (skew_angle(crop_), slant_angle(crop_)) == (0.0, 0.0)

    @given(
        seed=st.integers(0, 2**32 - 1),
        height=st.integers(1, 90),
        width=st.integers(1, 150),
        colour=st.booleans(),
        ink=st.floats(0, 1),
        levels=st.tuples(st.integers(0, 255), st.integers(0, 255)),
        noise=st.sampled_from([0, 3, 30]),
        threshold=st.none() | st.integers(0, 255),
    )
    @settings(max_examples=150, deadline=None)
    def test_any_crop_gives_a_crop(
        self,
        seed: int,
        height: int,
        width: int,
        colour: bool,
        ink: float,
        levels: Any,
        noise: int,
        threshold: int | None,
    ) -> None:
        rng = np.random.default_rng(seed)
        shape = (height, width, 3) if colour else (height, width)
        blots = cv2.blur(rng.random((height, width)), (3, 3)) < ink
        pixels = np.where(blots if not colour else blots[:, :, None], *levels) + rng.normal(0, noise, shape)
        word = pixels.clip(0, 255).astype(np.uint8)
        word.flags.writeable = False  # as `decode` gives it
        for wanted in (*([operation] for operation in Operation), list(Operation)):
            done = normalise(word, wanted, threshold)
            assert done.dtype == np.uint8
            assert done.ndim == word.ndim
            assert done.shape[2:] == word.shape[2:]
            assert min(done.shape) >= 1
            # Turned by 15 and sheared by 45 degrees, at most.
            assert done.shape[0] <= height + 0.27 * width + 2
            assert done.shape[1] <= 2 * (width + height) + 3
            np.testing.assert_array_equal(normalise(word, wanted, threshold), done)

    def test_grey_in_colour_is_treated_as_grey(self) -> None:
        word = grain(shaded(draw("hint", skew=6, lean=20), 1.0, 0.7), 3)
        colour = cv2.cvtColor(word, cv2.COLOR_GRAY2RGB)
        for wanted in (*([operation] for operation in Operation), list(Operation)):
            np.testing.assert_array_equal(
                normalise(colour, wanted),
                cv2.cvtColor(np.ascontiguousarray(normalise(word, wanted)), cv2.COLOR_GRAY2RGB),
            )

    @pytest.mark.parametrize("step", EACH)
    def test_other_arrays_are_refused(self, step: Callable[[np.ndarray], np.ndarray]) -> None:
        for array in (np.zeros((4, 4)), np.zeros((4, 4, 4), np.uint8), np.zeros(4, np.uint8)):
            with pytest.raises(ValueError, match="expected uint8 pixels"):
                step(array)
        with pytest.raises(ValueError, match="0 x 4 pixels has neither ink nor paper"):
            step(np.zeros((4, 0), np.uint8))


@pytest.fixture
def page(tmp_path: Path) -> Page:
    """A word on a page, and two with images of their own, one of which has a threshold."""
    sheet = np.full((300, 700), 255, np.uint8)
    word = draw("million", skew=6, lean=20, size=50)
    sheet[40 : 40 + word.shape[0], 60 : 60 + word.shape[1]] = word
    own = grain(draw("hint", lean=20), 6)
    pages = tmp_path / "pages"  # beside the store, not around it: nothing in the place of the images is ever replaced
    pages.mkdir()
    (pages / "page.png").write_bytes(encode(sheet, "png"))
    (pages / "word.png").write_bytes(encode(own, "png"))
    box = Box(60 + word.shape[1] / 2, 40 + word.shape[0] / 2, word.shape[1], word.shape[0])
    image = FileOnDisk(pages / "word.png")
    words = (
        Word("a", "million", box),
        Word("b", "hint", image=image, ink_threshold=120),
        Word("c", "hint", image=image),
    )
    return Page("p", "train", words, FileOnDisk(pages / "page.png"))


class TestBuild:
    def test_words_are_normalised_at_their_own_size_and_then_reduced(self, page: Page) -> None:
        options = BuildOptions(height=40, format="png", normalise=(Operation.DESKEW, Operation.SLANT))
        on_page, own, _ = rows_of_page(page, options)
        assert page.image is not None
        assert on_page.word.box is not None
        assert on_page.image is not None
        assert own.image is not None
        straight = normalise(crop(decode(page.image.read(), "grey"), on_page.word.box), options.normalise)
        np.testing.assert_array_equal(decode(on_page.image, "grey"), reduce_height(straight, 40))
        assert (on_page.height, on_page.width) == reduce_height(straight, 40).shape
        assert own.word.image is not None
        straight = slant(decode(own.word.image.read(), "grey"))
        np.testing.assert_array_equal(decode(own.image, "grey"), reduce_height(straight, 40))

    def test_images_of_words_change_when_something_is_done(self, page: Page) -> None:
        rows = list(rows_of_page(page, BuildOptions(height=0, normalise=(Operation.CONTRAST,))))
        for row in rows[1:]:
            assert row.image is not None
            assert row.word.image is not None
            assert row.image != row.word.image.read()
            np.testing.assert_array_equal(decode(row.image, "grey"), contrast(decode(row.word.image.read(), "grey")))

    def test_whitening_takes_the_threshold_of_the_source(self, page: Page) -> None:
        _, with_threshold, without = rows_of_page(page, BuildOptions(height=0, normalise=(Operation.WHITEN,)))
        assert with_threshold.word.image is not None
        assert with_threshold.image is not None
        assert without.image is not None
        own = decode(with_threshold.word.image.read(), "grey")
        np.testing.assert_array_equal(decode(with_threshold.image, "grey"), np.where(own > 120, 255, own))
        np.testing.assert_array_equal(decode(without.image, "grey"), whiten(own))

    def test_a_threshold_that_is_no_grey_level_is_told(self, page: Page, tmp_path: Path) -> None:
        wrong = Word("x", "hint", image=page.words[1].image, ink_threshold=256)
        source = ListSource([Page("q", "train", (wrong,))])
        with pytest.raises(BadDataError, match="word x: the ink threshold 256 is no grey level"):
            build(source, tmp_path / "lmdb", BuildOptions(normalise=(Operation.WHITEN,)), workers=1)
        build(source, tmp_path / "lmdb", BuildOptions(), workers=1, overwrite=True)

    def test_another_threshold_makes_another_store(self, page: Page, tmp_path: Path) -> None:
        options = BuildOptions(normalise=(Operation.WHITEN,))
        build(ListSource([page]), tmp_path / "lmdb", options, workers=1)
        changed = [replace(word, ink_threshold=60) if word.ink_threshold else word for word in page.words]
        with pytest.raises(CannotCreateError, match="annotations or images on disk have changed"):
            build(ListSource([replace(page, words=tuple(changed))]), tmp_path / "lmdb", options, workers=1)

    def test_a_store_differs_and_says_so(self, page: Page, tmp_path: Path) -> None:
        source, out = ListSource([page]), tmp_path / "lmdb"
        plain = build(source, out, workers=1, name="plain").description
        options = BuildOptions(normalise=(Operation.DESKEW, Operation.TRIM))
        straight = build(source, out, options, workers=1, name="straight").description
        assert plain.options.normalise == ()
        assert straight.options.normalise == ("deskew", "trim")
        assert plain.content_digest != straight.content_digest
        store = htrdata.open(out)
        assert [word.id for word in store["train", "plain"]] == [word.id for word in store["train", "straight"]]
        assert store["train", "plain"][0].image.size != store["train", "straight"][0].image.size
        with pytest.raises(CannotCreateError, match=r"normalise was \['deskew', 'trim'\], is \['deskew'\]"):
            build(source, out, BuildOptions(normalise=(Operation.DESKEW,)), workers=1, name="straight")

    def test_the_order_of_the_names_makes_no_other_store(self, page: Page, tmp_path: Path) -> None:
        names: Any = ("trim", "deskew")
        options = BuildOptions(normalise=names)
        assert options == BuildOptions(normalise=(Operation.DESKEW, Operation.TRIM))
        assert options.recorded().normalise == ("deskew", "trim")
        build(ListSource([page]), tmp_path / "lmdb", options, workers=1)
        assert build(
            ListSource([page]),
            tmp_path / "lmdb",
            BuildOptions(normalise=options.normalise[::-1]),
            workers=1,
        ).already

    def test_an_unknown_name_is_refused(self) -> None:
        names: Any = ("deslant",)
        with pytest.raises(UsageError, match="no normalisation 'deslant'"):
            BuildOptions(normalise=names)
