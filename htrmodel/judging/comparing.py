"""Compares two systems by the same words and the same draws: a paired bootstrap over writers or pages."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from htrdata.errors import UsageError
from htrmodel.judging.blocks import Block, block_figures
from htrmodel.judging.bootstrap import interval, p_value
from htrmodel.judging.judgement import Judgement, compared, in_case
from htrmodel.judging.metrics import METRICS, count
from htrmodel.judging.protocol import LEVEL, RESAMPLES
from htrmodel.judging.setting import Case
from htrmodel.judging.subsets import subsets

Over = Literal["every-word", "read-by-both"]

FORMAT = "htrmodel-comparison/1"
"""The version of the JSON; it changes when a reader of the last one would go wrong."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of two systems, as fractions, and how they differ. NaN where there is none.

    Attributes:
        first: of the first system.
        second: of the second.
        difference: second less first; see `htrmodel.judging.metrics.METRICS` for which way is better.
        low: lower end of the 95 % interval of the difference.
        high: its upper end.
        p: see `htrmodel.judging.bootstrap.p_value`.
    """

    first: float
    second: float
    difference: float
    low: float
    high: float
    p: float

    def as_json(self) -> dict[str, float | None]:
        """The numbers by name, null where there is none."""
        return {name: None if math.isnan(number) else number for name, number in dataclasses.asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Differences:
    """The differences over one subset of the words.

    Attributes:
        subset: its name; see `htrmodel.judging.subsets.SUBSETS`.
        case: whether ``A`` for ``a`` is a mistake.
        over: ``every-word``: what a system leaves out counts as wrong; ``read-by-both``: only words that neither
            leaves out.
        words: how many.
        metrics: by name.
    """

    subset: str
    case: Case
    over: Over
    words: int
    metrics: dict[str, Difference]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two systems differ on a split.

    Attributes:
        first: the judgement of the one.
        second: that of the other.
        resamples: of the bootstrap.
        seed: of the bootstrap.
        differences: of every subset that both have alike.
    """

    first: Judgement
    second: Judgement
    resamples: int
    seed: int
    differences: tuple[Differences, ...]

    def find(self, subset: str = "all", case: Case | None = None, over: Over = "every-word") -> Differences:
        """The differences over one subset; where no case is given, with regard to it if there are such figures.

        Raises:
            KeyError: there are none.
        """
        wanted = (subset, case or self.differences[0].case, over)
        for found in self.differences:
            if (found.subset, found.case, found.over) == wanted:
                return found
        raise KeyError(f"no differences over {wanted}")

    def as_json(self) -> dict[str, Any]:
        """The comparison as JSON can hold it."""
        rows = []
        for found in self.differences:
            metrics = {name: difference.as_json() for name, difference in found.metrics.items()}
            plain = {name: getattr(found, name) for name in ("subset", "case", "over", "words")}
            rows.append({**plain, "metrics": metrics})
        systems = {
            place: {
                "system": judgement.system,
                "signature": judgement.find(case=self.differences[0].case, left_out="wrong").signature,
            }
            for place, judgement in (("first", self.first), ("second", self.second))
        }
        sampling = {"resamples": self.resamples, "seed": self.seed, "level": LEVEL}
        return {"format": FORMAT, **systems, **sampling, "differences": rows}


def compare(
    first: Judgement,
    second: Judgement,
    *,
    training_labels: Collection[str] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """Compares two systems that were judged by the same references.

    Both get the same draws of writers or pages, so that what is hard for both does not blur the difference.

    Args:
        first: the judgement of the one.
        second: that of the other.
        training_labels: of `htrmodel.judging.judging.training_labels`, to compare over seen and unseen words apart.
        resamples: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        UsageError: they were judged by other splits or other references.
    """
    ours, theirs = first.setting, second.setting
    if (ours.split, ours.references) != (theirs.split, theirs.references):
        raise UsageError(
            f"{first.system} was judged by {ours.dataset} {ours.split} (references {ours.references[:12]}), "
            f"{second.system} by {theirs.dataset} {theirs.split} (references {theirs.references[:12]}): "
            "judge both by the same words of the same store"
        )
    cases: list[Case] = [case for case in first.cases if case in second.cases]
    at = {word.id: word for word in second.words}
    others = dataclasses.replace(second, words=tuple(at[word.id] for word in first.words))
    blocks = [block for case in cases for block in _blocks(first, others, case, training_labels)]
    clusters = [word.cluster for word in first.words]
    found = tuple(_differences(blocks, clusters, resamples, seed))
    return Comparison(first, second, resamples, seed, found)


def _blocks(first: Judgement, second: Judgement, case: Case, training: Collection[str] | None) -> list[Block[Over]]:
    references, readings = compared(first.words, case)
    counts = np.stack([count(references, readings), count(*compared(second.words, case))], axis=1)
    by_both = np.array(
        [not (a.left_out or b.left_out) for a, b in zip(first.words, second.words, strict=True)], dtype=bool
    )
    blocks: list[Block[Over]] = []
    for subset, chosen in subsets(first.words, references, in_case(training, case)).items():
        has_left_out = bool((chosen & ~by_both).any())
        blocks.append(Block(subset, case, "every-word", counts * chosen[:, None, None], has_left_out))
        blocks.append(Block(subset, case, "read-by-both", counts * (chosen & by_both)[:, None, None], False))
    return blocks


def _differences(
    blocks: Sequence[Block[Over]], clusters: Sequence[str], resamples: int, seed: int
) -> Iterator[Differences]:
    found = block_figures(blocks, clusters, resamples=resamples, seed=seed)
    ours, theirs = found.values[:, 0], found.values[:, 1]
    drawn = found.drawn[:, :, 1] - found.drawn[:, :, 0]
    observed = theirs - ours
    numbers = np.stack([ours, theirs, observed, *interval(drawn), p_value(drawn, observed)], axis=2).tolist()
    for position, block in enumerate(blocks):
        metrics = {name: Difference(*row) for name, row in zip(METRICS, numbers[position], strict=True)}
        yield Differences(block.subset, block.case, block.kind, found.words(position), metrics)
