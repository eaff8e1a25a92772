"""Means over seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from htrmodel.judging.seeds import MOST_SEEDS, over_seeds


def test_mean_and_interval_are_student_s() -> None:
    found = over_seeds([1.0, 2.0, 3.0, 4.0, 5.0])
    half = 2.776 * math.sqrt(2.5) / math.sqrt(5)  # 97.5 % quantile with 4 degrees of freedom
    assert (found.value, found.low, found.high) == pytest.approx((3.0, 3.0 - half, 3.0 + half))


def test_one_seed_has_no_interval() -> None:
    found = over_seeds([0.25])
    assert found.value == 0.25
    assert math.isnan(found.low)
    assert math.isnan(found.high)


@pytest.mark.parametrize("seeds", range(2, MOST_SEEDS + 1))
def test_the_interval_holds_the_true_mean_as_often_as_it_says(seeds: int) -> None:
    draws = np.random.default_rng(seeds).normal(7.0, 2.0, (4000, seeds))
    found = [over_seeds(row.tolist()) for row in draws]
    held = np.mean([one.low <= 7.0 <= one.high for one in found])
    assert held == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize("count", [0, MOST_SEEDS + 1])
def test_other_numbers_of_seeds_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} values"):
        over_seeds([1.0] * count)
