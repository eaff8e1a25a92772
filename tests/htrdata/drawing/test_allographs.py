"""Further shapes of characters: each is one of its kind, writers choose among them, and none reads as another one."""

from __future__ import annotations

import itertools
import unicodedata
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from htrdata.drawing.handwriting import ALPHABETS, CHARACTERS, random_style, write
from htrdata.drawing.handwriting.accents import accented_glyph
from htrdata.drawing.handwriting.allographs import SHAPE_NAMES, count, letter_shape
from htrdata.drawing.handwriting.glyphs import Glyph
from htrdata.drawing.handwriting.style import KINDS

from ..conftest import rng, steady

FURTHER = tuple((char, number) for char in CHARACTERS for number in range(count(char)))


def test_letters_and_digits_have_some() -> None:
    assert all(count(char) for char in CHARACTERS if char.isalnum() and char != "I")
    assert len(SHAPE_NAMES) == len(ALPHABETS) + max(map(count, CHARACTERS))


@pytest.mark.parametrize(("char", "number"), FURTHER)
def test_a_shape_is_one_of_its_kind_on_the_line(char: str, number: int) -> None:
    drawn = letter_shape(char, str(number))
    assert drawn.body.shape == (2, len(drawn.body_starts))
    assert drawn.body_starts[0]
    assert drawn.body.dtype == np.float32
    assert 0.1 < drawn.width < 1.8
    points = np.concatenate([drawn.body, drawn.marks], axis=1)
    assert drawn.body[0].min() > 0
    assert drawn.body[0].max() < drawn.width
    if char.isalnum():
        assert points[1].max() >= -0.1
        assert points[1].max() < (0.75 if char in "gjpqyfzx" else 0.15)
        assert points[1].min() > -1.8
        assert points[1].min() < (-1.35 if char in "bdfhijklt" or not char.islower() else -0.9)
    for other in range(number):
        also = letter_shape(char, str(other)).body
        assert also.shape != drawn.body.shape or not np.allclose(also, drawn.body, atol=0.05)


def test_no_line_comes_over_to_the_open_side_of_a_letter() -> None:
    assert not any(letter_shape("c", str(number)).enters for number in range(count("c")))
    assert any(letter_shape("n", str(number)).enters for number in range(count("n")))


@pytest.mark.parametrize("kind", KINDS)
def test_varied_writers_have_shapes_of_their_own(kind: str) -> None:
    letters = [ord(char) for char in CHARACTERS if char.isalpha()]
    shares = []
    for seed in range(40):
        style = random_style(rng(seed), kind, varied=True)
        assert style.other is not None
        for alphabet in (style.alphabet, style.other):
            assert all(k < len(ALPHABETS) + count(chr(code)) for code, k in enumerate(alphabet))
        shares.append(float((style.alphabet[letters] >= len(ALPHABETS)).mean()))
        write(CHARACTERS + "\u00e9\u0163 \0", style, rng(seed))
    assert min(shares) < 0.25
    assert max(shares) > 0.4


def test_a_writer_without_variety_has_the_alphabets_alone() -> None:
    plain, varied = random_style(rng(9)), random_style(rng(9), varied=True)
    assert plain.alphabet.max() < len(ALPHABETS)
    assert (plain.haste, plain.alternation, plain.other) == (0, 0, None)
    assert (plain.pen, plain.slant, plain.tone) == (varied.pen, varied.slant, varied.tone)


def test_a_writer_changes_a_shape_now_and_then() -> None:
    style = steady("print", other=np.full(128, ALPHABETS.index("script"), np.uint8), alternation=0.5)
    lengths = {len(write("a", style, rng(seed)).x) for seed in range(20)}
    assert lengths == {len(write("a", steady(alphabet), rng()).x) for alphabet in ("print", "script")}


SIDE = 48  # pixels of the box that shapes are drawn in to be compared

ALIKE = ("0Oo", "2Z", "9g")
"""Characters, besides the two cases of a letter, that some people write with one shape, be it of another size."""


def numbers(char: str) -> list[str]:
    """The names of a character's further shapes."""
    return [str(number) for number in range(count(char))]


def in_a_box(letter: Glyph) -> NDArray[np.intp]:
    """Columns and rows, [2, n], that a letter's strokes go through where it fills the box; a thin one keeps narrow."""
    strokes = []
    for points, starts in ((letter.body, letter.body_starts), (letter.marks, letter.mark_starts)):
        strokes += [stroke for stroke in np.split(points, np.flatnonzero(starts)[1:], axis=1) if stroke.size]
    places = [np.linspace(0, stroke.shape[1] - 1, 4 * stroke.shape[1]) for stroke in strokes]
    x, y = (
        np.concatenate([np.interp(at, np.arange(s.shape[1]), s[axis]) for at, s in zip(places, strokes, strict=True)])
        for axis in (0, 1)
    )
    least = 0.4 * max(np.ptp(x), np.ptp(y))
    middles = [(part - (part.min() + part.max()) / 2) / max(np.ptp(part), least) for part in (x, y)]
    return np.asarray(((np.stack(middles) + 0.5) * (SIDE - 1)).round(), np.intp)


def furthest(shapes: list[NDArray[np.intp]]) -> NDArray[np.float64]:
    """For each two shapes, how far some point of one is from the other at most, in shares of the box, [n, n]."""
    distances = []
    for x, y in shapes:
        paper = np.full((SIDE, SIDE), 255, np.uint8)
        paper[y, x] = 0
        distances.append(np.asarray(cv2.distanceTransform(paper, cv2.DIST_L2, 5)).ravel())
    pixels = np.concatenate([y * SIDE + x for x, y in shapes])
    begins = np.cumsum([0, *(places.shape[1] for places in shapes[:-1])])
    one_way = np.maximum.reduceat(np.stack(distances)[:, pixels], begins, axis=1) / SIDE
    return np.asarray(np.maximum(one_way, one_way.T), np.float64)


def test_no_two_characters_share_a_shape() -> None:
    """A further shape of a letter or digit has some part that no shape of another one has."""
    keys = [(char, name) for char in CHARACTERS if char.isalnum() for name in (*ALPHABETS, *numbers(char))]
    far = furthest([in_a_box(letter_shape(*key)) for key in keys])
    shared = set()
    for (i, (a, name)), (j, (b, other)) in itertools.combinations(enumerate(keys), 2):
        alphabets_alone = name in ALPHABETS and other in ALPHABETS
        if far[i, j] < 0.125 and a.lower() != b.lower() and not alphabets_alone:
            shared.add((a, b))
    assert {pair for pair in shared if not any({*pair} <= {*group} for group in ALIKE)} == set()
    assert any({"0", "O"} == {*pair} for pair in shared)  # the measure finds what is alike


@pytest.mark.parametrize("char", "TFJ")
def test_only_a_j_has_a_hook_at_its_foot(char: str) -> None:
    """A stem that ends in a bow to the left, below a bar, makes a J of a T."""
    for name in numbers(char):
        x, y = letter_shape(char, name).body
        stem = np.median(x[(y > -0.75) & (y < -0.5)])
        hook = stem - x[y > -0.4].min()
        assert (hook > 0.4) if char == "J" else (hook < 0.15), (char, name)


def test_no_line_runs_down_through_an_ampersand() -> None:
    """It would be a dollar sign."""
    for name in numbers("&"):
        letter = letter_shape("&", name)
        for x, y in np.split(letter.body, np.flatnonzero(letter.body_starts)[1:], axis=1):
            assert np.ptp(x) > 0.5 or np.ptp(y) < 0.5


@pytest.mark.parametrize("char", "ij")
def test_the_marks_of_i_and_j_do_not_lean_as_accents_do(char: str) -> None:
    def lean(letter: Glyph) -> float:
        x, y = letter.marks
        return abs(float(y[-1] - y[0])) / max(float(np.ptp(x)), 0.1)

    assert all(lean(letter_shape(char, name)) < 0.5 for name in numbers(char))
    assert min(lean(accented_glyph(accented, "print")) for accented in "\u00ed\u00ec") > 0.9


@pytest.mark.parametrize("char", "íìïçéñåąčŤỳ")
def test_a_mark_is_added_to_every_shape_of_a_letter(char: str) -> None:
    base = unicodedata.normalize("NFD", char)[0]
    strokes = np.count_nonzero(accented_glyph(char, "print").mark_starts)
    for name in numbers(base):
        bare, marked = letter_shape(base, name), accented_glyph(char, name)
        assert np.array_equal(marked.body, bare.body)
        assert marked.width == bare.width
        added = marked.marks if base == "i" else marked.marks[:, bare.marks.shape[1] :]
        assert base == "i" or np.array_equal(marked.marks[:, : bare.marks.shape[1]], bare.marks)
        below = char in "çą"
        assert (added[1].min() > bare.body[1].max() - 0.1) if below else (added[1].max() < bare.body[1].min())
        assert np.count_nonzero(marked.mark_starts) == strokes + (0 if base == "i" else len(bare.mark_starts) > 0)


@pytest.mark.parametrize("char", "íç")
def test_a_letter_with_a_mark_is_written_in_the_shape_that_the_writer_has(char: str) -> None:
    base = unicodedata.normalize("NFD", char)[0]
    for number in range(count(base)):
        alphabet = np.zeros(128, np.uint8)
        alphabet[ord(base)] = len(ALPHABETS) + number
        written = write(char, replace(steady("print"), alphabet=alphabet), rng())
        expected = accented_glyph(char, str(number))
        assert len(written) == np.count_nonzero(expected.body_starts) + np.count_nonzero(expected.mark_starts)
        assert len(written.x) == len(expected.body_starts) + len(expected.mark_starts)
