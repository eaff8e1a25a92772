"""The strokes of a word in a writer's style, before they are put on any page.

Units: one x-height. The baseline is y = 0 and the upper edge of an ``x`` y = -1; x grows to the right from 0, where
the word begins, and y downwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htrdata.drawing.elementary import sine
from htrdata.drawing.handwriting.accents import accented_glyph, base_letters, can_be_written
from htrdata.drawing.handwriting.allographs import SHAPE_NAMES
from htrdata.drawing.handwriting.glyphs import Flags, Glyph, Indices, Numbers, spell
from htrdata.drawing.handwriting.haste import hurry
from htrdata.drawing.handwriting.style import Style

_CARE = 0.7  # with which digits, capitals and marks are written in haste
_WAVE = 2.3  # radians per x-height of the waves that bend a letter: less than half a wave within an x
_LOOPS = ((0.2, 1.0), (0.1, 0.7), (-0.8, -0.2))  # height, width and middle of a scribble's loops


@dataclass(frozen=True, slots=True)
class Strokes:
    """What the pen did, in the order in which it did it. Iterating gives the polylines, float32 [m, 3]: x, y, pressure.

    Attributes:
        x: float32 [n], places along the line of writing.
        y: float32 [n], places across it.
        pressure: float32 [n]; a pressure of 1 gives a line as wide as the pen.
        starts: bool [n], True where the pen was put down.
    """

    x: Numbers
    y: Numbers
    pressure: Numbers
    starts: Flags

    def __iter__(self) -> Iterator[Numbers]:
        points = np.stack([self.x, self.y, self.pressure], axis=1)
        return iter(np.split(points, np.flatnonzero(self.starts)[1:]) if len(points) else [])

    def __len__(self) -> int:
        """How often the pen was put down."""
        return int(np.count_nonzero(self.starts))

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, upper, right and lower end of the lines, without the pen's width; zeros where there are none."""
        if not len(self.x):
            return 0.0, 0.0, 0.0, 0.0
        return float(self.x.min()), float(self.y.min()), float(self.x.max()), float(self.y.max())


def write(text: str, style: Style, rng: np.random.Generator) -> Strokes:
    """Writes a word, or a line, in one go.

    The letters of one writer resemble each other, but no two are the same. A text with characters that
    `htrdata.drawing.handwriting.accents.can_be_written` does not know is drawn as
    `htrdata.drawing.handwriting.glyphs.spell` says.

    Args:
        text: what to write. Spaces are gaps; an empty text gives no strokes.
        style: the hand.
        rng: what differs from one time of writing to the next. The same state gives the same strokes.
    """
    return write_words([text], style, rng)[0]


def write_words(texts: Sequence[str], style: Style, rng: np.random.Generator) -> list[Strokes]:
    """Writes words, each in one go and at its own origin: several times as fast as one by one.

    Args:
        texts: what to write; see `write`.
        style: the hand.
        rng: what differs from one time of writing to the next. The same state and texts give the same strokes.
    """
    written, ends = write_together(texts, style, rng)
    parts = (np.split(part, ends)[:-1] for part in (written.x, written.y, written.pressure, written.starts))
    return [Strokes(*part) for part in zip(*parts, strict=True)]


def write_together(texts: Sequence[str], style: Style, rng: np.random.Generator) -> tuple[Strokes, Indices]:
    """Writes words as `write_words` does, and leaves them in one piece.

    Returns:
        The strokes of all words, one after the other and each at its own origin; and where in them each word ends,
        int [words].
    """
    spelled = [text if can_be_written(text) else spell(text) for text in texts]
    line = "".join(spelled)
    word = np.repeat(np.arange(len(texts)), [len(text) for text in spelled])
    codes = np.frombuffer(base_letters(line).encode("ascii"), np.uint8)
    which = style.alphabet[codes]
    if style.other is not None and style.alternation:
        which = np.where(rng.random(len(codes)) < style.alternation, style.other[codes], which)
    letters = [accented_glyph(char, SHAPE_NAMES[k]) for char, k in zip(line, which.tolist(), strict=True)]
    if not any(len(glyph.body_starts) for glyph in letters):  # nothing but spaces, or no text at all
        nothing = np.empty(0, np.float32)
        return Strokes(nothing, nothing, nothing, np.empty(0, np.bool_)), np.zeros(len(texts), np.intp)
    begins = np.concatenate([[True], word[1:] != word[:-1]])
    points, starts, letter = _gather(letters, _joints(letters, begins.tolist(), style.joining, rng))
    points = _set(points, letter, _settings(letters, codes, begins, style, rng), style.bend)
    _sway(points, word[letter], len(texts), style, rng)
    ends = np.concatenate([starts[1:], starts[:1]])
    inner = (~(starts | ends)).astype(np.float32)[1:-1]
    _smooth(points, inner)
    _smooth(points, inner)
    if style.haste:
        careful = np.where((codes >= ord("a")) & (codes <= ord("z")), np.float32(0), np.float32(_CARE))[letter]
        hurry(points, starts, word[letter], careful, len(texts), style.haste, rng)
    pressure = line_width(points, starts | ends, style)
    return Strokes(points[0], points[1], pressure, starts), np.searchsorted(word[letter], np.arange(1, len(texts) + 1))


def scribble(width: float, style: Style, rng: np.random.Generator) -> Strokes:
    """A run of loops that reads as no word: what stands where an annotator could not read anything.

    Args:
        width: its length, in x-heights.
        style: the hand.
        rng: gives the loops their size.
    """
    turns = min(40, max(2, round(width / float(rng.uniform(0.5, 1.1)))))
    knots = np.arange(turns + 1)
    t = np.linspace(0, turns, 16 * turns)
    high, wide, middle = (np.interp(t, knots, rng.uniform(low, top, turns + 1)) for low, top in _LOOPS)
    y = middle + high * sine(2 * math.pi * t)
    x = (
        t * (width / turns)
        + float(rng.uniform(0.2, 1)) * wide * sine(2 * math.pi * (t + 0.25))
        - (0.3 + style.slant) * y
    )
    points = np.stack([x, y]).astype(np.float32)
    at = np.arange(len(t))
    return Strokes(points[0], points[1], line_width(points, (at == 0) | (at == at[-1]), style), at == 0)


def _joints(letters: Sequence[Glyph], begins: Sequence[bool], joining: float, rng: np.random.Generator) -> list[bool]:
    """For each letter, whether the pen comes over from the letter before it, in the same word, without being lifted."""
    stays = (rng.random(len(letters), np.float32) < joining).tolist()
    before = [False, *(glyph.leaves for glyph in letters[:-1])]
    each = zip(stays, before, begins, letters, strict=True)
    return [stay and leaves and not first and glyph.enters for stay, leaves, first, glyph in each]


def _gather(letters: Sequence[Glyph], joints: Sequence[bool]) -> tuple[Numbers, Flags, Indices]:
    """The points of all letters in the order of writing: a run of joined letters, then the run's dots and bars.

    Returns:
        Points [2, n], pen-down flags [n], and for each point the index of its letter [n]. Every letter is still at its
        own origin.
    """
    parts: list[tuple[int, Numbers, Flags]] = []
    late: list[tuple[int, Numbers, Flags]] = []
    for i, (glyph, joined) in enumerate(zip(letters, joints, strict=True)):
        if not joined:
            parts += late
            late = []
        parts.append((i, glyph.body, glyph.body_goes_on if joined else glyph.body_starts))
        if len(glyph.mark_starts):
            late.append((i, glyph.marks, glyph.mark_starts))
    parts += late
    owners, points, starts = zip(*parts, strict=True)
    return np.concatenate(points, axis=1), np.concatenate(starts), np.repeat(owners, [len(part) for part in starts])


def _settings(
    letters: Sequence[Glyph], codes: NDArray[np.uint8], begins: Flags, style: Style, rng: np.random.Generator
) -> Numbers:
    """How each letter is bent and set on the line, float32 [6, letters]: phases, scales and shifts along x and y."""
    chance = rng.standard_normal((6, len(letters)), np.float32)
    settings = chance * np.array([[0.5]] * 2 + [[style.unrest]] * 4, np.float32)
    settings[:2] += style.phases[:, codes]
    settings[2:4] += 1
    settings[2] *= style.breadth
    advance = np.array([glyph.width for glyph in letters], np.float32) * settings[2] + style.spacing
    place = np.cumsum(advance) - advance
    settings[4] += place - place[begins][np.cumsum(begins) - 1]
    return settings


def _set(points: Numbers, letter: Indices, settings: Numbers, bend: float) -> Numbers:
    """Bends each letter by slow waves, then sets it on the line a little wider, higher or larger by chance."""
    each = settings.take(letter, axis=1)
    waves: Numbers = sine(points[::-1] * _WAVE + each[:2])
    waves *= bend
    waves += points
    waves *= each[2:4]
    waves += each[4:]
    return waves


def _sway(points: Numbers, word: Indices, words: int, style: Style, rng: np.random.Generator) -> None:
    """Ascenders, descenders, slant, tremor and the swing of the baseline, in place; `word` is that of each point."""
    x, y = points
    swing, phase = rng.random((words, 2)).astype(np.float32).T
    swinging = sine(x * (0.4 + 0.8 * swing)[word] + (2 * math.pi * phase)[word])
    y += (style.ascent - 1) * np.minimum(y + 1, 0) + (style.descent - 1) * np.maximum(y, 0)
    x -= style.slant * y
    y += style.drift * swinging
    wobble = rng.standard_normal((2, len(x) // 3 + 1), np.float32) * style.tremor
    points += wobble.repeat(3, axis=1)[:, : len(x)]


def _smooth(points: Numbers, inner: Numbers) -> None:
    """Rounds joints and wobble, in place: points inside a stroke move half-way to the middle of their neighbours."""
    move = points[:, :-2] + points[:, 2:]
    move *= 0.5
    move -= points[:, 1:-1]
    move *= inner * 0.5
    points[:, 1:-1] += move


def line_width(points: Numbers, tips: Flags, style: Style) -> Numbers:
    """Line width at each point relative to the pen: by direction, as from a nib, and less at both tips of a stroke.

    Args:
        points: float32 [2, n] in x-heights, n at least 2.
        tips: where strokes begin and end, bool [n].
        style: the pen.

    Returns:
        float32 [n].
    """
    step = np.empty_like(points)
    np.subtract(points[:, 2:], points[:, :-2], out=step[:, 1:-1])
    step[:, 0], step[:, -1] = step[:, 1], step[:, -2]
    dx, dy = step
    across = dx * math.sin(style.nib) + dy * math.cos(style.nib)
    turn = np.abs(across) / np.sqrt(dx * dx + dy * dy + 1e-9)
    pressure: Numbers = 1 - 0.6 * style.contrast + style.contrast * turn
    pressure *= np.where(tips, np.float32(0.75), np.float32(1))
    return pressure
