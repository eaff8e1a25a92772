"""A figure from several trainings that differ in their seed alone: the mean, and how far chance moves it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from htrmodel.judging.judgement import Figure

_QUANTILES = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""97.5 % quantiles of Student's t with 1, 2, … degrees of freedom."""

MOST_SEEDS = len(_QUANTILES) + 1


def over_seeds(values: Sequence[float]) -> Figure:
    """The mean, with its 95 % interval by Student's t.

    That is about other seeds on the same words; a bootstrap over writers or pages is about other words.

    Args:
        values: the figure of each training, at most `MOST_SEEDS`.

    Returns:
        Mean and interval in the unit of the values; of one value the interval is NaN.

    Raises:
        ValueError: there is no value, or there are too many.
    """
    if not 1 <= len(values) <= MOST_SEEDS:
        raise ValueError(f"{len(values)} values: an interval over seeds is made of 1 to {MOST_SEEDS}")
    mean = statistics.fmean(values)
    if len(values) == 1:
        return Figure(mean, math.nan, math.nan)
    half = _QUANTILES[len(values) - 2] * statistics.stdev(values) / math.sqrt(len(values))
    return Figure(mean, mean - half, mean + half)
