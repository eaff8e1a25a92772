"""How far a system's confidence can be trusted, and what a threshold would leave to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htrmodel.judging.html_report.breakdown import Read
from htrmodel.judging.reliability import Reliability, reliability_of

_WANTED = (0.1, 0.05, 0.02, 0.01, 0.005)
"""Shares of wrong words that people may live with."""

_FEWEST = 20
"""Words that must be accepted before anything is said of the share of wrong ones among them."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """What becomes of the words when those below a confidence go to a person.

    Attributes:
        wanted: the share of wrong words among the others that was asked for.
        least: the confidence from which on words are taken as read.
        left: the share of all words that is left to a person.
        accepted: how many are taken as read.
        wrong: how many of these are wrong.
    """

    wanted: float
    least: float
    left: float
    accepted: int
    wrong: int


@dataclass(frozen=True, slots=True, eq=False)
class Sureness:
    """What the confidences of a system are worth.

    Attributes:
        words: that have a confidence.
        reliability: how often they are right.
        thresholds: for some shares of wrong words that people may live with; those that cannot be reached are missing.
        left: for each word, the most sure one first, the share of words that is left to a person if it is the last to
            be taken as read; of at least twenty taken so.
        wrong: the share of wrong ones among those then taken as read.
    """

    words: int
    reliability: Reliability
    thresholds: tuple[Threshold, ...]
    left: NDArray[np.float64]
    wrong: NDArray[np.float64]

    @property
    def boastful(self) -> bool:
        """Whether it is surer than it is right, on average."""
        return sum(number * (mean - right) for number, mean, right in self.reliability.rows if number) > 0


def sureness_of(pairs: Sequence[Read]) -> Sureness | None:
    """What the confidences are worth; None where fewer than twenty words have one, or one is not from 0 to 1.

    Args:
        pairs: words with reference and reading as they are compared.
    """
    known = [
        (word.confidence, reference == reading) for word, reference, reading in pairs if word.confidence is not None
    ]
    if len(known) < _FEWEST or not all(0 <= one <= 1 for one, _ in known):
        return None
    confidence = np.array([one for one, _ in known])
    right = np.array([one for _, one in known])
    order = np.argsort(-confidence, kind="stable")
    taken = np.arange(1, len(known) + 1)
    wrong = np.cumsum(~right[order]) / taken
    # Words of one confidence are taken together.
    ends = np.append(confidence[order][1:] != confidence[order][:-1], True)
    thresholds = _thresholds(confidence[order][ends], taken[ends], wrong[ends])
    shown = ends & (taken >= _FEWEST)
    found = reliability_of(confidence.tolist(), right.tolist())
    return Sureness(len(known), found, tuple(thresholds), (1 - taken / len(known))[shown], wrong[shown])


def _thresholds(
    confidence: NDArray[np.float64], taken: NDArray[np.int_], wrong: NDArray[np.float64]
) -> list[Threshold]:
    found: list[Threshold] = []
    for wanted in _WANTED:
        fit = np.flatnonzero((wrong <= wanted) & (taken >= _FEWEST))
        if len(fit) and wrong[-1] > wanted:
            last = fit[-1]
            accepted = int(taken[last])
            left = 1 - accepted / int(taken[-1])
            found.append(Threshold(wanted, float(confidence[last]), left, accepted, round(wrong[last] * accepted)))
    return found
