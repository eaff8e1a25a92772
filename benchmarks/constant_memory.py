"""From ten thousand words to a million: what each step of a store's life holds in memory, and takes of the CPU.

A store is built by ``htrdata synth``, or of `cheap_words`, opened as a program opens it, verified, and trained from
for one epoch, with the decoded words in a file (``--cache``). The recogniser is as small as one can be: what is watched
is the way of the words, not the network. Memory is the most that all processes of a step hold at once, see `memory`.

    python benchmarks/constant_memory.py [--sizes 10000,100000,1000000] [--cheap] [--folder DIR]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from memory import Memory, memory_of
from timing import machine

_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_EVERY = 0.1  # seconds between two looks
_OPEN = """
import random, sys
import htrdata
words = next(iter(htrdata.open(sys.argv[1])))["train"]
for place in random.Random(0).choices(range(len(words)), k=1000):
    words[place].image
"""
_CHEAP = """
import sys
sys.path.append(sys.argv[1])
import htrdata
from cheap_words import CheapWords
htrdata.build(CheapWords(int(sys.argv[3]), 16, 48), sys.argv[2], workers=1)
"""
_SMALL = "--from scratch --charset printable --architecture None-VGG-None-CTC --output-channel 8 --hidden-size 8"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a command took.

    Attributes:
        total: the highest PSS of its processes together, in MiB.
        anonymous: the highest part of it that is not of a file, in MiB.
        seconds: of the clock.
        cpu: seconds of the CPU of all its processes.
    """

    total: float
    anonymous: float
    seconds: float
    cpu: float


def watched(command: list[str]) -> Seen:
    """Runs a command to its end, and looks at its memory all the time.

    Raises:
        click.ClickException: it failed.
    """
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
        seen: list[Memory] = []
        while True:
            seen.append(memory_of(process.pid))
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)  # what it used, and its workers
            if ended:
                break
            time.sleep(_EVERY)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise click.ClickException(f"{' '.join(command)} gave {process.returncode}:\n{said.read()}")
    most = max(one.total for one in seen), max(one.anonymous for one in seen)
    return Seen(*most, time.perf_counter() - began, usage.ru_utime + usage.ru_stime)


def steps(words: int, folder: Path, cheap: bool) -> Iterator[tuple[str, list[str]]]:
    """The commands, by what they do, in order."""
    store, run = str(folder / "lmdb"), str(folder / "run")
    python = [sys.executable, "-m"]
    if cheap:
        yield "build", [sys.executable, "-c", _CHEAP, str(Path(__file__).parent), store, str(words)]
    else:
        yield "build", [*python, "htrdata", "synth", "--words", str(words), "--out", store, "--workers", "1"]
    yield "open, and read a thousand", [sys.executable, "-c", _OPEN, store]
    yield "verify", [*python, "htrdata", "verify", store]
    yield "verify --decode", [*python, "htrdata", "verify", "--decode", store]
    trained = [*_SMALL.split(), "--height", "32", "--width", "100", "--epochs", "1", "--workers", "1"]
    places = ["--data", store, "--out", run, "--cache", str(folder / "cache"), "--device", "cpu"]
    yield "finetune, one epoch", [*python, "htrmodel", "finetune", *places, *trained]


@click.command()
@click.option(
    "--sizes", default="10000,100000", show_default=True, help="Words, with commas; 1000000 take half an hour."
)
@click.option("--cheap", is_flag=True, help="Words that cost nothing to make, of small pictures of noise.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to work; five gigabytes for a million.")
def main(sizes: str, cheap: bool, folder: Path | None) -> None:
    """Watch the memory of stores of growing size."""
    click.echo(f"{machine('lmdb', 'pyarrow', 'torch')}; load {os.getloadavg()[1]:.1f}")
    click.echo(
        "| step | words | MiB (PSS), at most | anonymous, MiB | seconds | CPU, µs a word |\n|---|---|---|---|---|---|"
    )
    sizes_on_disk = []
    for size in map(int, sizes.split(",")):
        place = Path(tempfile.mkdtemp(prefix="bench-constant-", dir=folder))
        try:
            for name, command in steps(size, place, cheap):
                seen = watched(command)
                each = seen.cpu / size * 1e6
                row = f"{seen.total:,.0f} | {seen.anonymous:,.0f} | {seen.seconds:,.0f} | {each:,.0f}"
                click.echo(f"| {name} | {size:,} | {row} |")
            taken = sum(file.stat().st_size for file in (place / "lmdb").rglob("*") if file.is_file())
            sizes_on_disk.append(f"{size:,} words: {taken / size:,.0f} bytes a word; load {os.getloadavg()[1]:.1f}")
        finally:
            shutil.rmtree(place)
    click.echo("\nOn the disk: " + "; ".join(sizes_on_disk))


if __name__ == "__main__":
    main()
