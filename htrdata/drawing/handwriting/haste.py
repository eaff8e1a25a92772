"""What haste does to words: towards their end, or in their middle, letters flatten, run wide and slur into a line.

Care lessens how much digits, capitals and marks flatten and slur, but not how wide they run: the stretch along the line
spares nothing. Strokes of few points are never slurred, be they dots, bars or the stems of printed letters.
"""

from __future__ import annotations

import numpy as np

from htrdata.drawing.handwriting.glyphs import Flags, Indices, Numbers

_MIDDLE = -0.35  # y towards which letters collapse, in x-heights
_FLATTER = 0.6  # share of the height that is lost at most
_WIDER = 0.7  # by how much letters and joins are stretched at most
_SLURRING = 6  # how often lines are smoothed at most
_SHORT = 20  # points; strokes with fewer are not slurred: dots and bars would vanish, and stems of letters stay too
_LONG = 4.0  # x-heights; shorter words are written with more care


def hurry(
    points: Numbers, starts: Flags, word: Indices, care: Numbers, words: int, haste: float, rng: np.random.Generator
) -> None:
    """Writes words in haste, in place: some hardly differ, others end in a wave.

    Args:
        points: x and y, in x-heights, float32 [2, n]; all words, each at its own origin.
        starts: bool [n], True where the pen was put down.
        word: the word of each point, int [n].
        care: how much of the flattening and slurring is left out for each point, 0 to 1, float32 [n].
        words: how many words there are.
        haste: of the writer, 0 to 1.
        rng: where and how much each word suffers.
    """
    x, y = points
    length = np.zeros(words, np.float32)
    np.maximum.at(length, word, x)
    amount, begin, middle = rng.random((3, words), np.float32)
    amount = haste * (0.25 + 0.75 * amount) * (length / _LONG).clip(0, 1)
    at = x / np.maximum(length, 1)[word]
    begin = (0.1 + 0.5 * begin)[word]
    strength = ((at - begin) / (1 - begin)).clip(0, 1)
    # In a third of the words the end is written with care again.
    strength = np.where((middle < 0.33)[word], 4 * strength * (1 - strength), strength * (2 - strength))
    strength *= amount[word]
    # Letters are stretched by the integral of the strength, so that nothing is torn or turned back.
    x += _WIDER * amount[word] * length[word] * _stretch(at, begin, (middle < 0.33)[word])
    strength *= 1 - care
    y += (_MIDDLE - y) * (_FLATTER * strength)
    begins = np.flatnonzero(starts)
    sizes = np.diff(begins, append=len(x))
    slurred = np.repeat(sizes >= _SHORT, sizes)
    slurred[begins] = slurred[begins - 1] = False  # the ends of a stroke stay where they are
    pull = (strength * slurred)[1:-1]
    for _ in range(round(_SLURRING * haste)):
        points[:, 1:-1] += (0.5 * (points[:, :-2] + points[:, 2:]) - points[:, 1:-1]) * pull


def _stretch(at: Numbers, begin: Numbers, bump: Flags) -> Numbers:
    """The integral of the strength from a word's beginning to a place in it, both as shares of the word's length."""
    t = ((at - begin) / (1 - begin)).clip(0, 1)
    square = t * t
    cube = square * t / 3
    stretched: Numbers = np.where(bump, 4 * (square / 2 - cube), square - cube) * (1 - begin)
    return stretched
