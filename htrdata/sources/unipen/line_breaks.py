"""Whether a text stands in one line: where the pen went back to the left and further down, a new one begins."""

from __future__ import annotations

import numpy as np

from htrdata.sources.unipen.segments import Ink

_BACK = 0.25  # of the width of all ink; so far left of the end of what is written does a new line begin


def is_one_line(ink: Ink) -> bool:
    """Whether no line begins below another one.

    Dots, bars and marks that are added later lie to the left, too, but not below what is there. A line that slopes does
    not count as two, since heights are compared where strokes stand above each other.

    Args:
        ink: of a text, in the order of writing.
    """
    begins = np.flatnonzero(ink.starts)
    left, lower = (np.minimum.reduceat(values, begins) for values in (ink.x, ink.y))
    right, upper = (np.maximum.reduceat(values, begins) for values in (ink.x, ink.y))
    width = float(right.max() - left.min())
    usual = float(np.median((upper - lower)[upper > lower])) if (upper > lower).any() else 0.0
    end = np.maximum.accumulate(right)
    for place in np.flatnonzero(left[1:] < end[:-1] - _BACK * width) + 1:
        before = slice(0, int(place))
        near = (left[before] < right[place] + usual) & (right[before] > left[place] - usual)
        there = lower[before][near] if near.any() else lower[before]
        if float(upper[place]) < float(np.median(there)):
            return False
    return True
