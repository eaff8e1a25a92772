"""The tables of `mixing.py`: how well each run reads, and what mixing changed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from htrmodel.training.proof import COLUMNS, compared

Measured = dict[str, dict[str, list[list[float]]]]
"""What `htrmodel.judging.metrics.count` counts of each line, by the name of a run and of what it read."""


@dataclass(frozen=True)
class Run:
    """One fine-tuning: so many lines of a writer, a share of each batch mixed in, and a seed."""

    writer: str
    lines: int
    share: float
    seed: int

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.writer}-{self.lines}-{self.share:g}-{self.seed}"


def rates(counts: list[list[float]]) -> tuple[float, float]:
    """CER and WER in %."""
    sums = np.sum(counts, axis=0)
    return 100 * sums[2] / sums[1], 100 * sums[8] / sums[7]


def table(runs: Sequence[Run], measured: Measured, minutes: Mapping[str, float], sets: Sequence[str]) -> Iterator[str]:
    """CER and WER as Markdown, with the minutes that a run took; of several seeds the mean."""
    yield f"| hand | own lines | mixed in | seeds | minutes | {' | '.join(sets)} |"
    yield "|---" * (5 + len(sets)) + "|"
    for (writer, lines, share), same in itertools.groupby(runs, lambda run: (run.writer, run.lines, run.share)):
        keys = [run.name for run in same if run.name in measured]
        if keys:
            found = np.mean([[rates(measured[key][name]) for name in sets] for key in keys], axis=0)
            cells = " | ".join(f"{cer:.1f}, {wer:.1f}" for cer, wer in found)
            took = f"{len(keys)} | {np.mean([minutes[key] for key in keys]):.1f}" if lines else "– | –"
            yield f"| {writer} | {lines} | {f'{share:g}' if lines else '–'} | {took} | {cells} |"


def differences(
    runs: Sequence[Run],
    measured: Measured,
    clusters: dict[str, dict[str, list[str]]],
    sets: Sequence[str],
) -> Iterator[str]:
    """What mixing changed over all runs that were made both ways, as Markdown: points of CER with intervals."""
    yield f"| own lines | mixed in | pairs of runs | {' | '.join(sets)} |"
    yield "|---" * (3 + len(sets)) + "|"
    for lines, share in sorted({(run.lines, run.share) for run in runs if run.share}):
        pairs = [(run, Run(run.writer, lines, 0, run.seed)) for run in runs if (run.lines, run.share) == (lines, share)]
        pairs = [pair for pair in pairs if all(run.name in measured for run in pair)]
        if not pairs:
            continue
        cells = []
        for name in sets:
            plain, mixed = (
                np.concatenate([np.array(measured[pair[which].name][name])[:, COLUMNS] for pair in pairs])
                for which in (1, 0)
            )
            of = [cluster for run, _ in pairs for cluster in clusters[run.writer][name]]
            proof = compared(name, of, plain, mixed, lines=True)
            cells.append(f"{100 * (proof.after - proof.before):+.1f} [{100 * proof.low:+.1f}, {100 * proof.high:+.1f}]")
        yield f"| {lines} | {share:g} | {len(pairs)} | {' | '.join(cells)} |"
