"""Disks that are full, and limits on the size of files: what stood stays, and with more room the same work goes on."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from htrdata.errors import StorageError

from .effort import TRIED, sample
from .scenarios import SCENARIOS, Scenario, attempt, copy, tree

PAGE = resource.getpagesize()


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file of this process may become larger; writing beyond fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="module", params=["build", "overwrite", "write a file"])
def scenario(request: pytest.FixtureRequest) -> Scenario:
    return SCENARIOS[request.param]


@pytest.fixture(scope="module")
def places(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder as it is before the work and after it."""
    folder = tmp_path_factory.mktemp("places")
    (folder / "before").mkdir()
    scenario.prepare(folder / "before")
    scenario.act(copy(folder / "before", folder / "after"))
    return folder / "before", folder / "after"


def struck(scenario: Scenario, case: Path, places: tuple[Path, Path]) -> bool:
    """Does the work, which may find no room; says whether it did, and judges what it left."""
    message = attempt(scenario, case)
    scenario.states(case, *places)
    if message is not None:
        assert message.startswith((StorageError.__name__, "CannotCreateError")), message
        assert str(case) in message, f"no place in {message}"
        assert re.search("the same command again|model.bin", message), f"no remedy in {message}"
    return message is not None


def test_a_limit_on_the_size_of_files(scenario: Scenario, places: tuple[Path, Path], tmp_path: Path) -> None:
    largest = max(path.stat().st_size for path in places[1].rglob("*") if path.is_file())
    refused = 0
    for number, size in enumerate(sample(range(0, largest + PAGE, 997), 4)):
        case = copy(places[0], tmp_path / str(number))
        with largest_file(size):
            failed = struck(scenario, case, places)
        refused += failed
        TRIED[f"{scenario.name}, limit of file size", "StorageError, then built" if failed else "done"] += 1
        scenario.check(case, *places)
    assert refused


def mount_memory(place: Path, pages: int) -> bool:
    """Mounts a file system of that many pages; False where that is not allowed."""
    place.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={pages * PAGE}"]
    done = subprocess.run(["mount", *options, "none", str(place)], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="only root may mount a small disk")
def test_a_small_disk(scenario: Scenario, places: tuple[Path, Path], tmp_path: Path) -> None:
    first = pages_of(places[0]) + 1
    most = pages_of(places[1]) + first
    refused = 0
    for number, pages in enumerate(sample(range(first, most), 4)):
        disk = tmp_path / f"disk{number}"
        if not mount_memory(disk, pages):
            pytest.skip("mounting is not allowed here")
        try:
            case = copy(places[0], disk / "case")
            failed = struck(scenario, case, places)
            refused += failed
            TRIED[f"{scenario.name}, full disk", "StorageError, then built" if failed else "done"] += 1
            subprocess.run(["mount", "-o", f"remount,size={100 * most * PAGE}", str(disk)], check=True)
            scenario.check(case, *places)
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)
            shutil.rmtree(disk, ignore_errors=True)
    assert refused


@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="only root may mount a small disk")
def test_a_disk_that_is_full_when_a_shard_is_begun(tmp_path: Path) -> None:
    """LMDB maps a lock file into memory where it is asked for one: without a page for it SIGBUS ended the process."""
    disk = tmp_path / "disk"
    if not mount_memory(disk, 1):
        pytest.skip("mounting is not allowed here")
    try:
        (disk / "full").write_bytes(bytes(PAGE))
        code = "import sys, pathlib, htrdata.store.shard_writer as w; w.write_shard(pathlib.Path(sys.argv[1]), [], "
        command = [sys.executable, "-c", f"{code}count=0, payload=0)", str(disk / "shard")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith("OSError: [Errno 28] No space left on device")
        TRIED["a shard, disk full before it", "StorageError"] += 1
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def pages_of(folder: Path) -> int:
    """The pages that a folder takes on a file system in memory, at least."""
    return sum(-(-path.stat().st_size // PAGE) if path.is_file() else 1 for path in folder.rglob("*"))


def test_the_scenarios_write_something(scenario: Scenario, places: tuple[Path, Path]) -> None:
    assert tree(places[0]) != tree(places[1])
