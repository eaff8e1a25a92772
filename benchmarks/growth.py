"""From a thousand words to a million: what a word costs to build, to open and to read.

The words are cheap ones (`cheap_words`), so that the store's own cost shows. What does not depend on their number, such
as the report, weighs on the small builds; the costs per word beside it are therefore those of the words beyond those
of the next smaller build.

    python benchmarks/growth.py [--most 100000] [--rounds 3]
"""

from __future__ import annotations

import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
from cheap_words import CheapWords
from timing import cpu_seconds, machine

import htrdata
from htrdata import BuildOptions, build
from htrdata.store.reading import Words

_READ = 1000  # words at random places


def open_words(store: Path) -> Words:
    """Opens the store and its first word, for which the ids of all are read."""
    words = htrdata.open(store)["train", "cheap"]
    words[0]
    return words


def read_some(words: Words) -> None:
    """Reads a thousand words anywhere."""
    chance = random.Random(0)
    for place in (chance.randrange(len(words)) for _ in range(_READ)):
        words[place]


def seconds(procedure: Callable[[], object], clock: Callable[[], float]) -> float:
    """How long a procedure takes by a clock."""
    before = clock()
    procedure()
    return clock() - before


def measure(size: int, place: Path) -> tuple[float, float, float]:
    """Builds, opens and reads a store of that many words; returns the seconds of each."""
    store = place / str(size)
    built = seconds(lambda: build(CheapWords(size, 16, 16), store, BuildOptions(), workers=1), cpu_seconds)
    opened = seconds(lambda: open_words(store), time.perf_counter)
    words = open_words(store)
    read = seconds(lambda: read_some(words), time.perf_counter)
    shutil.rmtree(store)
    return built, opened, read


@click.command()
@click.option("--most", default=100_000, show_default=True, help="Up to how many words: 1,000,000 takes minutes.")
@click.option("--rounds", default=3, show_default=True)
def main(most: int, rounds: int) -> None:
    """Time stores of growing size."""
    place = Path(tempfile.mkdtemp(prefix="bench-growth-"))
    sizes = [size for size in (1_000, 10_000, 100_000, 1_000_000) if size <= most]
    found: dict[int, list[tuple[float, float, float]]] = {size: [] for size in sizes}
    try:
        measure(sizes[0], place)  # does not count
        for _ in range(rounds):
            for size in sizes:
                found[size].append(measure(size, place))
    finally:
        shutil.rmtree(place)
    click.echo(machine("lmdb", "pyarrow", "pandas"))
    click.echo("| words | build: µs a word (CPU) | of the words beyond the row above | open, ms | read, µs a word |")
    click.echo("|---|---|---|---|---|")
    before, cost_before = 0, 0.0
    for size, measured in found.items():
        cost, opened, read = (statistics.median(values) for values in zip(*measured, strict=True))
        each = [values[0] / size * 1e6 for values in measured]
        beyond = (cost - cost_before) / (size - before) * 1e6
        spread = f"{cost / size * 1e6:.0f} ({min(each):.0f}–{max(each):.0f})"
        click.echo(f"| {size:,} | {spread} | {beyond:.0f} | {opened * 1e3:.1f} | {read / _READ * 1e6:.1f} |")
        before, cost_before = size, cost


if __name__ == "__main__":
    main()
