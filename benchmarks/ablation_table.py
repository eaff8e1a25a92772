"""How well what ablations trained reads held-out writers, and how it compares: for `ablations.py`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from htrdata.labels import normal_form
from htrdata.store.reading import open_store
from htrmodel.evaluation.reading import read_split
from htrmodel.judging.bootstrap import cluster_sums, interval, resample
from htrmodel.judging.metrics import COLUMNS, count
from htrmodel.judging.protocol import RESAMPLES
from htrmodel.recogniser import Recogniser

SETS = ("unipen", "copiste")
START, REFERENCE = "start", "modern"
"""Names of what was not trained at all, and of what all are compared with."""

KEPT = tuple(COLUMNS.index(name) for name in ("words", "characters", "edits", "wrong"))


def judge(recogniser: Recogniser, store: Path) -> dict[str, dict[str, list[float]]]:
    """Reads all test words: of each data set and writer the numbers of words, characters, edits and wrong words."""
    found = {}
    for name in SETS:
        dataset = open_store(store).dataset(name)
        rows = dataset.manifest(["split", "status", "id", "writer", "text"])
        rows = rows[(rows.split == "test") & (rows.status == "kept")]
        read = read_split(recogniser, dataset, "test", workers=1).texts
        counts = count([normal_form(text) for text in rows.text], [normal_form(read[one]) for one in rows.id])
        writers = rows.writer.astype(str).to_list()
        sums = cluster_sums(counts[:, KEPT], writers)
        found[name] = dict(zip(sorted(set(writers)), sums.tolist(), strict=True))
    return found


@dataclass(frozen=True)
class Measured:
    """A run that is over.

    Attributes:
        name: of the change.
        seed: of the run.
        steps: that it took.
        words: that it learnt from, in thousands, each as often as it came.
        seconds: of the CPU, in these steps.
        sums: what `judge` returned.
    """

    name: str
    seed: int
    steps: int
    words: float
    seconds: float
    sums: dict[str, dict[str, list[float]]]


def measured(out: Path) -> list[Measured]:
    """The runs of the folder that are over."""
    path = out / "measured.jsonl"
    return [Measured(**json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []


def sums_of(runs: Sequence[Measured], names: Sequence[str] = SETS) -> NDArray[np.float64]:
    """Of each writer of these data sets what the runs counted together, float64 [W, 4]."""
    together = sum(np.array([one.sums[name][who] for name in names for who in sorted(one.sums[name])]) for one in runs)
    return np.asarray(together, np.float64)


def rates(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """CER and WER in %, [..., 2], of sums [..., 4]."""
    return 100 * sums[..., (2, 3)] / sums[..., (1, 0)]


def table(runs: Sequence[Measured], titles: Mapping[str, str]) -> Iterator[str]:
    """All changes as Markdown; each difference is from `modern` with the same seeds, over the writers of both sets.

    Args:
        runs: that are over.
        titles: of the changes by name, in the order of the rows.
    """
    yield "| recipe, or `modern` with | seeds | words, thousands | UNIPEN | Copiste | CER beside it, points | WER |"
    yield "|---" * 7 + "|"
    of = {(one.name, one.seed): one for one in runs}
    for name in [name for name in titles if any(one.name == name for one in runs)]:
        seeds = sorted(seed for key, seed in of if key == name)
        mine = [of[name, seed] for seed in seeds]
        cells = ["{:.1f}, {:.1f}".format(*rates(sums_of(mine, [one]).sum(0))) for one in SETS]
        number = "–" if name == START else str(len(seeds))
        yield f"| {titles[name]} | {number} | {mine[0].words:,.0f} | {' | '.join([*cells, *differences(name, of)])} |"


def differences(name: str, of: Mapping[tuple[str, int], Measured]) -> list[str]:
    """How far CER and WER are from the reference's, with 95 % intervals over writers."""
    seeds = [seed for key, seed in of if key == name and (REFERENCE, seed) in of]
    if name == REFERENCE or not seeds:
        return ["", ""]
    mine, theirs = (sums_of([of[one, seed] for seed in seeds]) for one in (name, REFERENCE))
    both = np.concatenate([mine, theirs], 1)
    drawn = resample(both, RESAMPLES, 0)
    low, high = interval(rates(drawn[:, :4]) - rates(drawn[:, 4:]))
    middle = rates(mine.sum(0)) - rates(theirs.sum(0))
    return [f"{one:+.2f} [{least:+.2f}, {most:+.2f}]" for one, least, most in zip(middle, low, high, strict=True)]
