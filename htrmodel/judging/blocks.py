"""Blocks: the words that one figure is over, with what one system or several read of them; and the figures of many.

All blocks are drawn together, so that figures of different blocks and systems are of the same draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from htrmodel.judging.bootstrap import cluster_sums, resample, too_few_clusters
from htrmodel.judging.metrics import COLUMNS, METRICS, figures
from htrmodel.judging.setting import Case

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True, eq=False)
class Block(Generic[Kind]):
    """Some of the words, and what is counted for them.

    Attributes:
        subset: of the words; see `htrmodel.judging.subsets.SUBSETS`.
        case: whether ``A`` for ``a`` is a mistake.
        kind: what becomes of words that a system leaves out.
        counts: float64 [N, S, 7] for N words and S systems, see `htrmodel.judging.metrics.count`; zero for the words
            that are not in the block.
        has_left_out: whether words count that a system leaves out.
    """

    subset: str
    case: Case
    kind: Kind
    counts: NDArray[np.float64]
    has_left_out: bool


@dataclass(frozen=True, slots=True, eq=False)
class BlockFigures:
    """The figures of B blocks and S systems, in the order of `htrmodel.judging.metrics.METRICS`.

    Attributes:
        totals: what is counted, float64 [B, S, 7].
        values: the figures, float64 [B, S, 6]; NaN where there is none.
        drawn: those of R resamples, float64 [R, B, S, 6]; NaN also where all words are of one cluster.
    """

    totals: NDArray[np.float64]
    values: NDArray[np.float64]
    drawn: NDArray[np.float64]

    def words(self, block: int) -> int:
        """How many words a block has."""
        return int(self.totals[block, 0, COLUMNS.index("words")])

    def characters(self, block: int) -> int:
        """The code points of their references."""
        return int(self.totals[block, 0, COLUMNS.index("characters")])


def block_figures(blocks: Sequence[Block[Kind]], clusters: Sequence[str], *, resamples: int, seed: int) -> BlockFigures:
    """Computes the figures of blocks, as they are and in resamples.

    Args:
        blocks: over the same N words and for as many systems.
        clusters: what each word is drawn with.
        resamples: how often is drawn.
        seed: of the draws.
    """
    counts = np.stack([block.counts for block in blocks], axis=1)  # [N, B, S, 7]
    shape = counts.shape[1:]
    sums = cluster_sums(counts.reshape(len(counts), -1), clusters)
    totals = sums.sum(0).reshape(shape)
    values = figures(totals)
    drawn = figures(resample(sums, resamples, seed).reshape(-1, *shape))
    drawn[:, too_few_clusters(sums.reshape(-1, *shape)[:, :, 0, COLUMNS.index("words")])] = np.nan
    # AttentionHTR's figure takes nothing read for right: over words that nobody tried to read it would be a reward.
    undefined = [block.has_left_out for block in blocks]
    of_attentionhtr = list(METRICS).index("attentionhtr_norm_ed")
    values[undefined, :, of_attentionhtr] = np.nan
    drawn[:, undefined, :, of_attentionhtr] = np.nan
    return BlockFigures(totals, values, drawn)
