"""Worker processes start small, and one that dies says why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from htrdata.errors import WorkerDiedError
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
