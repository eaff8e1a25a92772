"""Further shapes of letters, digits and marks, as people write them: two or three for most characters.

Most are drawn by hand, in `htrdata.drawing.handwriting.allograph_table`; some are Greek letters of the Hershey fonts.
Units are those of `htrdata.drawing.handwriting.glyphs`.
"""

from __future__ import annotations

import functools
import itertools

import numpy as np
from numpy.typing import NDArray

from htrdata.drawing.handwriting.allograph_table import DRAWN
from htrdata.drawing.handwriting.glyphs import ALPHABETS, CHARACTERS, Glyph, Numbers, glyph, greek_letter, strung

_SPACING = 0.11  # x-heights between the points of a stroke
_FEWEST = 13  # points of a stroke, so that the smoothing of words does not make a dot vanish
_ROUND = 0.65  # slope of a curve at a knot relative to the way between its neighbours; 0.83 would make four a circle
_GAP = 0.2  # x-heights between letters that are not joined
_BOWLS = "adgoq"
_HIGHEST_ENTRY = 1.15  # x-heights over the baseline: a line from the letter before would cross what begins higher
_NEAR_THE_SIDE = 0.25  # x-heights from the right side; what ends further inside would be crossed by a line to the next
_BELOW_THE_LINE = 0.05  # x-heights by which the end of a letter may miss the baseline, from where a line can go on

# Greek letters that people write as Latin ones, by the letter in whose place the Hershey font has them: chi is at c.
_GREEK = {"a": "a", "d": "d", "e": "e", "p": "r", "w": "w", "x": "c"}

_DRAWN: dict[str, list[str]] = {}
for _line in DRAWN.split("\n")[1:-1]:
    _DRAWN.setdefault(_line[0], []).append(_line[2:])


def count(char: str) -> int:
    """How many further shapes a character has."""
    return len(_DRAWN.get(char, ())) + (char in _GREEK)


SHAPE_NAMES = (*ALPHABETS, *map(str, range(max(map(count, CHARACTERS)))))
"""The names of all shapes that a character can have: in each alphabet one, then the numbers of its further shapes."""


def letter_shape(char: str, name: str) -> Glyph:
    """A shape of a character.

    Args:
        char: as for `htrdata.drawing.handwriting.glyphs.glyph`.
        name: one of `SHAPE_NAMES`; a number must be below the character's `count`.
    """
    return glyph(char, name) if name in ALPHABETS else allograph(char, int(name))


@functools.cache
def allograph(char: str, number: int) -> Glyph:
    """A further shape of a character.

    Args:
        char: one of the 94 characters.
        number: from 0, below `count`.
    """
    drawn = _DRAWN.get(char, [])
    if number == len(drawn):
        return greek_letter(_GREEK[char])
    body, _, marks = drawn[number].partition("+ ")
    strokes = [_curve(stroke) for stroke in body.split("|")]
    points, starts = strung(strokes)
    marked, mark_starts = strung([_curve(stroke) for stroke in marks.split("|")] if marks else [])
    left, right = float(points[0].min()), float(points[0].max())
    runs, begin, end = char.islower(), strokes[0][:, 0], strokes[-1][:, -1]
    # A line that comes over to the right side closes what is open there and makes an e of a c; a bowl is closed anyhow.
    open_to_left = bool(begin[0] < 0.5 * (left + right)) or char in _BOWLS
    shift = np.array([[left - _GAP / 2], [0]], np.float32)
    return Glyph(
        body=points - shift,
        body_starts=starts,
        body_goes_on=starts & (np.arange(len(starts)) > 0),
        marks=marked - shift,
        mark_starts=mark_starts,
        width=right - left + _GAP,
        enters=runs and open_to_left and bool(begin[1] > -_HIGHEST_ENTRY),
        leaves=runs and bool(end[0] > right - _NEAR_THE_SIDE and end[1] <= _BELOW_THE_LINE),
    )


def _curve(description: str) -> Numbers:
    """The points of a stroke at about equal distances, float32 [2, n]."""
    tokens = description.split()
    knots = np.array([[float(number) for number in token.rstrip("!").split(",")] for token in tokens]) / 100
    turns = [i for i, token in enumerate(tokens) if token.endswith("!") and 0 < i < len(tokens) - 1]
    ends = [0, *turns, len(tokens) - 1]
    pieces = [_smooth_curve(knots[a : b + 1]) for a, b in itertools.pairwise(ends)]
    points = np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])
    return np.ascontiguousarray(points.T.astype(np.float32))


def _smooth_curve(knots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points at equal distances on a curve through knots (a cardinal spline), [n, 2]."""
    closed = bool(np.array_equal(knots[0], knots[-1]))
    before, after = (knots[-2], knots[1]) if closed else (2 * knots[0] - knots[1], 2 * knots[-1] - knots[-2])
    padded = np.concatenate([before[None], knots, after[None]])
    slopes = _ROUND * (padded[2:] - padded[:-2])
    t = np.linspace(0, 1, 17)[:-1, None]
    pieces = [
        a + (b - a) * t**2 * (3 - 2 * t) + u * t * (1 - t) ** 2 - v * t**2 * (1 - t)
        for a, b, u, v in zip(knots, knots[1:], slopes, slopes[1:], strict=False)
    ]
    fine = np.concatenate([*pieces, knots[-1:]])
    at = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(fine, axis=0).T))])
    even = np.linspace(0, at[-1], max(_FEWEST, round(at[-1] / _SPACING) + 1))
    return np.stack([np.interp(even, at, fine[:, axis]) for axis in (0, 1)], axis=1)
