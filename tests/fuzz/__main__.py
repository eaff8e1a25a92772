"""Fuzzes targets one after the other: `python -m tests.fuzz [NAME…] [--runs N] [--out FOLDER]`; `make fuzz` runs all.

What was tried before in the folder counts: a run that was stopped goes on. Exits with 1 where anything was found.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from .run_one import executions
from .targets import TARGETS

ROOT = Path(__file__).parents[2]
RESTARTS = 20
"""How often a target is started again after a signal, a hang or too much memory ended it."""


def main() -> int:
    """Runs what was asked for and prints a line for each target."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*TARGETS, []], help="targets; all where none is named")
    parser.add_argument("--runs", type=int, help="inputs for each target; its own number where not given")
    parser.add_argument("--out", type=Path, default=Path("fuzzing"), help="folder of corpus and findings")
    given = parser.parse_args()
    bad = False
    for name in given.names or TARGETS:
        folder = given.out.resolve() / name
        began = time.monotonic()
        runs = TARGETS[name].runs if given.runs is None else given.runs
        found = fuzz(name, runs, folder)
        bad |= bool(found)
        seconds = time.monotonic() - began
        sys.stdout.write(f"{name:14}{executions(folder):>12,} inputs {seconds:>8.0f} s  {len(found)} findings\n")
        sys.stdout.write("".join(f"    {path}\n" for path in found))
        sys.stdout.flush()
    return bad


def fuzz(name: str, runs: int, folder: Path) -> list[Path]:
    """Tries inputs until there were that many in the folder; returns those that were found wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    for restart in range(RESTARTS):
        left = runs - executions(folder)
        if left <= 0:
            break
        command = [sys.executable, "-m", "tests.fuzz.run_one", name, str(left), str(folder), str(restart + 1)]
        with (folder / "log").open("ab") as log:
            subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=False)
    ended = [path for kind in ("crash", "timeout", "oom", "leak") for path in folder.glob(f"{kind}-*")]
    return sorted([*ended, *(path for path in folder.glob("findings/*") if path.suffix != ".txt")])


if __name__ == "__main__":
    sys.exit(main())
