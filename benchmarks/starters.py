"""The starter weights on drawn words of writers, fonts and styles that they have not seen.

    python benchmarks/starters.py STORE [--name synth] [--split test]

Figures by kind of page and hand, with 95 % intervals over writers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pandas as pd

from htrdata.store.reading import open_store
from htrmodel.checkpoint.files import load
from htrmodel.evaluation.reading import read_split
from htrmodel.judging.bootstrap import cluster_sums, interval, resample
from htrmodel.judging.metrics import METRICS, count, figures
from htrmodel.starter import STARTERS

_SHOWN = ("micro_cer", "accuracy")


def groups(words: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """All words, then those of each kind of page and of each kind of hand, then single marks and longer texts."""
    yield "all", words
    for column in ("medium", "hand"):
        for kind, some in words.groupby(column):
            yield f"{column} {kind}", some
    marks = ~words["text"].str.contains(r"[A-Za-z0-9]")
    yield "marks alone", words[marks]
    yield "with a letter or digit", words[~marks]


def line(name: str, words: pd.DataFrame) -> str:
    """A row of a Markdown table."""
    counts = count(words["text"].tolist(), words["reading"].tolist())
    sums = cluster_sums(counts, words["writer"].tolist())
    low, high = interval(figures(resample(sums, 1000, 0)))
    here = [list(METRICS).index(metric) for metric in _SHOWN]
    total = figures(counts.sum(0))
    cells = [f"{100 * total[i]:.1f} [{100 * low[i]:.1f}, {100 * high[i]:.1f}]" for i in here]
    return f"| {name} | {len(words):,} | {words['writer'].nunique():,} | {' | '.join(cells)} |"


@click.command()
@click.argument("store", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--name", default="synth", show_default=True, help="Data set of the store.")
@click.option("--split", default="test", show_default=True, help="Of the data set.")
@click.option("--checkpoint", "checkpoints", multiple=True, default=tuple(STARTERS), show_default=True)
def main(store: Path, name: str, split: str, checkpoints: tuple[str, ...]) -> None:
    """Judge starter weights on drawn words."""
    dataset = open_store(store).dataset(name)
    manifest = dataset.manifest(["split", "id", "text", "writer", "hand", "medium"])
    for checkpoint in checkpoints:
        predictions = read_split(load(checkpoint), dataset, split)
        words = manifest[(manifest["split"] == split) & ~manifest["id"].isin(list(predictions.left_out))]
        words = words.assign(reading=words["id"].map(predictions.texts))
        confidence = float(np.median(list(predictions.confidences.values())))
        click.echo(f"{checkpoint} on {name} {split}; median confidence {confidence:.2f}\n")
        click.echo("| words | number | writers | micro CER, % | accuracy, % |\n|---|---|---|---|---|")
        click.echo("\n".join(line(*group) for group in groups(words)) + "\n")


if __name__ == "__main__":
    main()
