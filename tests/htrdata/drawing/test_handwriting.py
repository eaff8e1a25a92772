"""Strokes, ink, paper and pages: conventions, geometry, width of lines, determinism."""

from __future__ import annotations

import itertools
import math
import unicodedata

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from htrdata.drawing.handwriting import (
    ALPHABETS,
    CHARACTERS,
    Strokes,
    draw,
    fit,
    random_style,
    scribble,
    spell,
    write,
    write_words,
)
from htrdata.drawing.handwriting.accents import can_be_written
from htrdata.drawing.handwriting.glyphs import glyph
from htrdata.drawing.handwriting.page import draw_page, lay_out
from htrdata.drawing.handwriting.paper import Paper, blank, copy, photograph
from htrdata.drawing.handwriting.words import some_words
from htrdata.records import Box

from ..conftest import rng, steady

Floats = NDArray[np.floating]


def ink(canvas: NDArray[np.uint8], below: int = 128) -> tuple[Floats, Floats]:
    """Middles of the pixels that are darker than a level, in the coordinates of `htrdata.records`."""
    rows, columns = np.nonzero(canvas < below)
    return columns + 0.5, rows + 0.5


def levelled(canvas: NDArray[np.uint8], box: Box, below: int) -> tuple[Floats, Floats]:
    """Ink in the box's own directions, from its middle: along the line of writing, and down across it."""
    x, y = ink(canvas, below)
    place = (x - box.xc) - 1j * (
        y - box.yc
    )  # as a complex number with y upwards, in which angles grow counter-clockwise
    turned = place * np.exp(-1j * np.pi * box.angle / 180)
    return turned.real, -turned.imag


def stroke(*points: tuple[float, float], pressure: float = 1.0) -> Strokes:
    x, y = np.array(points, np.float32).T
    return Strokes(x.copy(), y.copy(), np.full(len(x), pressure, np.float32), np.arange(len(x)) == 0)


IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


class TestLetters:
    @pytest.mark.parametrize("alphabet", ALPHABETS)
    def test_every_character_has_a_shape_of_its_own(self, alphabet: str) -> None:
        drawn = {}
        for char in CHARACTERS:
            letter = glyph(char, alphabet)
            assert letter.body.shape == (2, len(letter.body_starts))
            assert letter.body_starts[0]
            assert letter.width > 0
            drawn[char] = np.concatenate([letter.body, letter.marks], axis=1)
        assert len(CHARACTERS) == 94
        for a, b in itertools.combinations(CHARACTERS, 2):
            assert drawn[a].shape != drawn[b].shape or not np.allclose(drawn[a], drawn[b], atol=0.05), (a, b)

    @pytest.mark.parametrize("alphabet", ALPHABETS)
    def test_small_letters_stand_between_the_baseline_and_the_x_height(self, alphabet: str) -> None:
        for char in "aceimnorsuvwxz":
            y = glyph(char, alphabet).body[1]
            if char != "z" or alphabet == "print":  # the z of the joined alphabets has a loop below the line
                assert -0.12 <= y.max() <= 0.12, char
            assert -1.3 <= y.min() <= -0.85, char
        for char in "bdhkl" + "ABDEH":
            assert glyph(char, alphabet).body[1].min() < -1.35, char
        for char in "gpqy":
            assert glyph(char, alphabet).body[1].max() > 0.3, char

    @pytest.mark.parametrize("alphabet", ALPHABETS)
    def test_stops_stand_on_the_baseline_and_quotes_above_it(self, alphabet: str) -> None:
        for char in ".:":
            assert abs(glyph(char, alphabet).body[1].max()) < 0.1
        for char in "'\"`^":
            assert glyph(char, alphabet).body[1].max() < -0.6
        assert glyph("_", alphabet).body[1].min() > 0
        opened, closed = glyph("{", alphabet).body[0], glyph("}", alphabet).body[0]
        middle = len(opened) // 2
        assert opened[middle] < opened[[0, -1]].min()
        assert closed[middle] > closed[[0, -1]].max()

    def test_the_dot_comes_after_the_word(self) -> None:
        joined = write("mini", steady("script"), rng())
        *word, first_dot, second_dot = joined
        assert first_dot[:, 1].max() < -1.2
        assert second_dot[:, 1].max() < -1.2
        assert first_dot[:, 0].mean() < second_dot[:, 0].mean()
        assert max(part[:, 0].max() for part in word) > second_dot[:, 0].max()

    def test_other_characters(self) -> None:
        assert spell("café²") == "cafe2"
        assert spell("·–’“…€½") == ".-'\"...E1/2"
        assert spell("a\u00a0b") == "a b"
        assert spell("漢") == "\0"
        assert len(write("漢", random_style(rng()), rng())) == 1

    @given(st.text(max_size=12))
    def test_any_text_is_spelled_in_known_shapes_and_can_be_written(self, text: str) -> None:
        spelled = spell(text)
        assert set(spelled) <= {*CHARACTERS, " ", "\0"}
        assert spell(spelled.replace("\0", "")) == spelled.replace("\0", "")
        base = [c for c in unicodedata.normalize("NFKD", text) if c in CHARACTERS]
        assert len(spelled) >= len(base)
        strokes = write(text, random_style(rng(1)), rng(2))
        assert np.isfinite(strokes.x).all()
        assert np.isfinite(strokes.y).all()
        assert (len(strokes) == 0) == (not spelled.strip(" "))


class TestStrokes:
    def test_same_chance_same_strokes(self) -> None:
        one, same, other = (write("people", random_style(rng(1)), rng(seed)) for seed in (5, 5, 6))
        assert np.array_equal(one.x, same.x)
        assert np.array_equal(one.pressure, same.pressure)
        assert one.x.shape != other.x.shape or not np.allclose(one.x, other.x)

    def test_writers_differ(self) -> None:
        style, other = random_style(rng(1)), random_style(rng(2))
        assert style.pen != other.pen
        assert style.slant != other.slant
        assert write("m", style, rng()).bounds != write("m", other, rng()).bounds

    def test_polylines_are_the_points_between_the_starts(self) -> None:
        strokes = write("it's (a) test", random_style(rng(3)), rng(4))
        lines = list(strokes)
        assert len(lines) == len(strokes) == strokes.starts.sum() > 5
        together = np.concatenate(lines)
        assert np.array_equal(together, np.stack([strokes.x, strokes.y, strokes.pressure], axis=1))
        assert strokes.bounds == (*together.min(axis=0)[:2].tolist(), *together.max(axis=0)[:2].tolist())
        assert all(array.dtype == np.float32 for array in (strokes.x, strokes.y, strokes.pressure))

    def test_nothing_to_write(self) -> None:
        for text in ("", " ", "\t\n"):
            strokes = write(text, random_style(rng()), rng())
            assert len(strokes) == 0
            assert list(strokes) == []
            assert strokes.bounds == (0, 0, 0, 0)
            canvas = np.full((8, 8), 255, np.uint8)
            draw(canvas, strokes, IDENTITY, 2, 0)
            assert canvas.min() == 255

    def test_the_pen_stays_down_in_joined_letters(self) -> None:
        assert len(write("null", steady("script"), rng())) == 1
        assert len(write("null", steady("script", joining=0.0), rng())) == 4
        assert len(write("null", steady("print", joining=0.0), rng())) > 4
        lengths = [np.hypot(*np.diff(line[:, :2], axis=0).T).max() for line in write("null", steady("script"), rng())]
        assert max(lengths) < 0.5  # no line jumps from one letter to another

    def test_letters_follow_each_other(self) -> None:
        for alphabet in ALPHABETS:
            hand = steady(alphabet)
            widths = [write("n" * count, hand, rng()).bounds[2] for count in (1, 2, 3, 6)]
            steps = np.diff(widths) / [1, 1, 3]
            assert steps.min() > 0.5
            assert np.ptp(steps) < 0.15
            assert write("n n", hand, rng()).bounds[2] > write("nn", hand, rng()).bounds[2] + 0.5

    def test_style_does_what_it_says(self) -> None:
        plain = write("hp", steady("print"), rng()).bounds
        tall = write("hp", steady("print", ascent=1.5, descent=2.0), rng()).bounds
        assert tall[1] == pytest.approx(-1 + 1.5 * (plain[1] + 1), abs=0.05)
        assert tall[3] == pytest.approx(2 * plain[3], abs=0.05)
        wide = write("hp", steady("print", breadth=1.5), rng()).bounds
        assert wide[2] - wide[0] == pytest.approx(1.5 * (plain[2] - plain[0]), rel=0.05)
        leaning = write("l", steady("print", slant=0.5), rng())
        assert leaning.x[np.argmin(leaning.y)] - leaning.x[np.argmax(leaning.y)] == pytest.approx(0.75, abs=0.02)
        nib = write("-|", steady("print", contrast=0.5), rng())  # a nib at 0: level lines are thin, upright ones broad
        level, upright = nib
        assert level[2:-2, 2].mean() == pytest.approx(0.7, abs=0.02)
        assert upright[2:-2, 2].mean() == pytest.approx(1.2, abs=0.02)

    def test_scribbles(self) -> None:
        style = random_style(rng(7))
        for width in (0.0, 3.0, 1e6):
            strokes = scribble(width, style, rng(8))
            assert len(strokes) == 1
            assert np.isfinite(strokes.x).all()
            assert len(strokes.x) < 1000
        short, long = (scribble(width, style, rng(8)).bounds for width in (3, 12))
        assert long[2] - long[0] > short[2] - short[0]


class TestInk:
    @settings(deadline=None, max_examples=60)
    @given(
        word=st.sampled_from(["handwriting", "Quick", "it's", "I", "-", ".", "@#%", "e", "漢", "[x]"]),
        w=st.floats(14, 300),
        h=st.floats(14, 120),
        angle=st.one_of(st.sampled_from([0.0, 90.0, -90.0, 180.0]), st.floats(-180, 180)),
        seed=st.integers(0, 1000),
    )
    def test_a_word_lies_in_its_box_and_fills_it(self, word: str, w: float, h: float, angle: float, seed: int) -> None:
        box = Box(200.3, 199.6, w, h, angle)
        canvas = np.full((400, 400), 255, np.uint8)
        style = random_style(rng(seed))
        strokes = write(word, style, rng(seed, 1))
        affine, pen = fit(strokes, box, style.pen)
        draw(canvas, strokes, affine, pen, 0)
        along, down = levelled(canvas, box, below=250)
        half_a_pixel = 0.75  # a pixel that is cut by the box may be dark
        assert abs(along).max() <= w / 2 + half_a_pixel
        assert abs(down).max() <= h / 2 + half_a_pixel
        assert min(w - np.ptp(along), h - np.ptp(down)) < 2 * pen + 5  # what is left is for the pen
        assert abs(along.max() + along.min()) < 0.1 * w + pen
        assert abs(down.max() + down.min()) < 0.1 * h + pen

    def test_angles_turn_counter_clockwise_as_seen(self) -> None:
        # The W at the word's beginning holds more ink than the stop at its end.
        middles = {}
        for angle in (0.0, 90.0, 180.0, -90.0):
            canvas = np.full((200, 200), 255, np.uint8)
            strokes = write("W .", steady("print"), rng())
            affine, pen = fit(strokes, Box(100, 100, 160, 60, angle), 0.12)
            draw(canvas, strokes, affine, pen, 0)
            x, y = ink(canvas)
            middles[angle] = (x.mean() - 100, y.mean() - 100)
        assert middles[0.0][0] < -15
        assert middles[180.0][0] > 15
        assert middles[90.0][1] > 15
        assert middles[-90.0][1] < -15

    @pytest.mark.parametrize("pen", [2.0, 3.0, 6.0, 9.0, 12.0, 40.0])
    @pytest.mark.parametrize("angle", [0, 30, 45, 90])
    def test_lines_are_as_wide_as_the_pen(self, pen: float, angle: float) -> None:
        canvas = np.full((300, 300), 255, np.uint8)
        dx, dy = 400 * math.cos(math.radians(angle)), 400 * math.sin(math.radians(angle))
        draw(canvas, stroke((150.2 - dx, 150.4 - dy), (150.2 + dx, 150.4 + dy)), IDENTITY, pen, 0)
        missing = (255 - canvas.astype(float)).sum() / 255
        length = 300 / max(abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle))))
        corners = pen**2 if angle == 45 else 0  # the line is cut off at an angle at the canvas's corners
        assert missing / length == pytest.approx(pen, rel=0.05, abs=0.1 + corners / length)

    def test_pressure_widens(self) -> None:
        widths = []
        for pressure in (0.7, 1.0, 1.4):
            canvas = np.full((60, 60), 255, np.uint8)
            draw(canvas, stroke((-50, 30), (110, 30), pressure=pressure), IDENTITY, 8, 0)
            widths.append((255 - canvas[:, 30].astype(float)).sum() / 255)
        assert widths[0] < widths[1] - 0.5 < widths[2] - 1.0

    @settings(deadline=None, max_examples=25)
    @given(dx=st.integers(-90, 90), dy=st.integers(-60, 60), pen=st.floats(1, 9), seed=st.integers(0, 99))
    def test_the_canvas_is_a_window(self, dx: int, dy: int, pen: float, seed: int) -> None:
        strokes = write("window", random_style(rng(seed)), rng(seed))
        scale = 12.0
        wide = np.full((240, 320), 255, np.uint8)
        draw(wide, strokes, (scale, 0, 120.0, 0, scale, 120.0), pen, 30)
        small = np.full((48, 64), 255, np.uint8)
        draw(small, strokes, (scale, 0, 120.0 - 110 - dx, 0, scale, 120.0 - 90 - dy), pen, 30)
        part = wide[90 + dy : 138 + dy, 110 + dx : 174 + dx].astype(int)
        assert abs(part - small).max() <= 2

    def test_ink_only_darkens_down_to_its_tone(self) -> None:
        canvas = rng(1).integers(0, 256, (64, 200)).astype(np.uint8)
        before = canvas.copy()
        style = random_style(rng(2))
        strokes = write("darker", style, rng(3))
        affine, pen = fit(strokes, Box(100, 32, 190, 60), style.pen)
        draw(canvas, strokes, affine, pen, 100)
        assert (canvas <= before).all()
        assert (canvas < before).any()
        assert (canvas >= np.floor(before * (100 / 255)) - 1).all()

    @pytest.mark.parametrize(
        "box", [Box(50, 50, 3, 3), Box(50, 50, 0.5, 90), Box(40, 9, 5000, 4000, 33), Box(-900, 0, 9, 9)]
    )
    def test_boxes_of_any_size_and_place(self, box: Box) -> None:
        for text in ("word", "l", "-", "."):
            canvas = np.full((100, 100), 255, np.uint8)
            strokes = write(text, random_style(rng(5)), rng(6))
            affine, pen = fit(strokes, box, 0.15)
            draw(canvas, strokes, affine, pen, 0)
            assert np.isfinite(affine).all()
            assert pen > 0
            assert box.xc > 0 or canvas.min() == 255


class TestPaper:
    sheet = Paper(light=200, tint=(0.9, 0.95, 1.0), ink=(120, 50, 30), shade=0.3, grain=0.4, ruling=40.0)

    def test_a_photograph(self) -> None:
        canvas = blank(700, 900, self.sheet)
        canvas[300:310] = 0
        image = photograph(canvas, self.sheet, rng(1))
        assert image.shape == (700, 900, 3)
        assert image.dtype == np.uint8
        assert np.array_equal(image, photograph(canvas, self.sheet, rng(1)))
        assert not np.array_equal(image, photograph(canvas, self.sheet, rng(2)))
        bare = image[5:30].astype(float)
        assert 200 * 0.6 < bare[..., 2].mean() < 205
        assert (np.diff(bare.mean(axis=(0, 1))) > 2).all()  # blue, green, red: a warm sheet
        assert 1 < bare[..., 2].std() < 40  # grain and shade
        assert (image[302:308].mean(axis=(0, 1)) < 0.55 * bare.mean(axis=(0, 1))).all()

    @pytest.mark.parametrize(("height", "width"), [(1, 1), (30, 2000), (513, 511)])
    def test_any_size(self, height: int, width: int) -> None:
        assert photograph(blank(height, width, self.sheet), self.sheet, rng()).shape == (height, width, 3)

    def test_rules_are_where_they_should_be(self) -> None:
        canvas = blank(200, 50, self.sheet)
        assert np.flatnonzero(canvas[:, 0] < 255).tolist() == [40, 80, 120, 160]

    def test_a_copy_is_even(self) -> None:
        image = copy(np.full((20, 20), 255, np.uint8), self.sheet)
        assert (image == [180, 190, 200]).all()


class TestPage:
    texts = (*some_words(20, rng(4)), ".", "")

    @pytest.mark.parametrize("turn", [0.0, 90.0, -90.0, 180.0, 25.0, -140.0])
    @pytest.mark.parametrize(("height", "width"), [(900, 1200), (1600, 700)])
    def test_words_are_laid_out_on_the_page_without_touching(self, turn: float, height: int, width: int) -> None:
        boxes = lay_out(self.texts, height, width, turn, 0.0, 3, "page")
        assert len(boxes) == len(self.texts)
        for box in boxes:
            corners = cv2.boxPoints(((box.xc, box.yc), (box.w, box.h), -box.angle))
            assert corners.min() >= 0
            assert (corners.max(axis=0) <= [width, height]).all()
            assert (box.angle - turn) % 360 == pytest.approx(0)
        turned = [(b.xc - width / 2 - 1j * (b.yc - height / 2)) * np.exp(-1j * np.pi * turn / 180) for b in boxes]
        for (one, a), (two, b) in itertools.pairwise(zip(turned, boxes, strict=True)):
            same_line = abs(one.imag - two.imag) < (a.h + b.h) / 3
            assert two.real - one.real >= (a.w + b.w) / 2 if same_line else two.imag < one.imag

    def test_a_page_does_not_depend_on_what_was_drawn_before(self) -> None:
        words = [(text, Box(60 + 100 * i, 80, 90, 50, 5.0 * i)) for i, text in enumerate(["one", "", "three"])]
        first = draw_page(words, 160, 340, seed=1, page="a")
        draw_page(words, 160, 340, seed=1, page="b")
        assert np.array_equal(first, draw_page(words, 160, 340, seed=1, page="a"))
        assert not np.array_equal(first, draw_page(words, 160, 340, seed=2, page="a"))
        assert draw_page([], 50, 60, seed=0, page="empty").shape == (50, 60, 3)

    def test_words_have_marks_capitals_and_numbers(self) -> None:
        words = some_words(20_000, rng(9))
        assert set("".join(words)) == set(CHARACTERS)
        assert words == some_words(20_000, rng(9))
        assert 0.02 < sum(word.rstrip(".,").isdigit() for word in words) / 20_000 < 0.07
        assert 0.03 < sum(word.lower() == "the" for word in words) / 20_000 < 0.12


@pytest.mark.parametrize("char", "éàûñēăżöåőčçą")
def test_a_mark_is_added_to_its_letter(char: str) -> None:
    base = unicodedata.normalize("NFD", char)[0]
    style = random_style(np.random.default_rng(4))
    marked, bare = (write(text, style, np.random.default_rng(5)) for text in (char, base))
    assert len(marked) > len(bare)
    _, upper, _, lower = marked.bounds
    _, bare_upper, _, bare_lower = bare.bounds
    assert (upper < bare_upper - 0.1) != (lower > bare_lower + 0.1)  # above or below, never both


def test_a_mark_above_takes_the_place_of_a_dot() -> None:
    style = random_style(np.random.default_rng(4), "print")
    dotted, marked = (write(text, style, np.random.default_rng(5)) for text in ("i", "í"))
    assert len(marked) == len(dotted)
    assert len(write("į", style, np.random.default_rng(5))) == len(dotted) + 1


@pytest.mark.parametrize(
    ("text", "known"), [("naïve", True), ("Łódź", False), ("²", False), ("~\\", True), ("ế", False)]
)
def test_what_has_no_shape_is_known(text: str, known: bool) -> None:
    assert can_be_written(text) is known


def test_words_written_together_are_words_of_their_own() -> None:
    style = random_style(np.random.default_rng(6))
    together = write_words(["one", "", "two", "three"], style, np.random.default_rng(7))
    assert [len(strokes) > 0 for strokes in together] == [True, False, True, True]
    for text, strokes in zip(("one", "two", "three"), together[:1] + together[2:], strict=True):
        alone = write(text, style, np.random.default_rng(8))
        left, _, right, _ = strokes.bounds
        assert abs(left) < 0.5  # each begins at its own origin
        assert right == pytest.approx(alone.bounds[2], rel=0.25)
    assert write_words([], style, np.random.default_rng(7)) == []
