"""What is doubtful about ink: taps of the pen that belong to no word, and ink that cannot be what its label says."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from htrdata.sources.unipen.segments import Ink

_TAP = 0.1  # of the height of all other strokes; what is smaller may be a tap
_AWAY = 2.5  # of that height; the gap from which on it is one
_ENOUGH = 10  # words from which on a writer's usual length is known
_LEAST, _MOST = 0.3, 2.6  # of the usual length of a letter's line
_LEAST_ALONE, _MOST_ALONE = 0.15, 4.0  # where the label is a single letter
_NEAR = 5  # words; where two that are off stand so near to each other, labels have slipped on all between them
_SMALL = frozenset(".,'-:;\"` ")


def without_taps(ink: Ink) -> Ink:
    """Leaves out dots that stand far off: where the pen closed a form or tapped a button.

    Args:
        ink: of a word.

    Returns:
        The ink without them; the same object where there are none.
    """
    begins = np.flatnonzero(ink.starts)
    if len(begins) < 2:
        return ink
    left, lower = (np.minimum.reduceat(values, begins) for values in (ink.x, ink.y))
    right, upper = (np.maximum.reduceat(values, begins) for values in (ink.x, ink.y))
    extent = np.maximum(right - left, upper - lower)
    main = extent >= 0.25 * extent.max()
    height = float(upper[main].max() - lower[main].min())
    if height == 0:
        return ink
    aside = np.maximum(left[main].min() - right, left - right[main].max())
    above = np.maximum(lower[main].min() - upper, lower - upper[main].max())
    taps = (extent < _TAP * height) & (np.maximum(aside, above) > _AWAY * height)
    if not taps.any():
        return ink
    keep = ~taps[np.cumsum(ink.starts) - 1]
    return Ink(ink.x[keep], ink.y[keep], ink.pressure[keep], ink.starts[keep])


def misaligned(words: Sequence[tuple[str, Ink, float]]) -> list[bool]:
    """Finds words whose label cannot be that of their ink.

    How long a line a writer draws for a letter hardly varies from word to word. A label of one word that stands at the
    ink of another, at a full stop or at four lines shows by a length that is far off.

    Args:
        words: of one writer, in the order of writing: label, ink and x-height in the units of the ink.

    Returns:
        For each word whether it is one. No word of a writer of few words is, as nothing usual is known.
    """
    counts = [sum(char not in _SMALL for char in text) for text, _, _ in words]
    lengths = [_length(ink) / size / max(count, 1) for (_, ink, size), count in zip(words, counts, strict=True)]
    known = [length for length, count in zip(lengths, counts, strict=True) if count]
    if len(known) < _ENOUGH:
        return [False] * len(words)
    usual = statistics.median(known)
    found = [_is_off(length / usual, count) for length, count in zip(lengths, counts, strict=True)]
    for first, second in itertools.pairwise([place for place, is_off in enumerate(found) if is_off]):
        if second - first <= _NEAR:
            found[first:second] = [True] * (second - first)
    return found


def _is_off(ratio: float, count: int) -> bool:
    least, most = (_LEAST_ALONE, _MOST_ALONE) if count == 1 else (_LEAST, _MOST)
    return count > 0 and not least <= ratio <= most


def _length(ink: Ink) -> float:
    """Of all lines, in the units of the ink."""
    steps: NDArray[np.float32] = np.hypot(np.diff(ink.x), np.diff(ink.y))
    return float(steps[~ink.starts[1:]].sum())
