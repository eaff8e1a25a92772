"""Whether confidences are probabilities: of the words read with a confidence p, a share p should be right.

Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from htrmodel.judging.judgement import Judgement

EDGES = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)
"""Of the rows of a table of confidences; each has its upper end."""

_BINS = 15


@dataclass(frozen=True, slots=True)
class Reliability:
    """How confidences and right readings go together.

    Attributes:
        rows: for each two of `EDGES` how many words have a confidence between them, their mean confidence, and the
            share that is read exactly; NaN where there are none.
        error: the expected calibration error over 15 bins of equal width: the mean distance between the two.
    """

    rows: tuple[tuple[int, float, float], ...]
    error: float


def reliability(judgement: Judgement) -> Reliability | None:
    """The reliability of what was read, with regard to case where that is judged; None where a confidence is missing.

    Args:
        judgement: of a system whose confidences are from 0 to 1.
    """
    pairs = judgement.pairs()
    sure = [word.confidence for word, _, _ in pairs]
    if not sure or any(one is None or not 0 <= one <= 1 for one in sure):
        return None
    return reliability_of(
        [float(one or 0.0) for one in sure], [reference == reading for _, reference, reading in pairs]
    )


def reliability_of(confidences: Sequence[float], right: Sequence[bool]) -> Reliability:
    """The reliability of some readings; at least one.

    Args:
        confidences: 0 to 1.
        right: whether each is.
    """
    sure, correct = np.asarray(confidences, np.float64), np.asarray(right, np.float64)
    rows = []
    for low, high in itertools.pairwise(EDGES):
        mine = (sure > low if low else sure >= low) & (sure <= high)
        number = int(mine.sum())
        rows.append(
            (number, *((float(sure[mine].mean()), float(correct[mine].mean())) if number else (np.nan, np.nan)))
        )
    bins = np.minimum((sure * _BINS).astype(np.int64), _BINS - 1)
    gaps = np.abs(np.bincount(bins, sure - correct, _BINS)).sum()
    return Reliability(tuple(rows), float(gaps / len(sure)))
