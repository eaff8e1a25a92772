"""Whether a fine-tuning helped: start and best checkpoint read the same held-out words, and chance is told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from htrdata.labels import normal_form
from htrmodel.data.batches import Batches, standardise
from htrmodel.judging.bootstrap import cluster_sums, interval, resample
from htrmodel.judging.metrics import count
from htrmodel.judging.protocol import RESAMPLES
from htrmodel.recogniser import Recogniser
from htrmodel.training.validation import Stop

MOST = 2000
"""Words of each data set that are read twice, evenly spread: with more, the interval hardly gets narrower."""

COLUMNS = (2, 1)
"""Edits and characters, of `htrmodel.judging.metrics.COLUMNS`."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How start and best checkpoint compare on held-out words of a data set.

    Attributes:
        name: of the data set.
        before: micro CER of the start, a fraction.
        after: that of the best checkpoint.
        low: lower end of the 95 % interval of their difference, paired over writers, else pages; NaN of one alone.
        high: upper end.
        words: how many were read.
        whole: of how many that are held out.
        clusters: how many writers or pages they are of.
        lines: whether they are lines.
    """

    name: str
    before: float
    after: float
    low: float
    high: float
    words: int
    whole: int
    clusters: int
    lines: bool

    @property
    def helped(self) -> bool:
        """Whether it is surely read better."""
        return self.high < 0

    def __str__(self) -> str:
        what = "lines" if self.lines else "words"
        sample = f"{self.words:,} of {self.whole:,}" if self.words < self.whole else f"{self.words:,}"
        told = (
            f"{self.name}: CER {self.before:.2%} by the start, {self.after:.2%} by the best checkpoint, on the same "
            f"{sample} {what} held out"
        )
        return told + ("; " if np.isnan(self.low) else ": ") + self.difference

    @property
    def difference(self) -> str:
        """By how much, and whether that is sure."""
        if np.isnan(self.low):
            return "all are of one writer or page, so that nothing is sure"
        points = f"{100 * (self.after - self.before):+.2f} points [{100 * self.low:+.2f}, {100 * self.high:+.2f}]"
        sure = "surely better" if self.helped else "surely worse: forgotten" if self.low > 0 else "may be chance"
        return f"{points}, paired over {self.clusters:,} writers or pages: {sure}"


@torch.inference_mode()
def prove(
    start: Recogniser, best: Recogniser, validation: Mapping[str, Batches], batch_size: int, stop: Stop = lambda: False
) -> Iterator[Proof]:
    """Lets both read held-out words of each data set.

    Args:
        start: the weights that the training started from, for the charset of the best.
        best: the best checkpoint; both on the device of the words.
        validation: words by data set.
        batch_size: how many are read at once.
        stop: asked between batches; if it says so, nothing more comes.
    """
    for name, words in validation.items():
        counts = [_count(one, words, batch_size, stop) for one in (start, best)]
        if any(one is None for one in counts):
            return
        clusters, before = counts[0] or ([], np.zeros((0, 2)))
        after = counts[1][1] if counts[1] is not None else before
        whole = words.whole or len(words)
        yield compared(name, clusters, before, after, whole=whole, lines=best.config.reads_lines)


def compared(
    name: str,
    clusters: list[str],
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    *,
    whole: int | None = None,
    lines: bool,
) -> Proof:
    """How two readings of the same words compare.

    Args:
        name: of the data set.
        clusters: of each word, its writer or page.
        before: of each word the edits and characters by the start, float64 [N, 2].
        after: the same by the best checkpoint.
        whole: of how many words these are; None where they are all.
        lines: whether they are lines.
    """
    # Edits of both over the same characters, in the same draws.
    sums = cluster_sums(np.concatenate([before, after], 1), clusters)
    low, high = np.array(np.nan), np.array(np.nan)
    if len(sums) > 1:
        low, high = interval(_differences(resample(sums, RESAMPLES, 0)))
    total = sums.sum(0)
    return Proof(
        name=name,
        before=float(total[0] / total[1]),
        after=float(total[2] / total[3]),
        low=float(low),
        high=float(high),
        words=len(clusters),
        whole=whole or len(clusters),
        clusters=len(sums),
        lines=lines,
    )


def advice(proofs: list[Proof], best: object) -> str:
    """Which checkpoint to take, in a sentence."""
    helped = [proof.name for proof in proofs if proof.helped]
    worse = [proof.name for proof in proofs if proof.low > 0]
    if not helped:
        return f"recommended: the weights of the start, since no data set is surely read better by {best}"
    but = f"; for {', '.join(worse)} those of the start" if worse else ""
    return (
        f"recommended: {best}, which surely reads {', '.join(helped)} better{but}. It was chosen on these words, which "
        "flatters it: `htrmodel evaluate` judges it on test"
    )


def _differences(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    difference: NDArray[np.float64] = drawn[:, 2] / drawn[:, 3] - drawn[:, 0] / drawn[:, 1]
    return difference


def _count(
    recogniser: Recogniser, words: Batches, batch_size: int, stop: Stop
) -> tuple[list[str], NDArray[np.float64]] | None:
    """Of each word its cluster, edits and characters; None where it was told to stop."""
    positions = np.unique(np.linspace(0, len(words) - 1, min(MOST, len(words))).astype(np.int64))
    cluster_of = words.clusters
    recogniser.eval()
    texts: list[str] = []
    readings: list[str] = []
    clusters: list[str] = []
    for batch in words.batches(positions, batch_size):
        if stop():
            return None
        logits = recogniser(standardise(batch.images, recogniser.config))
        texts += map(normal_form, batch.texts)
        readings += [normal_form(reading.text) for reading in recogniser.tokenizer.decode(logits)]
        clusters += [cluster_of[one] for one in batch.ids]
    return clusters, count(texts, readings)[:, COLUMNS]
