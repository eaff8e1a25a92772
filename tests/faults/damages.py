"""What strangers' files are like: cut off, with bits turned, something else under the name, or no file at all."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from ..fuzz.mutation import CHANGES, Change

Damage = Callable[[Path, random.Random], None]


def _bytes(change: Change) -> Damage:
    def damage(path: Path, chance: random.Random) -> None:
        path.write_bytes(change(bytearray(path.read_bytes()), chance))

    return damage


def _instead(make: Callable[[Path], None]) -> Damage:
    def damage(path: Path, _chance: random.Random) -> None:
        path.unlink()
        make(path)

    return damage


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "inside").write_bytes(b"")


BYTES: dict[str, Damage] = {name: _bytes(change) for name, change in CHANGES.items()}
"""Damages that differ from seed to seed."""

PLACES: dict[str, Damage] = {
    "empty": _bytes(lambda data, chance: b""),
    "a web page": _bytes(lambda data, chance: b"<!DOCTYPE html><html><body>Log in</body></html>"),
    "UTF-16": _bytes(lambda data, chance: data.decode("latin-1").encode("utf-16")),
    "random bytes": _bytes(lambda data, chance: chance.randbytes(3000)),
    "gone": _instead(lambda path: None),
    "a folder": _instead(_folder),
    "a pipe": _instead(lambda path: os.mkfifo(path)),
    "a link to zeros without end": _instead(lambda path: path.symlink_to("/dev/zero")),
    "a link to nothing": _instead(lambda path: path.symlink_to("nowhere")),
    "a link to itself": _instead(lambda path: path.symlink_to(path.name)),
    "its folder gone": lambda path, chance: shutil.rmtree(path.parent),
}
"""Damages of which there is one each."""
