"""Forced alignment against all paths, written out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from htrdata.labels import least_steps
from htrmodel.alignment.viterbi import ANY, align


def best_by_all_paths(log_probabilities: np.ndarray, ids: list[int]) -> float:
    """The probability, as a log, of the best of all paths that read as the text."""
    steps, classes = log_probabilities.shape
    best = -np.inf
    for path in itertools.product(range(classes), repeat=steps):
        read = [one for one, _ in itertools.groupby(path) if one]
        if read == ids:
            best = max(best, sum(log_probabilities[step, one] for step, one in enumerate(path)))
    return best


@pytest.mark.parametrize("ids", [[1], [1, 2], [1, 1], [2, 1, 2], [2, 2, 1]])
@pytest.mark.parametrize("seed", range(4))
def test_the_path_is_the_best_of_all(ids: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    logs = np.log(random.dirichlet(np.ones(3), size=6)).astype(np.float32)
    path = align(logs, np.array(ids))
    assert path is not None
    # The path from its pieces: characters at their steps, blanks at the others.
    steps = np.zeros(6, int)
    for one, first, last in zip(ids, path.first, path.last, strict=True):
        assert first <= last
        steps[first : last + 1] = one
    assert [one for one, _ in itertools.groupby(steps) if one] == ids
    assert logs[np.arange(6), steps].sum() == pytest.approx(best_by_all_paths(logs, ids), abs=1e-5)
    for i, one in enumerate(ids):
        own = logs[path.first[i] : path.last[i] + 1, one]
        assert path.peak[i] == path.first[i] + own.argmax()
        assert path.score[i] == pytest.approx(own.max())


def test_a_text_needs_a_step_a_character_and_a_blank_between_equal_ones() -> None:
    logs = np.log(np.full((3, 3), 1 / 3, np.float32))
    assert least_steps([1, 1, 2]) == least_steps("aab") == 4
    assert align(logs, np.array([1, 1, 2])) is None
    assert align(logs, np.array([1, 2, 1])) is not None
    assert align(logs, np.array([], np.int64)) is None


def test_any_takes_the_most_probable_character_but_no_blank() -> None:
    probabilities = np.full((4, 4), 0.05)
    for step, one in enumerate((1, 0, 3, 2)):
        probabilities[step, one] = 0.85
    path = align(np.log(probabilities).astype(np.float32), np.array([1, ANY, 2]))
    assert path is not None
    assert path.peak.tolist() == [0, 2, 3]
    assert np.exp(path.score) == pytest.approx([0.85] * 3)


def test_a_text_of_probability_zero_has_no_path() -> None:
    seen = np.full((6, 3), -np.inf, np.float32)
    seen[:, 0] = 0
    assert align(seen, np.array([1, 2])) is None
