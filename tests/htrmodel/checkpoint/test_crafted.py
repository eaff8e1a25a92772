"""Crafted checkpoints: each ends in one of our errors, soon and with little memory."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from htrdata.errors import HtrError
from htrmodel.checkpoint.files import load

from .crafted import Case, base, cases, native

CASES = cases()
MEMORY = 400 * 2**20
SECONDS = 3.0


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Lets this process grow by so much and no more."""
    if sys.platform != "linux":
        yield
        return
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def test_there_are_many() -> None:
    assert len(CASES) >= 250


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_crafted_file_is_refused_soon(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"model{case.suffix}"
    path.write_bytes(case.content)
    begun, peak = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(HtrError) as raised:
        load(path, say=str)
    assert time.process_time() - begun < SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) * 1024 < MEMORY
    message = str(raised.value)
    assert str(path) in message
    assert len(message) < 1200
    assert message.isprintable()
    assert "\x1b" not in message
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_what_the_cases_are_made_from_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(native())
    assert load(path).config == base().config
