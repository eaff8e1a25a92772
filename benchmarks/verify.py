"""`htrdata verify` beside plain SHA-256 over the same files in two threads: the least that a check of them costs.

The words are cheap ones with images of some 4 kB, as wide as IAM's in bytes. Nearly all of them are in one shard, which
one thread must hash alone; with ``--shard-size`` there are several of a size.

    python benchmarks/verify.py [--words 100000] [--rounds 5]
"""

from __future__ import annotations

import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
from cheap_words import CheapWords
from timing import in_turn, machine, table

from htrdata import BuildOptions, build, verify
from htrdata.store.digests import file_sha256


def hash_files(store: Path) -> int:
    """Hashes all shards in two threads, the largest first; returns their size in MiB."""
    paths = sorted(store.rglob("data.mdb"), key=lambda path: -path.stat().st_size)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(file_sha256, paths))
    return sum(path.stat().st_size for path in paths) >> 20


def check(store: Path) -> int:
    """Verifies a store; returns the size of its shards in MiB."""
    (checked,) = verify(store)
    if checked.problems:
        raise click.ClickException("; ".join(checked.problems))
    return checked.bytes >> 20


@click.command()
@click.option("--words", default=100_000, show_default=True, help="A multiple of 1000.")
@click.option("--rounds", default=5, show_default=True)
def main(words: int, rounds: int) -> None:
    """Time the check of a store beside SHA-256 alone."""
    place = Path(tempfile.mkdtemp(prefix="bench-verify-"))
    try:
        source = CheapWords(words, 48, 80)
        procedures = {}
        for name, shard_words in (("one shard a split", None), ("eight shards of train", words // 10)):
            store = place / name
            build(source, store, BuildOptions(shard_words=shard_words), workers=1)
            procedures[f"limit: SHA-256, two threads; {name}"] = lambda store=store: hash_files(store)
            procedures[f"htrdata verify; {name}"] = lambda store=store: check(store)
        timed = in_turn(procedures, rounds, time.perf_counter)
    finally:
        shutil.rmtree(place)
    click.echo(machine("lmdb", "pyarrow"))
    for limit, ours in zip(timed[::2], timed[1::2], strict=True):
        click.echo("\n" + table([limit, ours], limit.name, "MiB", "second"))


if __name__ == "__main__":
    main()
