"""How large a hand is: the height of an ``x``, and where the line of writing is, from words and their labels."""

from __future__ import annotations

import statistics
import string
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from htrdata.sources.unipen.segments import Ink

_ABOVE, _BELOW = 0.85, 0.75  # of an x-height: how far letters reach above small ones, and below the line
_HIGH = frozenset("bdfhijklt" + string.ascii_uppercase + string.digits)
_LOW = frozenset("gjpqy")
_WITHIN = 1.4  # a word's own x-height counts as far as it is within this factor of its writer's


def x_heights(words: Sequence[tuple[str, Ink]]) -> list[tuple[float, float]]:
    """Estimates the size of words of one writer.

    A word is as high as its letters say: ``mono`` one x-height, ``ping`` with a part above and one below. The median
    over all words is the writer's; a word's own counts within limits.

    Args:
        words: labels and ink, which is there.

    Returns:
        For each word the x-height and how high the line of writing lies, in the units of its ink.
    """
    own = [_own(text, ink) for text, ink in words]
    known = [height for height in own if height]
    usual = statistics.median(known) if known else 0.0
    found = []
    for (text, ink), height in zip(words, own, strict=True):
        size = min(max(height, usual / _WITHIN), usual * _WITHIN) if height else usual
        size = size or max(_extent(ink.x), _extent(ink.y)) or 1.0
        found.append((size, float(ink.y.min()) + (_BELOW * size if _LOW & set(text) else 0.0)))
    return found


def _own(text: str, ink: Ink) -> float:
    """The x-height that a word's height tells; 0 where its label, or ink without height, tells none."""
    if not any(char.isalnum() for char in text):
        return 0.0
    return _extent(ink.y) / (1 + _ABOVE * bool(_HIGH & set(text)) + _BELOW * bool(_LOW & set(text)))


def _extent(values: NDArray[np.float32]) -> float:
    return float(values.max() - values.min())
