"""What mixing others' lines in does when a model of lines is fine-tuned on few lines of one hand.

    python benchmarks/mixing.py STORE --own cremma_19 --mixed copiste --judge copiste:150 --judge testaments:100 \\
        --out RUNS

Each writer (or folder) of the own data set's test split is learnt by itself: from its first lines, with the same steps
and as many own lines in each, plain and with others' train lines beside them; and its last 80 lines are read, and lines
of others that nobody trained on. A run that was measured is not made again, one that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from mixing_table import Measured, Run, differences, table

import htrmodel
from htrdata.labels import normal_form
from htrdata.store.reading import Store, open_store
from htrdata.store.shard_writer import SHARD_WORDS, write_shard
from htrmodel.checkpoint.files import load
from htrmodel.judging.metrics import count
from htrmodel.training import train
from htrmodel.training.forgetting import drawn_texts

OWN = 8
"""Own lines in each batch, whatever is mixed in."""

HELD_OUT = 80
"""Of each writer's lines, the last ones."""

POOL = 600
"""Of the lines that are mixed in, evenly spread over the train split: more than a run takes."""


@dataclass(frozen=True)
class Line:
    """A line, and whose it is: its writer, or of own lines its page."""

    encoded: bytes
    text: str
    cluster: str


def lines_of(store: Store, name: str, split: str, cluster: str = "writer") -> pd.DataFrame:
    """The lines of a split in the order of the manifest, in the column ``line``, beside ``writer``."""
    rows = store[name].manifest(["split", "status", "id", "writer", "page"])
    rows = rows[(rows.split == split) & (rows.status == "kept")]
    texts = {one.id: one for one in store[split, name]}
    found = [Line(texts[key].encoded, texts[key].text, str(of)) for key, of in zip(rows.id, rows[cluster], strict=True)]
    return pd.DataFrame({"writer": rows.writer.to_list(), "line": found})


def spread(lines: Sequence[Line], number: int) -> list[Line]:
    """At most so many, evenly spread."""
    return [lines[place] for place in np.unique(np.linspace(0, len(lines) - 1, min(number, len(lines))).astype(int))]


def write(folder: Path, lines: Sequence[Line]) -> None:
    """Writes lines as a plain shard."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    columns = [[one.encoded for one in lines], [one.text for one in lines]]
    columns.append([hashlib.sha256(one.encoded).digest() for one in lines])
    batch = pa.record_batch(columns, schema=SHARD_WORDS)
    write_shard(folder, [batch], count=len(lines), payload=batch.nbytes)


def finetune(run: Run, own: Sequence[Line], mixed: Sequence[Line], out: Path) -> Path:
    """Fine-tunes `starter-lines`; its last checkpoint, since so few lines cannot choose one."""
    data = out / run.name / "data"
    learnt = own[: run.lines]
    taught = [line for place, line in enumerate(learnt) if place % 10]
    if not data.exists():
        write(data / "train/own", taught)
        write(data / "val/own", learnt[::10])
        write(data / "train/mixed", mixed)
    steps = (12 if run.lines <= 50 else 6) * -(-len(taught) // OWN)
    outcome = htrmodel.finetune(
        data,
        mix=["own"] if not run.share else [f"own:{1 - run.share}", f"mixed:{run.share}"],
        start="starter-lines",
        lines=True,
        recipe="lines",
        precision="bfloat16",
        batch_size=round(OWN / (1 - run.share)),
        steps=steps,
        seed=run.seed,
        out=out / run.name / "run",
        device="cpu",
        workers=1,
    )
    return outcome.folder.last


def minutes(runs: Sequence[Run], out: Path) -> dict[str, float]:
    """How long the runs trained on one core, validations included, by their names."""
    logs = {run.name: out / run.name / "run/log.jsonl" for run in runs}
    lines = {name: log.read_text().splitlines() for name, log in logs.items() if log.is_file()}
    return {
        name: max(record.get("seconds", 0) for record in map(json.loads, records)) / 60
        for name, records in lines.items()
    }


def read(checkpoint: Path | str, sets: dict[str, list[Line]]) -> dict[str, list[list[float]]]:
    """Of each line what `htrmodel.judging.metrics.count` counts."""
    recogniser = load(checkpoint)
    found = {}
    for name, lines in sets.items():
        readings = [normal_form(one.text) for one in recogniser.read([line.encoded for line in lines], OWN)]
        found[name] = count([line.text for line in lines], readings).tolist()
    return found


def lines_of_others(store: Store, judge: Sequence[str]) -> dict[str, list[Line]]:
    """What is read beside the own lines: of each ``NAME:NUMBER`` so many test lines, and the drawn ones."""
    found = {}
    for item in judge:
        name, _, number = item.partition(":")
        found[name] = spread(lines_of(store, name, "test").line.to_list(), int(number))
    drawn = drawn_texts(load("starter-lines").config)
    found["drawn"] = [Line(one.encoded, one.text, one.writer) for one in drawn]
    return found


def measure(
    runs: Sequence[Run],
    hands: dict[str, list[Line]],
    pool: Sequence[Line],
    sets: dict[str, dict[str, list[Line]]],
    out: Path,
) -> Measured:
    """Makes the runs that were not measured before, and returns what all of the folder counted, by name and set."""
    out.mkdir(parents=True, exist_ok=True)
    kept = out / "measured.json"
    measured: Measured = json.loads(kept.read_text()) if kept.exists() else {}
    for run in runs:
        if run.name not in measured:
            checkpoint: Path | str = "starter-lines"
            if run.lines:
                checkpoint = finetune(run, hands[run.writer][:-HELD_OUT], pool, out)
            measured[run.name] = read(checkpoint, sets[run.writer])
            kept.write_text(json.dumps(measured))
    return measured


@click.command()
@click.argument("folder", metavar="STORE", type=click.Path(path_type=Path, exists=True))
@click.option("--own", required=True, help="Data set whose test writers are learnt, each by itself.")
@click.option("--mixed", required=True, help="Data set whose train lines are mixed in.")
@click.option("--judge", multiple=True, help="NAME:NUMBER of test lines of others that are read.")
@click.option("--lines", "numbers", multiple=True, type=int, default=(50, 200))
@click.option("--share", "shares", multiple=True, type=float, default=(0.2, 0.5))
@click.option("--seeds", type=int, default=2)
@click.option("--writer", "only", multiple=True, help="These alone.")
@click.option("--out", type=click.Path(path_type=Path), required=True)
@click.option("--dry-run", is_flag=True, help="Show what was measured before.")
def main(
    folder: Path,
    own: str,
    mixed: str,
    judge: tuple[str, ...],
    numbers: tuple[int, ...],
    shares: tuple[float, ...],
    seeds: int,
    only: tuple[str, ...],
    out: Path,
    dry_run: bool,
) -> None:
    """Measure what mixing does; the tables come on standard output."""
    torch.set_num_threads(1)
    train.TRAINING_WORDS = OWN  # how well the taught lines are read is not asked here
    store = open_store(folder)
    hands = {
        str(writer): rows.line.to_list() for writer, rows in lines_of(store, own, "test", "page").groupby("writer")
    }
    others = lines_of_others(store, judge)
    sets = {writer: {"own": lines[-HELD_OUT:], **others} for writer, lines in hands.items()}
    starts = [Run(writer, 0, 0.0, 0) for writer in hands]
    runs = [
        Run(writer, number, share, seed)
        for writer, number, share, seed in itertools.product(hands, numbers, (0.0, *shares), range(seeds))
        if len(hands[writer]) - HELD_OUT >= 0.8 * number
    ]
    due = [run for run in sorted(runs, key=lambda run: (run.seed, run.lines)) if not only or run.writer in only]
    pool = spread(lines_of(store, mixed, "train").line.to_list(), POOL)
    measured = measure([] if dry_run else [*starts, *due], hands, pool, sets, out)
    names = ["own", *others]
    clusters = {writer: {name: [line.cluster for line in sets[writer][name]] for name in names} for writer in hands}
    ordered = sorted([*starts, *runs], key=lambda run: (run.writer, run.lines, run.share))
    click.echo(
        "\n".join(
            [*table(ordered, measured, minutes(ordered, out), names), "", *differences(runs, measured, clusters, names)]
        )
    )


if __name__ == "__main__":
    main()
