"""Compiles ``disk.c`` and speaks to it from a process that was started with it."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from pathlib import Path

SOURCE = Path(__file__).with_name("disk.c")
ROOT = Path(__file__).parents[2]


class How(IntEnum):
    """What happens at the n-th call, and after it."""

    COUNT = 0
    FAIL = 1
    FAIL_FROM = 2
    KILL = 3
    KILL_WITHIN = 4


class Kinds(IntFlag):
    """Which calls count."""

    READING = 1
    WRITING = 2


def compiler() -> str | None:
    """A C compiler for Linux with glibc; None where there is none."""
    return shutil.which("cc") if sys.platform == "linux" else None


def library() -> Path:
    """The compiled file, made once for each version of the source."""
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    place = Path(tempfile.gettempdir()) / f"htrdata-faults-{os.getuid()}-{digest}.so"
    if not place.exists():
        unfinished = place.with_suffix(f".{os.getpid()}")
        command = ["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", str(unfinished), str(SOURCE)]
        subprocess.run([*command, "-ldl", "-lpthread"], check=True)
        unfinished.replace(place)
    return place


def environment() -> dict[str, str]:
    """The environment of a process that shall have it."""
    return {**os.environ, "LD_PRELOAD": str(library()), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


@dataclass
class Disk:
    """Control of the library that this process was started with."""

    def __post_init__(self) -> None:
        self._library = ctypes.CDLL(str(library()))
        self._library.faults_count.restype = ctypes.c_long
        self._library.faults_place.restype = ctypes.c_char_p

    def watch(self, folder: Path, record: Path | None = None) -> None:
        """Watches what is below a folder, and writes down what changes there."""
        self._library.faults_watch(os.fsencode(folder.resolve()), None if record is None else os.fsencode(record))

    def arm(self, how: How, nth: int = 0, error: int = 0, kinds: Kinds = Kinds.WRITING) -> None:
        """Has the n-th of these calls from now, counted from 1, end that way."""
        self._library.faults_arm(int(how), ctypes.c_long(nth), error, int(kinds))

    def disarm(self) -> int:
        """Lets everything through; returns how many calls have been counted."""
        count = int(self._library.faults_count())
        self.arm(How.COUNT)
        return count

    def place(self) -> str:
        """The call that was struck."""
        return os.fsdecode(self._library.faults_place())
