"""Opening a store of a million words with a charset and a length: `htrmodel.data` beside a regex over every label.

The reference is written anew from the description of clova's and AttentionHTR's data sets: the label of every word is
read from the LMDB, lower-cased and searched with a regex for characters outside of the charset. Each opening runs in a
process of its own; the time begins after imports, and the memory of the process before and at most after it is given.
Ratios are given of wall time and of CPU time, which other work on the machine changes little.

    python benchmarks/opening_store.py [--words 1000000] [--rounds 5]
"""

from __future__ import annotations

import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import lmdb
import numpy as np
from timing import machine

from htrdata import BuildOptions
from htrdata.labels import PRINTABLE, LabelPolicy
from htrdata.records import Division, Leaks, SourceInfo
from htrdata.store.description import Description, FileRecord, ShardRecord, SplitCounts
from htrdata.store.description_file import write_json
from htrdata.store.format import FORMAT
from htrdata.store.reading import Store
from htrdata.store.shards import COUNT_KEY, label_key
from htrmodel.data.origins import StoredSplit
from htrmodel.data.samples import open_samples

NAME = "words"
SHARD = f"train/{NAME}"


def make_store(store: Path, words: int) -> None:
    """A store without images: labels of 1 to 12 characters, one in a hundred not within the charset."""
    import pyarrow as pa

    from htrdata.building.manifest_writer import ManifestWriter, part_schema
    from htrdata.store.manifest import KEPT

    random = np.random.default_rng(0)
    letters = np.array(list(PRINTABLE.characters))
    (store / SHARD).mkdir(parents=True)
    (store / NAME).mkdir()
    environment = lmdb.open(str(store / SHARD), map_size=2**32, lock=False)
    schema = part_schema([])
    with ManifestWriter(store / NAME / "manifest.parquet", []) as manifest:
        for first in range(0, words, 50_000):
            count = min(50_000, words - first)
            text = "".join(random.choice(letters, 12 * count).tolist())
            lengths = random.integers(1, 13, count).tolist()
            labels = [text[12 * i : 12 * i + length] + "é" * (i % 100 == 0) for i, length in enumerate(lengths)]
            numbers = range(first + 1, first + count + 1)
            with environment.begin(write=True) as transaction:
                for number, label in zip(numbers, labels, strict=True):
                    transaction.put(label_key(number), label.encode(), append=True)
            known = {"id": [f"word-{number}" for number in numbers], "text": labels, "source_text": labels}
            known |= {"dataset": [NAME] * count, "split": ["train"] * count, "status": [KEPT] * count}
            columns = [
                pa.array(known[field.name], field.type) if field.name in known else pa.nulls(count, field.type)
                for field in schema
            ]
            batch = pa.RecordBatch.from_arrays(columns, schema=schema)
            manifest.add(batch, pa.array([SHARD] * count), pa.array(numbers, pa.int32()))
    with environment.begin(write=True) as transaction:
        transaction.put(COUNT_KEY, str(words).encode())
    environment.close()
    write_json(store / NAME / "dataset.json", description(words))


def description(words: int) -> Description:
    """What the store says that it is: enough to open it; the digests are of nothing."""
    nothing = 64 * "0"
    counts = SplitCounts(pages=1, words=words, kept=words, dropped={}, unknown_characters={}, labels_outside={})
    shard = ShardRecord(split="train", words=words, bytes=1, sha256=nothing, content_digest=nothing)
    return Description(
        format=FORMAT,
        source=NAME,
        settings={},
        division=Division(NAME),
        unit="word",
        drawn=None,
        corrections=None,
        alignment=None,
        options=BuildOptions().recorded(),
        inputs=nothing,
        versions={},
        name=NAME,
        about=SourceInfo(NAME, "", "", ""),
        pages=1,
        words=words,
        kept=words,
        splits={"train": counts},
        missing_splits=("val", "test"),
        differences={},
        leaks=Leaks({}, (), {}),
        shards={SHARD: shard},
        manifest=FileRecord(bytes=1, sha256=nothing),
        report=FileRecord(bytes=1, sha256=nothing),
        pixels_depend_on=(),
        content_digest=nothing,
        digest=nothing,
    )


def open_ours(store: Path) -> int:
    """Opens the words that a recogniser of 94 characters can take."""
    return len(open_samples(StoredSplit(Store(store).dataset(NAME), "train"), LabelPolicy(PRINTABLE, 25)))


def open_plainly(store: Path) -> int:
    """The reference: a list of the indices of the words that are left."""
    kept = []
    outside = re.compile(f"[^{re.escape(PRINTABLE.characters)}]")
    environment = lmdb.open(str(store / SHARD), readonly=True, lock=False, readahead=False)
    with environment.begin() as transaction:
        for number in range(1, int(transaction.get(COUNT_KEY, b"")) + 1):
            label = transaction.get(label_key(number), b"").decode()
            if len(label) <= 25 and not outside.search(label.lower()):
                kept.append(number)
    return len(kept)


def read_columns(store: Path) -> int:
    """The limit: the columns of the manifest that say which words there are, and nothing done with them."""
    import pyarrow.parquet as pq

    columns = ["split", "status", "text", "shard", "key"]
    path = store / NAME / "manifest.parquet"
    with pq.ParquetFile(path, read_dictionary=["split", "status", "shard"], pre_buffer=False) as file:
        return sum(batch.num_rows for batch in file.iter_batches(65_536, columns=columns, use_threads=False))


PROCEDURES: dict[str, Callable[[Path], int]] = {
    "reference: a regex over every label": open_plainly,
    "htrmodel": open_ours,
    "limit: reading the columns of the manifest": read_columns,
}


def _memory(field: str) -> float:
    """A line of Linux's account of this process, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0]) * 1024 / 1e6


def _beside(base: list[float], values: list[float]) -> str:
    """Two cells: the median, the lowest and the highest value; the same of how many times as fast as the base."""
    ratios = [a / b for a, b in zip(base, values, strict=True)]
    return (
        f"{statistics.median(values):,.0f} ({min(values):,.0f}–{max(values):,.0f}) | "
        f"{statistics.median(ratios):.3g}× ({min(ratios):.3g}–{max(ratios):.3g})"
    )


def _measure(name: str, store: Path) -> None:
    """Times one opening and prints milliseconds, by the wall clock and of the CPU, and MB before, after and at most."""
    import pyarrow.parquet  # noqa: F401 - its import is not what is timed

    before = _memory("VmRSS")
    begin, cpu = time.perf_counter(), time.process_time()
    kept = PROCEDURES[name](store)
    times = [1000 * (time.perf_counter() - begin), 1000 * (time.process_time() - cpu)]
    print(json.dumps([*times, before, _memory("VmRSS"), _memory("VmHWM"), kept]))


@click.command()
@click.option("--words", default=1_000_000, show_default=True)
@click.option("--rounds", default=5, show_default=True)
@click.option("--measure", nargs=2, hidden=True, help="What a process of its own does.")
def main(words: int, rounds: int, measure: tuple[str, str] | None) -> None:
    """Time the opening of a large store beside a regex over every label."""
    if measure is not None:
        _measure(measure[0], Path(measure[1]))
        return
    found: dict[str, list[list[float]]] = {name: [] for name in PROCEDURES}
    store = Path(tempfile.mkdtemp(prefix="bench-opening-"))
    try:
        make_store(store, words)
        for _ in range(rounds + 1):
            for name in PROCEDURES:
                command = [sys.executable, __file__, "--measure", name, str(store)]
                printed = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
                found[name].append(json.loads(printed))
    finally:
        shutil.rmtree(store)
    click.echo(f"{words:,} words; {machine('pyarrow', 'lmdb')}")
    click.echo(
        "| procedure | ms | beside the reference | ms of CPU | beside the reference "
        "| MB after imports, after opening, at most |\n|---|---|---|---|---|---|"
    )
    _, *base = found["reference: a regex over every label"]
    for name, (_, *rows) in found.items():  # the first round does not count
        times = " | ".join(_beside([row[clock] for row in base], [row[clock] for row in rows]) for clock in (0, 1))
        memory = ", ".join(f"{statistics.median(row[column] for row in rows):.0f}" for column in (2, 3, 4))
        click.echo(f"| {name} | {times} | {memory} |")


if __name__ == "__main__":
    main()
