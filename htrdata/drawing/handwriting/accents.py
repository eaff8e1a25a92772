"""Diacritics as pens write them: letters of the Latin alphabet with one mark above or below."""

from __future__ import annotations

import functools
import unicodedata
from dataclasses import replace

import numpy as np

from htrdata.drawing.handwriting.allographs import letter_shape
from htrdata.drawing.handwriting.glyphs import CHARACTERS, Flags, Glyph, Numbers, strung

_GAP = 0.3  # x-heights between a letter and the middle of a mark
_ACUTE = ((-0.12, 0.12), (0.15, -0.2))
_DOT = ((0.06, 0.0), (0.0, 0.06), (-0.06, 0.0), (0.0, -0.06), (0.06, 0.0))
_RING = tuple((0.14 * float(np.cos(turn)), 0.14 * float(np.sin(turn))) for turn in np.linspace(0, 6.3, 9))
_POINTS = 13  # of a stroke of a mark, so that the smoothing of words does not flatten it

# The strokes of each combining mark around its middle, in x-heights; y grows downwards.
_MARKS = {
    "\u0300": (((-0.15, -0.2), (0.12, 0.12)),),
    "\u0301": (_ACUTE,),
    "\u0302": (((-0.2, 0.12), (0.0, -0.18), (0.2, 0.12)),),
    "\u0303": (((-0.26, 0.06), (-0.1, -0.1), (0.08, 0.06), (0.26, -0.1)),),
    "\u0304": (((-0.24, 0.0), (0.24, 0.0)),),
    "\u0306": (((-0.2, -0.12), (0.0, 0.1), (0.2, -0.12)),),
    "\u0307": (_DOT,),
    "\u0308": tuple(tuple((x + side, y) for x, y in _DOT) for side in (-0.18, 0.18)),
    "\u030a": (_RING,),
    "\u030b": tuple(tuple((x + side, y) for x, y in _ACUTE) for side in (-0.12, 0.12)),
    "\u030c": (((-0.2, -0.15), (0.0, 0.12), (0.2, -0.15)),),
    "\u0327": (((0.02, -0.3), (0.1, -0.12), (-0.12, 0.02)),),
    "\u0328": (((0.1, -0.3), (-0.04, -0.1), (0.14, 0.0)),),
}
_BELOW = "\u0327\u0328"


def can_be_written(text: str) -> bool:
    """Whether pens have a shape of its own for each character: the 94, and letters with one mark that is known here."""
    return all(char in CHARACTERS or _mark_of(char) for char in text)


def _mark_of(char: str) -> str:
    """The combining mark of a letter with one, empty for everything else."""
    base, mark = unicodedata.normalize("NFD", char)[:1], unicodedata.normalize("NFD", char)[1:]
    return mark if mark in _MARKS and base.isascii() and base.isalpha() else ""


def base_letters(text: str) -> str:
    """The text without the marks, character by character; others stay as they are."""
    return "".join(unicodedata.normalize("NFD", char)[0] if _mark_of(char) else char for char in text)


def _even(stroke: tuple[tuple[float, float], ...]) -> Numbers:
    """A stroke with points at equal distances, float32 [2, n]."""
    corners = np.array(stroke)
    at = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    even = np.linspace(0, at[-1], _POINTS)
    return np.stack([np.interp(even, at, corners[:, axis]) for axis in (0, 1)]).astype(np.float32)


@functools.cache
def accented_glyph(char: str, name: str) -> Glyph:
    """The shape of a letter with a mark, or of one of the 94 characters.

    Args:
        char: for which `can_be_written` is true.
        name: of the letter's shape, as for `htrdata.drawing.handwriting.allographs.letter_shape`.
    """
    mark = _mark_of(char)
    if not mark:
        return letter_shape(char, name)
    letter = letter_shape(base_letters(char), name)
    x = float(letter.body[0].min() + letter.body[0].max()) / 2
    edge = float(letter.body[1].max()) + _GAP if mark in _BELOW else float(letter.body[1].min()) - _GAP
    points, starts = strung([_even(stroke) + np.array([[x], [edge]], np.float32) for stroke in _MARKS[mark]])
    # The dot of an i or a j gives way to a mark above it.
    kept: list[Numbers] = [] if char in "íìîïĩīĭǐ" and mark not in _BELOW else [letter.marks]
    kept_starts: list[Flags] = [letter.mark_starts] if kept else []
    return replace(
        letter,
        marks=np.concatenate([*kept, points], axis=1),
        mark_starts=np.concatenate([*kept_starts, starts]),
    )
