"""Builds with several processes, killed or told to stop at any time: the next one goes on, to the same store."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from htrdata.building.builder import build
from htrdata.building.shares import Share
from htrdata.building.sharing import build_share
from htrdata.errors import WorkerDiedError

from ..fuzz.made_inputs import NoiseSource
from .building_program import PAGES_PER_SPLIT
from .effort import ALL, TRIED
from .scenarios import NEW, check_whole, tree
from .shim import ROOT

WORKERS = 2
TRIES = 40 if ALL else 1


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[NoiseSource, Path]:
    """The source, and the store that an undisturbed build makes."""
    folder = tmp_path_factory.mktemp("kills")
    source = NoiseSource(folder / "pages", pages_per_split=PAGES_PER_SPLIT).draw()
    build(source, folder / "store", NEW, workers=1)
    check_whole(folder / "store")
    return source, folder / "store"


def start(source: NoiseSource, store: Path, *share: str, workers: int = WORKERS) -> subprocess.Popen[str]:
    given = [str(source.folder), str(store), str(workers), *share]
    words = [sys.executable, "-m", "tests.faults.building_program", *given]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        words,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever was started in the background ignores Ctrl-C, and so would all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def children_of(process: int) -> list[int]:
    """The workers of a build that are alive."""
    listed = Path(f"/proc/{process}/task/{process}/children")
    numbers = [int(one) for one in listed.read_text().split()] if listed.exists() else []
    return [one for one in numbers if b"spawn_main" in _command_line(one)]


def _command_line(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def strike(process: subprocess.Popen[str], whom: str, lines: int, chance: random.Random) -> None:
    """Waits until the build has said so many lines, and a moment; then strikes it or one of its workers."""
    assert process.stdout is not None
    for _ in range(lines):
        process.stdout.readline()
    time.sleep(chance.random() * 0.02)
    if whom == "worker":
        workers = children_of(process.pid)
        if workers:
            os.kill(chance.choice(workers), signal.SIGKILL)
    elif process.poll() is None:
        process.send_signal({"build": signal.SIGKILL, "term": signal.SIGTERM, "int": signal.SIGINT}[whom])


EXPECTED = {"build": {-signal.SIGKILL}, "worker": {WorkerDiedError.exit_code}, "term": {143}, "int": {130}}
"""What a struck build ends with; or 0, where it was done before."""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="workers are found by /proc")
@pytest.mark.parametrize("whom", EXPECTED if ALL else ["build", "worker"])
def test_a_killed_build_goes_on(whole: tuple[NoiseSource, Path], whom: str, tmp_path: Path) -> None:
    source, expected = whole
    for number in range(TRIES):
        chance = random.Random(f"{whom} {number}")
        store = tmp_path / str(number)
        process = start(source, store)
        strike(process, whom, chance.randint(whom in ("int", "term"), 22), chance)
        _, said = process.communicate(timeout=120)
        assert process.returncode in {*EXPECTED[whom], 0}, said
        # Of a build that is gone at once, workers that were still starting say so in multiprocessing's own words.
        assert whom == "build" or "Traceback" not in said, said
        if process.returncode == WorkerDiedError.exit_code:
            assert re.search("want of memory.*fewer workers", said), said
        before = tree(store) if store.exists() else {}
        build(source, store, NEW, workers=1)
        assert tree(store) == tree(expected), f"{whom} {number}"
        left = [name for name in before if name.startswith(".build/drawn/parts/") and name.endswith(".arrow")]
        outcome = "done before" if process.returncode == 0 else f"ended with {process.returncode}, then built"
        TRIED[f"build with {WORKERS} workers, {whom} struck", outcome] += 1
        assert process.returncode or not left


@pytest.mark.parametrize("struck", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT] if ALL else [signal.SIGKILL])
def test_killed_shares_are_done_again(whole: tuple[NoiseSource, Path], struck: signal.Signals, tmp_path: Path) -> None:
    """Two of three shares run at once, and one is struck; it runs again, and what is missing is built by who joins."""
    source, expected = whole
    for number in range(TRIES):
        chance = random.Random(f"{struck} {number}")
        store = tmp_path / str(number)
        shares = ["1/3", "2/3"]
        running = [start(source, store, share, workers=1) for share in shares]
        out = running[0].stdout
        assert out is not None
        # Python itself, while it starts, ends by these in other ways.
        for _ in range(chance.randint(struck != signal.SIGKILL, 3)):
            out.readline()
        time.sleep(chance.random() * 0.02)
        running[0].send_signal(struck)
        codes = [(process.communicate(timeout=120), process.returncode)[1] for process in running]
        assert codes[0] in {-struck, 128 + struck, 0}
        assert codes[1] == 0
        assert not (store / "drawn").exists()
        for share in [*shares, "3/3"] if chance.random() < 0.5 else ["1/3"]:
            build_share(source, store, NEW, share=Share.parse(share), workers=1)
        build(source, store, NEW, workers=1)
        assert tree(store) == tree(expected), f"{struck} {number}"
        TRIED["one of two shares at once struck", f"ended with {codes[0]}, then done again and joined"] += 1
