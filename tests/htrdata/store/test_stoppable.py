"""Work in threads ends when it is not wanted any more, and nobody waits for it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.errors import NotEnoughMemoryError
from htrdata.files.cores import usable_cores
from htrdata.store.stoppable import StoppableThreads

from ...stores import lie


def test_what_runs_ends_at_its_next_step_and_what_waits_never_begins() -> None:
    begun: list[int] = []
    running: list[Future[None]] = []

    def endless(threads: StoppableThreads, number: int) -> None:
        begun.append(number)
        while True:
            threads.go_on()
            time.sleep(0.005)

    def use() -> None:
        with StoppableThreads() as threads:
            running.extend(threads.submit(endless, threads, number) for number in range(50))
            while not begun:
                time.sleep(0.001)
            raise KeyboardInterrupt

    start = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        use()
    for future in running:
        assert future.cancelled() or future.exception(timeout=5) is not None
    assert time.perf_counter() - start < 5
    assert len(begun) <= usable_cores()


def test_all_work_is_done_where_nothing_goes_wrong() -> None:
    with StoppableThreads() as threads:
        found = [threads.submit(pow, 2, number) for number in range(20)]
    assert [future.result() for future in found] == [2**number for number in range(20)]


def test_a_system_without_room_for_threads_lacks_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refusing)
    with StoppableThreads() as threads, pytest.raises(NotEnoughMemoryError, match="can't start new thread"):
        threads.submit(time.sleep, 0)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("signals", "code", "word"),
    [
        ([signal.SIGINT], 130, "interrupted; the same command begins anew"),
        ([signal.SIGTERM], 143, "terminated; the same command begins anew"),
        ([signal.SIGTERM, signal.SIGTERM], 143, ""),
    ],
)
def test_verify_is_stopped_at_once(
    source: Any, tmp_path: Path, signals: list[signal.Signals], code: int, word: str
) -> None:
    """Ten shards of 4 GiB, nearly all of it holes: hashing one takes seconds."""
    store, size = tmp_path / "lmdb", 4 << 30
    build(source, store, BuildOptions(shard_words=8), workers=1)
    for path in store.rglob("data.mdb"):
        os.truncate(path, size)
    lie(store, lambda document: [shard.update(bytes=size) for shard in document["shards"].values()])
    command = [sys.executable, "-m", "htrdata", "verify", str(store)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not any(path.name == "data.mdb" for path in _opened(running)):
            time.sleep(0.05)
        begin = time.perf_counter()
        for number in signals:
            running.send_signal(number)
        output, errors = running.communicate(timeout=60)
    assert (running.returncode, output) == (code, "")
    assert errors.strip() == word or not word
    assert "Traceback" not in errors
    assert time.perf_counter() - begin < 20  # on a busy machine; all of it takes minutes


def _opened(process: subprocess.Popen[str]) -> Iterator[Path]:
    """The files that a process has open; none where the system does not say."""
    for handle in Path(f"/proc/{process.pid}/fd").glob("*"):
        with contextlib.suppress(FileNotFoundError):  # closed since
            yield handle.readlink()
