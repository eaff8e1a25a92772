"""Bootstrap over clusters: how far figures would move had other writers, or other pages, been drawn.

Words of one hand succeed and fail together, so that intervals over single words are far too narrow. Whole clusters are
drawn with replacement instead, as many as there are (Field and Welsh, JRSS B 2007), and the figures are ratios of sums
over the clusters drawn. Intervals are the percentiles; with fewer than about 20 clusters they are too narrow still.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from htrmodel.judging.protocol import LEVEL

_ENDS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
_DRAWS_AT_A_TIME = 4_000_000


def cluster_sums(counts: NDArray[np.float64], clusters: Sequence[str]) -> NDArray[np.float64]:
    """Adds up the words of each cluster.

    Args:
        counts: float64 [N, K], one row per word.
        clusters: the cluster of each word.

    Returns:
        float64 [C, K], the clusters in the order of their names.
    """
    names, number = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    order = np.argsort(number, kind="stable")
    if not len(names):
        return np.zeros((0, counts.shape[1]))
    sums: NDArray[np.float64] = np.add.reduceat(counts[order], np.searchsorted(number[order], np.arange(len(names))))
    return sums


def resample(sums: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """Draws clusters with replacement, as many as there are, and adds them up.

    The draws depend on the number of clusters and the seed alone: what is drawn for one system is drawn for another.

    Args:
        sums: float64 [C, K], one row per cluster.
        resamples: how often, R.
        seed: of the draws.

    Returns:
        float64 [R, K].
    """
    clusters = len(sums)
    if not clusters:
        return np.zeros((resamples, sums.shape[1]))
    draws = np.random.default_rng(seed)
    step = max(1, _DRAWS_AT_A_TIME // clusters)
    drawn = np.empty((resamples, sums.shape[1]))
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        cells = draws.integers(clusters, size=(rows, clusters)) + np.arange(rows)[:, None] * clusters
        times = np.bincount(cells.ravel(), minlength=rows * clusters).reshape(rows, clusters)
        drawn[start : start + rows] = times.astype(np.float64) @ sums
    return drawn


def interval(samples: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ends of the 95 % percentile intervals.

    Args:
        samples: float64 [R, ...], a figure in every resample; resamples in which it is NaN are left out.

    Returns:
        Two float64 [...], NaN where no resample has a figure.
    """
    flat = samples.reshape(len(samples), -1)
    ends = np.full((2, flat.shape[1]), np.nan)
    known = ~np.isnan(flat)
    ends[:, known.all(0)] = np.quantile(flat[:, known.all(0)], _ENDS, axis=0)
    for column in np.flatnonzero(known.any(0) & ~known.all(0)):
        ends[:, column] = np.quantile(flat[known[:, column], column], _ENDS)
    low, high = ends.reshape(2, *samples.shape[1:])
    return low, high


def too_few_clusters(words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where the words are all of one cluster: one writer says nothing about how others differ.

    Args:
        words: float64 [C, ...], how many words of each cluster are counted.

    Returns:
        bool [...].
    """
    few: NDArray[np.bool_] = (words > 0).sum(0) < 2
    return few


def p_value(differences: NDArray[np.float64], observed: NDArray[np.float64]) -> NDArray[np.float64]:
    """How often chance alone would give as large a difference, in either direction, if there were none.

    The differences of the resamples are moved so that their mean is 0 (Riezler and Maxwell 2005, as in sacreBLEU's
    paired bootstrap). It is a share of resamples, never below 1 / (R + 1): read it with the interval.

    Args:
        differences: float64 [R, ...], the difference in every resample.
        observed: float64 [...], the difference itself.

    Returns:
        float64 [...] in (0, 1]; NaN where a difference is.
    """
    moved = np.abs(differences - differences.mean(0))
    as_large = (moved >= np.abs(observed)).sum(0)
    return np.where(np.isnan(moved).any(0) | np.isnan(observed), np.nan, (as_large + 1) / (len(differences) + 1))
