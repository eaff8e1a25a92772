"""The letter shapes that pens start from: the Hershey stroke alphabets, without the faults that a look at them shows.

Units: one x-height of the alphabet, in both directions. The origin is on the baseline at the left side of the letter;
x grows to the right and y downwards, so that the top of an ``x`` is at y = -1.
"""

from __future__ import annotations

import functools
import string
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from HersheyFonts import HersheyFonts
from numpy.typing import NDArray

Numbers = NDArray[np.float32]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]

ALPHABETS = ("print", "script", "copperplate")
"""Printed letters; joined letters; joined letters of a broad nib (drawn with doubled lines, which the pen fills)."""

CHARACTERS = string.printable[:-6]
"""The 94 characters that have a shape of their own; `spell` says what is drawn for others."""

# Hershey's own units: y grows downwards, the baseline is at 9 and capitals reach up to -12.
_FONT = {"print": "futural", "script": "cursive", "copperplate": "scriptc"}
_BASELINE = 9.0
_X_HEIGHT = {"print": 14.0, "script": 9.0, "copperplate": 9.0, "digits of a script": 11.5}
_GAP = 3.0  # between two letters of print
_JOIN_HEIGHT = 4.0  # Hershey's script letters end, and mostly begin, on their side lines at this height
_CLOSE = 4.0  # a stroke that begins this near to the end of the last one is written without lifting the pen

# In every alphabet the full stop, the comma, the colon and the semicolon of "rowmans" are taken, since those of the
# others hang above the baseline. Digits and marks are single lines in "futural" and "rowmans" only.
_MENDED_FROM = {".": "rowmans", ",": "rowmans", ":": "rowmans", ";": "rowmans", "`": "timesi"}
# Strokes kept of marks whose lines are doubled.
_SINGLE = {"[": (0, 2, 3), "]": (1, 2, 3), "{": (0, 2), "}": (0, 2), "`": (0,), "~": (0,), "@": (0, 2, 3)}

# Printed letters that are drawn anew: an I with bars, since without them it is an l, and the stem of the a, which comes
# before its bowl, with a tail, without which a broad pen makes an o of it.
_PRINTED_I = [((0, -12), (0, 9)), ((-5, -12), (5, -12)), ((-5, 9), (5, 9))]
_STEM_OF_A = ((6, -5), (6, 7), (7, 9), (9, 9))

_ALIKE = """
. ·•●◦∙⋅   - –—―−‐‑‒   ' ‘’‚‛′   " “”„‟″   < «≪≤   > »≫≥►→➝⇾↳   <- ←⇦   ^ ↑   x ×✗✕   / ⁄∕÷   ~ ≈   ! ¡   ? ¿
0 ∅Øø   o °   R ®   V ✓√   E €   L £₤   B ß   ae æ   AE Æ   oe œ   OE Œ   d ∂   e ε   u µμ   y γ
"""
_SIMILAR = {mark: like for like, marks in zip(_ALIKE.split()[::2], _ALIKE.split()[1::2], strict=True) for mark in marks}
_BOX = "\0"


@dataclass(frozen=True, slots=True)
class Glyph:
    """A letter of an alphabet, in the strokes that write it.

    Attributes:
        body: float32 [2, n], x and y of what is written on the way, which may join the letters before and after.
        body_starts: bool [n], True where the pen is put down.
        body_goes_on: bool [n], the same where the pen comes over from the letter before.
        marks: float32 [2, m], dots and bars that are added when the run of joined letters is complete.
        mark_starts: bool [m], True where the pen is put down.
        width: from the left to the right side of the letter.
        enters: whether the pen may come over from the letter before.
        leaves: whether the pen may go on to the letter after.
    """

    body: Numbers
    body_starts: Flags
    body_goes_on: Flags
    marks: Numbers
    mark_starts: Flags
    width: float
    enters: bool
    leaves: bool


def spell(text: str) -> str:
    """Spells a text in characters that have a shape, as a typist without the right keys would.

    Other characters are drawn as their base letter (``é`` as ``e``, ``²`` as ``2``), as a similar mark (``·`` as ``.``,
    ``€`` as ``E``) or else as an empty box. Spaces of any kind stay gaps.

    Args:
        text: any string.
    """
    if text.isascii() and text.isprintable():
        return text
    spelled = []
    for char in "".join(_SIMILAR.get(char, char) for char in text):
        for base in unicodedata.normalize("NFKD", char):
            if unicodedata.combining(base):
                continue
            spelled.append(" " if base.isspace() else _SIMILAR.get(base, base if base in CHARACTERS else _BOX))
    return "".join(spelled)


@functools.cache
def glyph(char: str, alphabet: str) -> Glyph:
    """The shape of a character in one of the `ALPHABETS`.

    Args:
        char: one of the 94 characters, a space, or what `spell` gives for an unknown character.
        alphabet: one of `ALPHABETS`.
    """
    if char == " ":
        return _glyph([], [], 0, 0.75, 1, enters=False, leaves=False)
    if char == _BOX:
        return _printed([np.array([[0, -10], [9, -10], [9, 9], [0, 9], [0, -10]], np.float32)], _X_HEIGHT["print"])
    if not char.isalpha():
        strokes = _font(_MENDED_FROM.get(char, "futural"))[char][2]
        kept = [strokes[i] for i in _SINGLE.get(char, range(len(strokes)))]
        return _printed(kept, _X_HEIGHT["print" if alphabet == "print" else "digits of a script"])
    left, right, strokes = _font(_FONT[alphabet])[char]
    if alphabet == "print":
        if char == "I":
            strokes = [np.array(stroke, np.float32) for stroke in _PRINTED_I]
        elif char == "a":
            strokes = [np.array(_STEM_OF_A, np.float32), *strokes[1:]]
        return _printed(strokes, _X_HEIGHT[alphabet], runs=char.islower())
    return _joined(strokes, left, right, _X_HEIGHT[alphabet])


def greek_letter(char: str) -> Glyph:
    """The shape of a Greek letter, by the Latin one in whose place the Hershey font has it."""
    return _printed(_font("greek")[char][2], _X_HEIGHT["print"], runs=True)


def _printed(strokes: list[Numbers], scale: float, *, runs: bool = False) -> Glyph:
    """A letter of its own. Where it `runs`, a hurried pen may drag a line to or from a neighbour, if that is short."""
    body = [stroke for stroke in strokes if not _is_dot(stroke)] or strokes
    marks = [stroke for stroke in strokes if not any(stroke is part for part in body)]
    points = np.concatenate(strokes)
    left, right = float(points[:, 0].min()), float(points[:, 0].max())
    begin, end = body[0][0], body[-1][-1]
    enters = runs and begin[0] < left + 0.5 * (right - left) and begin[1] > -6
    leaves = runs and end[0] > right - 4 and end[1] > 0
    return _glyph(body, marks, left - _GAP / 2, right + _GAP / 2, scale, enters=bool(enters), leaves=bool(leaves))


def _joined(strokes: list[Numbers], left: float, right: float, scale: float) -> Glyph:
    """A letter of a joined script, which begins and ends on its side lines; what comes after the way out is a mark."""
    ways_out = [i for i, stroke in enumerate(strokes) if abs(stroke[-1] - [right, _JOIN_HEIGHT]).max() <= 1]
    last = ways_out[-1] if ways_out else len(strokes) - 1
    body = [stroke for stroke in strokes[: last + 1] if not _is_dot(stroke)]
    marks = [stroke for stroke in strokes if not any(stroke is part for part in body)]
    enters = abs(body[0][0] - [left, _JOIN_HEIGHT]).max() <= 1
    return _glyph(body, marks, left, right, scale, enters=bool(enters), leaves=bool(ways_out))


def _is_dot(stroke: Numbers) -> bool:
    """Whether a stroke is the dot of an i or a j."""
    return bool(np.ptp(stroke, axis=0).max() <= 2 and stroke[:, 1].max() < 0)


def _glyph(
    body: list[Numbers], marks: list[Numbers], left: float, right: float, scale: float, *, enters: bool, leaves: bool
) -> Glyph:
    """Smooths the strokes and brings them from Hershey's units and origin to ours."""
    origin = np.array([left, _BASELINE], np.float32)
    points, starts = strung([(_smooth(stroke) - origin).T / scale for stroke in _without_lifts(body)])
    marked, mark_starts = strung([(_smooth(stroke) - origin).T / scale for stroke in marks])
    return Glyph(
        body=points,
        body_starts=starts,
        body_goes_on=starts & (np.arange(len(starts)) > 0),
        marks=marked,
        mark_starts=mark_starts,
        width=(right - left) / scale,
        enters=enters,
        leaves=leaves,
    )


def strung(strokes: Sequence[Numbers]) -> tuple[Numbers, Flags]:
    """Strokes, each float32 [2, m], one after the other: points, float32 [2, n], and bool [n] where one begins."""
    if not strokes:
        return np.empty((2, 0), np.float32), np.empty(0, np.bool_)
    starts = np.concatenate([np.arange(stroke.shape[1]) == 0 for stroke in strokes])
    return np.ascontiguousarray(np.concatenate(strokes, axis=1)), starts


def _without_lifts(strokes: list[Numbers]) -> list[Numbers]:
    """Joins strokes of which one begins where, or almost where, the one before it ends."""
    joined: list[Numbers] = []
    for stroke in strokes:
        if joined and np.hypot(*(stroke[0] - joined[-1][-1])) < _CLOSE:
            joined[-1] = np.concatenate([joined[-1], stroke])
        else:
            joined.append(stroke)
    return joined


def _smooth(stroke: Numbers) -> Numbers:
    """Rounds a polyline of whole numbers: steps of about two units, then corners cut once (Chaikin); ends stay."""
    at = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    even = np.linspace(0, at[-1], max(5, round(at[-1] / 2) + 1))
    points = np.stack([np.interp(even, at, stroke[:, 0]), np.interp(even, at, stroke[:, 1])], axis=1)
    cut = np.empty((2 * len(points), 2), np.float32)
    cut[0], cut[-1] = points[0], points[-1]
    cut[1:-1:2] = 0.75 * points[:-1] + 0.25 * points[1:]
    cut[2::2] = 0.25 * points[:-1] + 0.75 * points[1:]
    return cut


@functools.cache
def _font(name: str) -> dict[str, tuple[float, float, list[Numbers]]]:
    """The left side, the right side and the strokes of each character of a Hershey font."""
    font = HersheyFonts()
    font.load_default_font(name)
    return {
        char: (
            letter.left_offset,
            letter.left_offset + letter.char_width,
            [np.array(stroke, np.float32) for stroke in letter.strokes if stroke],
        )
        for char, letter in font.all_glyphs.items()
        if char in CHARACTERS
    }
