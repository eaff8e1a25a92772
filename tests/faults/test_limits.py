"""Commands with little memory and few handles: they do their work or say in one message why not, and never die."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from htrdata.building.builder import build
from htrdata.errors import HtrError

from ..fuzz.made_inputs import NoiseSource
from .effort import ALL, TRIED, sample
from .scenarios import NEW, tree
from .shim import ROOT
from .small_sources import SMALL_SOURCES

MEBIBYTE = 1 << 20
ENDED = {
    (1, "OpenBLAS error: Memory allocation still failed after 10 retries, giving up."): "ended by OpenBLAS",
    (127, "cannot allocate memory for thread-local data: ABORT"): "ended by the system's loader",
}
"""With these, libraries below Python end a process that lacks memory, with no error that could be caught.

OpenBLAS does where it is loaded, or gets no room for a product; the loader where a library wants room for each thread.
"""
BUILD = ["htrdata", "imgur5k", "--workers", "1"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small data set, and a store that was made of it."""
    folder = tmp_path_factory.mktemp("limits")
    SMALL_SOURCES[0].make(folder / "data")
    done = run([*BUILD, "--root", str(folder / "data"), "--out", str(folder / "store")])
    assert done.returncode == 0, done.stderr
    return folder


def run(words: Sequence[str], mebibytes: int | None = None) -> subprocess.CompletedProcess[str]:
    """A command of the package named first, with so much address space."""

    def limit() -> None:
        if mebibytes is not None:
            resource.setrlimit(resource.RLIMIT_AS, (mebibytes * MEBIBYTE, mebibytes * MEBIBYTE))

    command = [sys.executable, "-m", words[0], *words[1:]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, preexec_fn=limit, capture_output=True, text=True, check=False, timeout=300
    )


def said_well(done: subprocess.CompletedProcess[str]) -> str:
    """What came of a command that was limited; raises AssertionError where it died or showed its inside."""
    last = done.stderr.rstrip().rpartition("\n")[2]
    if (done.returncode, last) in ENDED and not done.stdout and "error: " not in done.stderr.replace(last, ""):
        return f"{ENDED[done.returncode, last]}, exit code {done.returncode}"
    shown = done.stderr[-1500:]
    assert done.returncode >= 0, f"killed by signal {-done.returncode}: {shown}"
    assert "Traceback" not in done.stderr, shown
    assert done.returncode != 1, shown
    if done.returncode:
        assert "error: " in done.stderr, shown
    return f"exit code {done.returncode}"


COMMANDS: dict[str, Callable[[Path, Path], list[str]]] = {
    "build": lambda data, out: [*BUILD, "--root", str(data / "data"), "--out", str(out)],
    "build, 2 workers": lambda data, out: [*BUILD[:2], "--workers=2", "--root", str(data / "data"), "--out", str(out)],
    "verify": lambda data, out: ["htrdata", "verify", str(data / "store")],
    "predict": lambda data, _: ["htrmodel", "predict", str(data / "data/images"), "--csv"],
}


@pytest.mark.parametrize("name", COMMANDS if ALL else ["build"])
def test_little_memory(data: Path, tmp_path: Path, name: str) -> None:
    words = COMMANDS[name]
    # What suffices is no one number: some sizes are enough, and then somewhat larger ones are not.
    sizes = range(64, 1500, 61) if ALL else range(400, 1000, 300)
    for number, size in enumerate(sizes):
        out = tmp_path / str(number)
        done = run(words(data, out), size)
        TRIED[f"{name}, limit of memory", said_well(done)] += 1
        if name.startswith("build"):
            again = run(words(data, out))
            assert again.returncode == 0, again.stderr
            assert tree(out) == tree(data / "store")


def test_few_handles(tmp_path: Path) -> None:
    source = NoiseSource(tmp_path / "pages", pages_per_split=1).draw()
    build(source, tmp_path / "whole", NEW, workers=1)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    said: list[str] = []
    for number, more in enumerate(sample(range(12), 6)):
        store = tmp_path / f"store{number}"
        resource.setrlimit(resource.RLIMIT_NOFILE, (free + more, hard))
        try:
            build(source, store, NEW, workers=1)
            outcome = "done"
        except HtrError as error:
            outcome = f"{type(error).__name__}, then built"
            said.append(str(error))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        TRIED["build, limit of handles", outcome] += 1
        build(source, store, NEW, workers=1)
        assert tree(store) == tree(tmp_path / "whole")
        shutil.rmtree(store)
    assert said
    assert all(str(tmp_path) in message for message in said), said
