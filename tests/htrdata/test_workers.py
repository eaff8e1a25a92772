"""Worker processes start small, and one that dies says why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.queues import Queue
from pathlib import Path

import pytest

from htrdata.errors import NotEnoughMemoryError, WorkerDiedError
from htrdata.workers import make_executor


@pytest.mark.parametrize(
    ("done", "imported"),
    [
        ("pa.array(['a', None]), pa.scalar(1.5)", False),
        ("pa.table({'a': [1]}).to_pandas()", True),  # whoever asks for it has it
    ],
)
def test_a_worker_leaves_pandas_alone_until_it_is_asked_for(done: str, imported: bool) -> None:
    with make_executor(2) as executor:
        found = executor.submit(eval, f"({done}, 'pandas' in sys.modules)[-1]", _Modules())
        assert found.result() is imported


class _Modules(dict[str, object]):
    """Names of an expression, which a worker imports for itself."""

    def __reduce__(self) -> tuple[object, ...]:
        return eval, ("{'pa': __import__('pyarrow'), 'sys': __import__('sys')}",)


def test_a_script_without_a_guard_is_told_what_it_lacks(tmp_path: Path) -> None:
    """Workers import the script that started them; what happens then looked like a want of memory."""
    script = tmp_path / "script.py"
    script.write_text(
        "from htrdata.workers import make_executor\nwith make_executor(2) as pool:\n    pool.submit(abs, -1).result()\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("htrdata.errors.WorkerDiedError: no worker process could start")
    assert "killed, most likely for want of memory: run the same again with fewer workers" in last
    assert "if __name__ == '__main__':" in last
    assert (
        "UsageError: a worker process, which imports the script that started it, came upon the same call" in done.stderr
    )
    script.write_text(
        script.read_text().replace("with", "if __name__ == '__main__':\n  with").replace("    pool", "      pool")
    )
    assert subprocess.run([sys.executable, str(script)], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_until_a_worker_is_known_to_the_pool(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes while a worker is being started would leave it behind, and it would show a traceback."""
    done: list[str] = []

    def start(*_: object) -> None:
        signal.raise_signal(number)
        done.append("started")

    def stop(*_: object) -> None:
        done.append("stopped")
        raise KeyboardInterrupt

    before = signal.signal(number, stop)
    try:
        monkeypatch.setattr(ProcessPoolExecutor, "submit", start)
        with make_executor(2) as pool, pytest.raises(KeyboardInterrupt):
            pool.submit(abs, -1)
        assert done == ["started", "stopped"]
        assert signal.getsignal(number) is stop
    finally:
        signal.signal(number, before)


def test_a_worker_that_is_killed_is_no_worker_that_cannot_start() -> None:
    with pytest.raises(WorkerDiedError, match="killed, most likely for want of memory"), make_executor(2) as pool:
        pool.submit(os._exit, 9).result()


@pytest.mark.parametrize(
    ("error", "expected"),
    [(RuntimeError("can't start new thread"), NotEnoughMemoryError), (ZeroDivisionError("a bug"), ZeroDivisionError)],
)
def test_an_error_that_ends_the_thread_of_a_pool_is_no_reason_to_wait_for_ever(
    error: Exception, expected: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was, where a limit of memory left no room for the thread that it starts with the first job."""

    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(Queue, "_start_thread", fail)
    before = threading.excepthook
    with make_executor(2) as pool:
        futures = [pool.submit(abs, -number) for number in range(9)]
        for future in futures:
            with pytest.raises(expected, match=str(error)):
                future.result(timeout=60)
        with pytest.raises(expected, match=str(error)):
            pool.submit(abs, -1).result(timeout=60)
    assert threading.excepthook is before


def test_errors_of_other_threads_are_shown_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: shown.append(args.exc_value))
    with make_executor(2) as pool:
        thread = threading.Thread(target=[].pop)
        thread.start()
        thread.join()
        assert pool.submit(abs, -1).result() == 1
    assert [type(error) for error in shown] == [IndexError]


def test_a_job_that_a_worker_cannot_import_is_an_error_and_no_dead_worker(capfd: pytest.CaptureFixture[str]) -> None:
    """With little memory, modules are not imported everywhere; each worker showed a traceback, and was "killed"."""
    with make_executor(2) as pool:
        with pytest.raises(MemoryError):
            pool.submit(repr, _Unloadable()).result()
        assert pool.submit(abs, -1).result() == 1
    assert "Traceback" not in capfd.readouterr().err


class _Unloadable:
    def __reduce__(self) -> tuple[object, ...]:
        return exec, ("raise MemoryError",)
