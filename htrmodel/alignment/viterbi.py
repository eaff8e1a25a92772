"""Forced alignment: the most probable path of CTC (Graves et al., ICML 2006) through a text that is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htrdata.labels import least_steps
from htrmodel.tokenizer import BLANK

ANY = -1
"""Stands for a character that the model does not know: any of those that it knows will do."""


@dataclass(frozen=True, slots=True)
class Path:
    """Where each character of a text is.

    Attributes:
        first: int [L], the first step of each character.
        last: int [L], its last step, this one included.
        peak: int [L], the step in between at which it is most probable.
        score: float [L], its log-probability there.
    """

    first: NDArray[np.intp]
    last: NDArray[np.intp]
    peak: NDArray[np.intp]
    score: NDArray[np.float64]


def align(log_probabilities: NDArray[np.float32], ids: NDArray[np.int64]) -> Path | None:
    """Finds the path of the highest probability.

    Args:
        log_probabilities: float [T, C], natural logarithms; class 0 is the blank.
        ids: int [L], the classes of the text's characters in order, or `ANY`.

    Returns:
        The path; None where there are fewer steps than `htrdata.labels.least_steps` of the text, no characters, or
        no path that is possible at all.
    """
    steps, count = len(log_probabilities), len(ids)
    if not count or steps < least_steps(ids.tolist()):
        return None
    emissions = _emissions(log_probabilities, ids)
    states = 2 * count + 1
    # Blanks stand at even states. A blank is skipped between two characters that differ; of two unknown ones it is not.
    may_skip = np.zeros(states, bool)
    may_skip[3::2] = ids[1:] != ids[:-1]
    best = np.full(states, -np.inf)
    best[:2] = emissions[0, :2]
    came_from = np.zeros((steps, states), np.int8)
    for step in range(1, steps):
        ways = np.full((3, states), -np.inf)
        ways[0] = best
        ways[1, 1:] = best[:-1]
        ways[2, 2:] = np.where(may_skip[2:], best[:-2], -np.inf)
        came_from[step] = ways.argmax(0)
        best = ways.max(0) + emissions[step]
    if not np.isfinite(best[-2:]).any():
        return None
    state = states - 1 if best[-1] >= best[-2] else states - 2
    return _characters(came_from, emissions, state, count)


def _emissions(log_probabilities: NDArray[np.float32], ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Log-probability of each state at each step, [T, 2 L + 1]."""
    emissions = np.empty((len(log_probabilities), 2 * len(ids) + 1))
    emissions[:, ::2] = log_probabilities[:, BLANK : BLANK + 1]
    emissions[:, 1::2] = log_probabilities[:, np.maximum(ids, 0)]
    unknown = np.flatnonzero(ids == ANY)
    if unknown.size:
        known = np.delete(log_probabilities, BLANK, axis=1).max(1)
        emissions[:, 2 * unknown + 1] = known[:, None]
    return emissions


def _characters(came_from: NDArray[np.int8], emissions: NDArray[np.float64], state: int, count: int) -> Path:
    """Walks back from the last state and notes for each character where it begins, ends and is surest."""
    first, last = np.zeros(count, np.intp), np.full(count, -1, np.intp)
    for step in range(len(came_from) - 1, -1, -1):
        if state % 2:
            character = state // 2
            first[character] = step
            last[character] = max(last[character], step)
        state -= int(came_from[step, state])
    peak = np.array(
        [
            begin + emissions[begin : end + 1, 2 * i + 1].argmax()
            for i, (begin, end) in enumerate(zip(first, last, strict=True))
        ],
        np.intp,
    )
    return Path(first, last, peak, emissions[peak, 2 * np.arange(count) + 1])
