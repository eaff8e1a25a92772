"""Every reader, before data sets with a damaged file: a build comes of it, or one message that names the place."""

from __future__ import annotations

import random
import resource
import shutil
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from htrdata.building.builder import build
from htrdata.errors import HtrError
from htrdata.store.verification import verify

from .damages import BYTES, PLACES, Damage
from .effort import ALL, TRIED
from .small_sources import SMALL_SOURCES, SmallSource, files_of

SEEDS = range(6) if ALL else range(1)
LONGEST_SECONDS = 10
MOST_MEMORY = 600 << 20


def cases(name: str, files: list[str]) -> Iterator[tuple[str, str, Damage, random.Random]]:
    """Files and damages to try; of a sample each damage strikes one file or two."""
    for number, (kind, damage) in enumerate({**BYTES, **PLACES}.items()):
        chosen = files if ALL else [files[(number + step) % len(files)] for step in range(1)]
        for file in dict.fromkeys(chosen):
            for seed in SEEDS if kind in BYTES else range(1):
                yield file, kind, damage, random.Random(f"{name} {file} {kind} {seed}")


class LateError(BaseException):
    """It takes too long. No reader may take it for an error of the disk, and go on."""


@contextmanager
def limits() -> Iterator[None]:
    """What hangs is interrupted, and what asks for memory without end is refused."""

    def late(_signal: int, _frame: FrameType | None) -> None:
        raise LateError(f"after {LONGEST_SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, late)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MOST_MEMORY, hard))
    signal.setitimer(signal.ITIMER_REAL, LONGEST_SECONDS, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("small", SMALL_SOURCES, ids=lambda small: small.name)
def test_a_damaged_data_set_is_built_or_refused_in_one_message(small: SmallSource, tmp_path: Path) -> None:
    small.make(tmp_path / "sound")
    files = files_of(tmp_path / "sound")
    attempt(small, tmp_path / "sound", tmp_path / "store")
    wrong = []
    for number, (file, kind, damage, chance) in enumerate(cases(small.name, files)):
        root, store = tmp_path / f"case{number}", tmp_path / f"store{number}"
        shutil.copytree(tmp_path / "sound", root)
        damage(root / file, chance)
        try:
            with limits():
                attempt(small, root, store)
            outcome = "read"
        except HtrError as error:
            outcome = f"refused ({type(error).__name__})"
            if not said_well(str(error), file, root, store):
                wrong.append(f"{file}, {kind}: {error!r}")
        except BaseException:  # noqa: BLE001 - all others are told, too
            outcome = "a traceback"
            wrong.append(f"{file}, {kind}: {traceback.format_exc()[-1500:]}")
        TRIED[f"{small.name}, {'file changed' if kind in BYTES else 'something else'}", outcome] += 1
        shutil.rmtree(root, ignore_errors=True)
        shutil.rmtree(store, ignore_errors=True)
    assert not wrong, "\n\n".join(wrong)


def said_well(message: str, file: str, root: Path, store: Path) -> bool:
    """One message of bounded length that names the place; where no word is left, the reasons instead."""
    within = ("data/7/", "include/abc/")  # files of an archive
    places = (str(root), str(store), file, *within, "not one of")
    advice_of_python = "set_int_max_str_digits" in message or "recursion" in message
    return any(place in message for place in places) and len(message) < 2000 and not advice_of_python


def attempt(small: SmallSource, root: Path, store: Path) -> None:
    """Reads the data set, builds it, and proves what was built."""
    source = small.read(root)
    if source is not None:
        build(source, store, workers=1)
        problems = [problem for dataset in verify(store, decode=True) for problem in dataset.problems]
        assert not problems, problems
