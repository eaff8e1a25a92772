"""Training and reading on a GPU: steps of the full-size and of a narrow recogniser, then whole commands.

One command, three minutes at most. Each row is a process of its own, so that one which dies takes nothing else with it:
then its line says how it ended. Rows that no time is left for are named as such. The rows are in `gpu_rows.py`.

    python benchmarks/gpu.py [--seconds 170] [--only TEXT …]
    python benchmarks/gpu.py --device cpu --tiny        # that it runs; its figures mean nothing
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from gpu_places import Place, Row, measure
from gpu_rows import ROWS
from timing import machine, rounded

AHEAD = 3
"""So many rows import their libraries and draw their weights while another one has the GPU."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a row gave.

    Attributes:
        rates: items a second, block by block; empty where it failed.
        said: why it failed, in a line; or a remark.
    """

    rates: tuple[float, ...]
    said: str = ""


class Child:
    """A row in its own process: it prepares at once, and measures when it is let go.

    Args:
        number: of the row in `ROWS`.
        place: where, and how large.
    """

    def __init__(self, number: int, place: Place) -> None:
        flags = ["--row", str(number), "--device", place.device, "--store", str(place.store)]
        command = [sys.executable, __file__, *flags, *(["--tiny"] if place.tiny else [])]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def finish(self, seconds: float) -> Outcome:
        """Lets it measure, for that long at most."""
        try:
            printed, said = self._process.communicate("go\n", timeout=max(seconds, 0.1))
        except subprocess.TimeoutExpired:
            self.stop()
            return Outcome((), f"stopped after {seconds:.0f} s")
        if self._process.returncode:
            return Outcome((), error_line(said) or f"ended with code {self._process.returncode}")
        found = json.loads(printed.splitlines()[-1])
        return Outcome(tuple(found["rates"]), found["said"])

    def stop(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.communicate()


def error_line(said: str) -> str:
    """The line of a traceback that says what went wrong; of several lines of one message, the first."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Exit|Interrupt)\b", line)]
    return (named or lines or [""])[-1]


def run_rows(numbers: Sequence[int], place: Place, seconds: float) -> Iterator[tuple[Row, Outcome]]:
    """Lets rows measure one after the other, until the time is over."""
    end = time.monotonic() + seconds
    waiting = list(numbers)
    ready: list[tuple[int, Child]] = []
    try:
        while waiting or ready:
            while waiting and len(ready) < AHEAD:
                ready.append((waiting[0], Child(waiting.pop(0), place)))
            number, child = ready.pop(0)
            row, left = ROWS[number], end - time.monotonic()
            if left < row.least:
                child.stop()
                yield row, Outcome((), f"skipped: it needs {row.least:.0f} s, and {max(left, 0):.0f} s are left")
            else:
                # A few words on a busy CPU may take longer than thousands on a GPU.
                yield row, child.finish(min(left, row.most * (10 if place.tiny else 1)))
    finally:
        for _, child in ready:
            child.stop()


def line_of(row: Row, outcome: Outcome, reference: float | None) -> str:
    """A row of the table."""
    if not outcome.rates:
        return f"| {row.name} | — | {outcome.said} |"
    rates = sorted(outcome.rates)
    middle = rates[len(rates) // 2]
    spread = f" ({rounded(rates[0])}–{rounded(rates[-1])})" if len(rates) > 1 else ""
    beside = f"{rounded(middle / reference, 10)}×" if reference else ""
    return f"| {row.name} | {rounded(middle)}{spread} | {'; '.join(filter(None, [beside, outcome.said]))} |"


def draw_store(folder: Path, words: int) -> subprocess.Popen[bytes]:
    """Begins to draw a store of words, on other cores than the GPU's rows need."""
    flags = ["synth", "--words", str(words), "--out", str(folder), "--media", "scan"]
    nothing = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, "-m", "htrdata", *flags], stdout=nothing, stderr=nothing)


@click.command()
@click.option("--device", default="cuda", show_default=True)
@click.option("--seconds", default=170.0, show_default=True, help="What may pass until the last row.")
@click.option("--only", multiple=True, metavar="TEXT", help="Rows whose group or name has this text.")
@click.option("--tiny", is_flag=True, help="A narrow recogniser and a few words: to see that it runs.")
@click.option("--row", type=int, hidden=True)
@click.option("--store", type=click.Path(path_type=Path), hidden=True)
def main(device: str, seconds: float, only: tuple[str, ...], tiny: bool, row: int | None, store: Path | None) -> None:
    """Time training and reading on a GPU beside the plain loop, row by row."""
    if row is not None and store is not None:
        measure(ROWS[row], Place(device, tiny, store))
        return
    import torch

    if not device.startswith("cuda") and not tiny:
        raise click.UsageError(f"{device} is no CUDA device: nothing to measure; give --tiny to see that this runs")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise click.UsageError(f"torch {torch.__version__} finds no GPU here")
    begin = time.monotonic()
    card = torch.cuda.get_device_name(device) if device.startswith("cuda") else "no GPU: these figures mean nothing"
    click.echo(f"{card}; {machine('torch')}")
    numbers = [
        number
        for number, one in enumerate(ROWS)
        if any(text in f"{one.group}, {one.name}" for text in only or ("",)) and not (tiny and one.compiles)
    ]
    with tempfile.TemporaryDirectory() as name:
        place = Place(device, tiny, Path(name) / "lmdb")
        drawing = draw_store(place.store, place.stored_words)
        group, reference = "", None
        try:
            for found, outcome in run_rows(numbers, place, seconds):
                if found.group != group:
                    group, reference = found.group, None
                    click.echo(
                        f"\n{group}\n\n| procedure | {found.unit} per second | beside the first |\n|---|---|---|"
                    )
                click.echo(line_of(found, outcome, reference))
                if outcome.rates and reference is None:
                    reference = sorted(outcome.rates)[len(outcome.rates) // 2]
        finally:
            drawing.kill()
            drawing.wait()
    click.echo(f"\n{time.monotonic() - begin:.0f} s in all")


if __name__ == "__main__":
    main()
