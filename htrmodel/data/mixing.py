"""Which data sets are trained on, in what shares, and in what order: all of it a function of the seed.

The order is not stored: every batch of every epoch can be computed by itself, so a training that was stopped goes on
from the number of the epoch and of the batch alone.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import UsageError

Positions = NDArray[np.int64]


def parse_mix(items: Sequence[str]) -> dict[str, float | None]:
    """Reads which data sets are asked for, as in ``imgur5k:0.5 iam_aachen:0.5``.

    Args:
        items: each ``NAME`` or ``NAME:RATIO``; the ratios are weights and need not sum to 1. A name with a slash is the
            path of a data set, or of a whole store, elsewhere.

    Returns:
        The ratio of each data set; all None where none was given: then every word comes equally often.

    Raises:
        UsageError: a name comes twice, a ratio is no positive number, or only some have one.
    """
    ratios: dict[str, float | None] = {}
    for item in items:
        name, colon, text = item.rpartition(":") if ":" in item else (item, "", "")
        if not name or name in ratios:
            raise UsageError(f"--mix {item!r}: " + ("it has no name" if not name else f"{name} comes twice"))
        ratios[name] = _ratio(item, text) if colon else None
    without = [name for name, ratio in ratios.items() if ratio is None]
    if without and len(without) < len(ratios):
        raise UsageError(f"--mix gives no ratio for {', '.join(without)}: give one for each data set, or for none")
    return ratios


def _ratio(item: str, text: str) -> float:
    try:
        ratio = float(text)
    except ValueError:
        ratio = math.nan
    if not 0 < ratio < math.inf:
        raise UsageError(f"--mix {item!r}: {text!r} is no ratio; give a positive number, as in imgur5k:0.5")
    return ratio


def shares(ratios: Sequence[float], batch_size: int) -> list[int]:
    """How many words of a batch each data set has: the ratios, rounded by largest remainders, summing to the batch.

    Raises:
        UsageError: a data set would have none.
    """
    exact = [ratio * batch_size / sum(ratios) for ratio in ratios]
    counts = [math.floor(value) for value in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: counts[i] - exact[i])
    for i in by_remainder[: batch_size - sum(counts)]:
        counts[i] += 1
    if 0 in counts:
        raise UsageError(f"a ratio of {ratios[counts.index(0)]:g} has no word in a batch of {batch_size}: enlarge one")
    return counts


class Order(Protocol):
    """What says which words are in which batch.

    Attributes:
        batches_per_epoch: how many there are.
    """

    batches_per_epoch: int

    def batch(self, epoch: int, number: int) -> Positions:
        """The positions of the words of a batch; see `TrainingOrder.batch`."""


class TrainingOrder:
    """The words of each batch.

    Every data set, or all together where there are no ratios, is gone through again and again, each time in another
    order, and each batch takes its share from where the last one stopped: over time every word comes equally often, and
    all batches have one size. An epoch is as many batches as all words together fill, the last one included.

    Args:
        sizes: the number of words of each data set, each at least 1.
        batch_size: words in a batch.
        ratios: of the data sets in a batch, in any unit; None to take them as one.
        together: with ratios, how many data sets, one after the other, share each; None for one each.
        seed: equal seeds give equal orders (with one version of numpy).

    Attributes:
        batches_per_epoch: how many there are.
        turns: how often an epoch has a word of each data set, or of those that share a ratio.

    Raises:
        UsageError: the batch is larger than all data sets together, or a data set would have no word in it.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        batch_size: int,
        *,
        ratios: Sequence[float] | None = None,
        together: Sequence[int] | None = None,
        seed: int = 0,
    ) -> None:
        total = sum(sizes)
        if not 1 <= batch_size <= total:
            raise UsageError(
                f"a batch of {batch_size:,} words cannot be taken from {total:,}: give --batch-size 1 to {total}"
            )
        self.batches_per_epoch = -(-total // batch_size)
        streams = [total] if ratios is None else _sums(sizes, together or [1] * len(sizes))
        counts = shares(ratios, batch_size) if ratios is not None else [batch_size]
        starts = np.cumsum([0, *streams])
        self._streams = [
            _Stream(int(start), size, count, (seed, number))
            for number, (start, size, count) in enumerate(zip(starts, streams, counts, strict=False))
        ]
        self.turns = [self.batches_per_epoch * one.share / one.size for one in self._streams]

    def batch(self, epoch: int, number: int) -> Positions:
        """The positions of the words of a batch, counted over all data sets in their order.

        Args:
            epoch: counted from 0.
            number: of the batch in the epoch, from 0 to `batches_per_epoch` - 1.
        """
        step = epoch * self.batches_per_epoch + number
        return np.concatenate([stream.take(step) for stream in self._streams])

    def batches(self, epoch: int, first: int = 0) -> Iterator[Positions]:
        """The batches of an epoch, from one of them on."""
        return (self.batch(epoch, number) for number in range(first, self.batches_per_epoch))


def _sums(sizes: Sequence[int], together: Sequence[int]) -> list[int]:
    each = iter(sizes)
    return [sum(itertools.islice(each, count)) for count in together]


class _Stream:
    """The words of a data set, all of them in a new order again and again."""

    def __init__(self, start: int, size: int, share: int, seed: tuple[int, int]) -> None:
        self.start = start
        self.size = size
        self.share = share
        self.seed = seed
        self._orders: dict[int, Positions] = {}

    def take(self, step: int) -> Positions:
        """The positions of the share of a batch, the first of which is step 0."""
        turns, places = np.divmod(np.arange(step * self.share, (step + 1) * self.share), self.size)
        wanted = range(int(turns[0]), int(turns[-1]) + 1)
        self._orders = {turn: self._orders[turn] if turn in self._orders else self._order(turn) for turn in wanted}
        return np.concatenate([self._orders[turn][places[turns == turn]] for turn in wanted])

    def _order(self, turn: int) -> Positions:
        order = np.random.default_rng([*self.seed, turn]).permutation(self.size)
        return self.start + order.astype(np.int64)
