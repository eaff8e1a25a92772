"""Prints what was tried, and how often."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .effort import ALL, TRIED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A table: fault, what came of it, how often."""
    if TRIED:
        terminalreporter.section(f"faults tried ({'all' if ALL else 'a sample; all: make faults'})")
        for (fault, outcome), count in sorted(TRIED.items()):
            terminalreporter.write_line(f"{count:>7,}  {fault}: {outcome}")


@pytest.fixture(scope="session")
def quick_folder() -> Iterator[Path]:
    """A folder in memory where the system has such a place: what is tried here syncs thousands of times."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="htrdata-faults-", dir=memory if memory.is_dir() else None))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
