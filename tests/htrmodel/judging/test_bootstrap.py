from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from htrmodel.judging import bootstrap
from htrmodel.judging.bootstrap import cluster_sums, interval, p_value, resample, too_few_clusters


def ratios(sums: np.ndarray) -> np.ndarray:
    quotient: np.ndarray = sums[..., 0] / sums[..., 1]
    return quotient


def draw_writers(draws: np.random.Generator, writers: int, skill: np.ndarray | None = None) -> np.ndarray:
    """Errors and words of some writers who differ in how legible they are: float64 [writers, 2]."""
    words = draws.integers(20, 100, writers)
    rate = draws.beta(2, 14, writers) if skill is None else skill
    return np.stack([draws.binomial(words, rate), words], axis=1).astype(float)


class TestClusterSums:
    @given(rows=st.lists(st.tuples(st.sampled_from("bac"), st.integers(-5, 5)), max_size=20))
    def test_adds_up_by_name(self, rows: list[tuple[str, int]]) -> None:
        expected: dict[str, int] = defaultdict(int)
        for name, number in rows:
            expected[name] += number
        counts = np.array([[number, 1] for _, number in rows], dtype=float).reshape(-1, 2)
        sums = cluster_sums(counts, [name for name, _ in rows])
        assert sums[:, 0].tolist() == [expected[name] for name in sorted(expected)]
        assert sums[:, 1].sum() == len(rows)


class TestResample:
    SUMS = np.random.default_rng(0).integers(0, 9, (7, 3)).astype(float)

    def test_is_drawing_with_replacement(self) -> None:
        drawn = np.random.default_rng(5).integers(7, size=(40, 7))
        assert np.allclose(resample(self.SUMS, 40, 5), self.SUMS[drawn].sum(1))

    def test_pieces_do_not_matter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = resample(self.SUMS, 40, 5)
        monkeypatch.setattr(bootstrap, "_DRAWS_AT_A_TIME", 20)
        assert np.array_equal(resample(self.SUMS, 40, 5), whole)

    def test_draws_depend_on_the_clusters_alone(self) -> None:
        both = resample(np.hstack([self.SUMS, 2 * self.SUMS]), 40, 5)
        assert np.allclose(both[:, 3:], 2 * resample(self.SUMS, 40, 5))
        assert not np.array_equal(resample(self.SUMS, 40, 6), resample(self.SUMS, 40, 5))

    def test_no_cluster(self) -> None:
        assert resample(np.zeros((0, 4)), 10, 0).tolist() == [[0] * 4] * 10


class TestInterval:
    def test_is_the_middle_of_the_resamples(self) -> None:
        samples = np.stack([np.linspace(0, 1, 1001), np.linspace(10, 0, 1001)], axis=1)
        low, high = interval(np.random.default_rng(0).permutation(samples))
        assert low == pytest.approx([0.025, 0.25])
        assert high == pytest.approx([0.975, 9.75])

    def test_resamples_without_figure_are_left_out(self) -> None:
        samples = np.full((1001, 1, 2), np.nan)
        samples[:101, 0, 0] = np.linspace(0, 1, 101)
        low, high = interval(samples)
        assert (low[0, 0], high[0, 0]) == (pytest.approx(0.025), pytest.approx(0.975))
        assert np.isnan([low[0, 1], high[0, 1]]).all()

    def test_single_words_give_the_binomial_interval(self) -> None:
        wrong = np.random.default_rng(1).random(5000) < 0.2
        sums = cluster_sums(np.stack([wrong, np.ones(5000)], 1).astype(float), [str(i) for i in range(5000)])
        low, high = interval(ratios(resample(sums, 2000, 0)))
        rate = wrong.mean()
        half = 1.96 * np.sqrt(rate * (1 - rate) / 5000)
        assert low == pytest.approx(rate - half, abs=0.05 * half)
        assert high == pytest.approx(rate + half, abs=0.05 * half)

    def test_words_that_fail_together_widen_it(self) -> None:
        """Clusters of 16 words that are all right or all wrong hold as much as one word each: 4 times as wide."""
        wrong = np.random.default_rng(2).random(400) < 0.3
        alone = np.stack([np.repeat(wrong, 16), np.ones(6400)], 1).astype(float)
        low, high = interval(ratios(resample(alone, 2000, 0)))
        sums = cluster_sums(alone, [str(i // 16) for i in range(6400)])
        wider_low, wider_high = interval(ratios(resample(sums, 2000, 0)))
        assert (wider_high - wider_low) / (high - low) == pytest.approx(4, rel=0.1)

    def test_holds_the_truth_as_often_as_it_says(self) -> None:
        draws = np.random.default_rng(3)
        truth = ratios(draw_writers(draws, 200_000).sum(0))
        held = naive = 0
        for _ in range(300):
            sums = draw_writers(draws, 100)
            low, high = interval(ratios(resample(sums, 400, 0)))
            held += bool(low <= truth <= high)
            rate, words = ratios(sums.sum(0)), sums[:, 1].sum()
            naive += bool(abs(rate - truth) <= 1.96 * np.sqrt(rate * (1 - rate) / words))
        assert 0.90 <= held / 300 <= 0.98
        assert naive / 300 < 0.7  # what drawing single words would give


class TestPValue:
    def test_system_against_itself(self) -> None:
        assert p_value(np.zeros((100, 2)), np.zeros(2)).tolist() == [1, 1]

    def test_far_beyond_chance(self) -> None:
        drawn = np.random.default_rng(0).normal(5, 1, 999)
        assert p_value(drawn, np.array(5.0)) == 1 / 1000
        assert p_value(-drawn, np.array(-5.0)) == 1 / 1000

    def test_share_by_hand(self) -> None:
        drawn = np.array([1.0, 2.0, 3.0, 4.0, 5.0])  # moved: -2 -1 0 1 2; as far from 0 as 2: two of five
        assert p_value(drawn, np.array(2.0)) == (2 + 1) / (5 + 1)

    def test_unknown(self) -> None:
        assert np.isnan(p_value(np.array([[1.0], [np.nan]]), np.array([1.0]))).all()

    def test_is_seldom_small_without_a_difference(self) -> None:
        draws = np.random.default_rng(4)
        small = 0
        for _ in range(200):
            skill = draws.beta(2, 14, 100)
            sums = np.hstack([draw_writers(draws, 100, skill), draw_writers(draws, 100, skill)])
            drawn = resample(sums, 300, 0)
            observed = ratios(sums.sum(0)[2:]) - ratios(sums.sum(0)[:2])
            small += bool(p_value(ratios(drawn[:, 2:]) - ratios(drawn[:, :2]), observed) < 0.05)
        assert small / 200 < 0.1


def test_too_few_clusters() -> None:
    assert too_few_clusters(np.array([[3.0, 1, 0], [2, 0, 0]])).tolist() == [False, True, True]
    assert too_few_clusters(np.zeros((0, 2))).tolist() == [True, True]
