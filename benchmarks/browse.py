"""`htrdata browse` on a store of a million words with a file of readings: until it answers, memory, and each filter.

The store is that of `opening_store.py`, without images. The server is the command, in a process of its own; requests
come one after the other, as the page makes them. The first answer to a question is timed, and the same one again.

    python benchmarks/browse.py [--words 1000000]
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

import click
import numpy as np
from opening_store import NAME, make_store
from timing import machine

QUESTIONS: dict[str, dict[str, str]] = {
    "first words": {},
    "split": {"split": "train"},
    "id": {"id": "99"},
    "text": {"text": "ab"},
    "regular expression": {"text": "^[A-Z].*[0-9]$"},
    "slow regular expression": {"text": "(a+)+$"},
    "confidence": {"confidence": "0.2-0.4"},
    "order: confidence": {"order": "unsure"},
    "order: length": {"order": "long"},
}


def write_readings(path: Path, words: int) -> None:
    """A reading of each word, as `htrmodel evaluate --save` writes them."""
    confidences = np.random.default_rng(1).random(words).round(6).tolist()
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("id", "text", "confidence"))
        table.writerows((f"word-{number}", "read", sure) for number, sure in enumerate(confidences, 1))


def ask(address: str, question: dict[str, str]) -> tuple[float, int]:
    """Milliseconds until the answer is there, and how many words it finds."""
    query = urllib.parse.urlencode({**question, "first": "0", "count": "100"})
    begun = time.perf_counter()
    with urllib.request.urlopen(f"{address}words?{query}") as answer:
        found = json.load(answer)
    return (time.perf_counter() - begun) * 1000, found["total"]


def memory(pid: int) -> tuple[float, float]:
    """What the server holds now, and held at most, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    now, most = (int(re.findall(rf"{name}:\s+(\d+) kB", status)[0]) / 1000 for name in ("VmRSS", "VmHWM"))
    return now, most


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--words", default=1_000_000, show_default=True, type=click.IntRange(100))
def main(words: int) -> None:
    """Make a store, serve it, and ask."""
    folder = Path(tempfile.mkdtemp())
    try:
        make_store(folder / "store", words)
        write_readings(folder / "readings.csv", words)
        command = [sys.executable, "-m", "htrdata", "browse", str(folder / "store"), "--name", NAME]
        command += ["--predictions", str(folder / "readings.csv"), "--corrections", str(folder / "corrections.csv")]
        begun = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                address = next(line.strip() for line in server.stdout if line.startswith("http://"))
                click.echo(f"{machine()}\n{words:,} words; the address after {time.perf_counter() - begun:.1f} s")
                for name, question in QUESTIONS.items():
                    (first, found), (again, _) = ask(address, question), ask(address, question)
                    click.echo(f"{name:<24} {found:>11,} words   {first:7.0f} ms   again {again:5.0f} ms")
                now, most = memory(server.pid)
                click.echo(f"memory {now:.0f} MB, {most:.0f} at most")
            finally:
                server.terminate()
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
