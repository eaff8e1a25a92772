"""What is on a disk after a loss of power: the record of ``disk.c`` replayed up to some call, less what was not synced.

Two kinds of file system are played. One keeps the order of names (a journal, as ext4 and XFS): what a sync of any file
or folder follows is there, and of what came later the first so many changes of names are, too. The other promises no
more than POSIX: a name is there once its folder was synced. Either drops bytes that were not synced, all of them or
some.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Kind = Literal["journal", "strict"]

_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Call:
    """A call that changed files: its name, the file's number, where and how much, the paths, the bytes written."""

    name: str
    file: int
    at: int
    path: str
    other: str
    data: bytes


def read_record(path: Path) -> list[Call]:
    """The calls that ``disk.c`` wrote down."""
    record = path.read_bytes()
    calls, place = [], 0
    while place < len(record):
        end = record.index(b"\n", place)
        name, file, at, size, one, other = record[place:end].decode().split("\t")
        place = end + 1
        data = record[place : place + int(size)]
        place += len(data)
        calls.append(Call(name, int(file), int(at), one, other, data))
    return calls


@dataclass(slots=True)
class _File:
    """A file: its bytes, and what of them is on the disk."""

    now: bytearray = field(default_factory=bytearray)
    durable: bytes = b""


@dataclass(slots=True)
class _Folder:
    """A folder: its entries, and those that are on the disk."""

    now: dict[str, _File | _Folder] = field(default_factory=dict)
    durable: dict[str, _File | _Folder] = field(default_factory=dict)


class RecordedDisk:
    """A folder whose changes were recorded.

    Args:
        folder: as it was when the record began; all of it counts as synced.
        root: the path that the record calls it by.
        kind: of file system.
    """

    def __init__(self, folder: Path, root: str, kind: Kind) -> None:
        self._root, self._kind = root, kind
        self._top = _read_folder(folder) if folder.exists() else _Folder()
        self._files: dict[int, _File] = {}
        self._moved: list[tuple[_Folder, str, _File | _Folder]] = []  # where from, its name there, and what
        self._names: list[tuple[Call, _File | None]] = []  # changes that no sync has followed yet, and what was created

    def play(self, calls: Sequence[Call]) -> None:
        """Does what was recorded."""
        for call in calls:
            self._play(call)

    def after_power_loss(self, seed: int, names: float = 1.0) -> Iterator[tuple[str, bytes | None]]:
        """The files and folders (None) that are there when the power is back, by path below the folder.

        Args:
            seed: of which bytes, written but not synced, are there.
            names: with a journal, which part of the names that were changed after the last sync is as changed.
        """
        chance = random.Random(seed)
        if self._kind == "journal":
            top = _copy_of(self._top, durable=True)
            disk = RecordedDisk.__new__(RecordedDisk)
            disk._root, disk._kind, disk._top, disk._files, disk._names = self._root, "journal", top, {}, []
            disk._moved = []
            for call, created in self._names[: round(len(self._names) * names)]:
                disk._rename(call, created)
            yield from _listed(top.now, chance, "", durable=False)
        else:
            yield from _listed(self._top.durable, chance, "", durable=True)

    def _play(self, call: Call) -> None:
        if call.name in ("write", "resize", "truncate"):
            file = self._file(call)
            if call.name == "write":
                file.now[len(file.now) : call.at] = bytes(max(0, call.at - len(file.now)))
                file.now[call.at : call.at + len(call.data)] = call.data
            else:
                file.now[call.at :] = bytes(max(0, call.at - len(file.now)))
        elif call.name == "sync":
            self._sync(call)
        elif call.name in ("create", "mkdir", "unlink", "rmdir", "rename", "exchange"):
            created = _File() if call.name == "create" else None
            self._rename(call, created)
            self._names.append((call, created))
        elif call.name not in ("lock", "syncing"):
            raise ValueError(f"the record has a call {call.name!r}")

    def _file(self, call: Call) -> _File:
        if call.file not in self._files:  # one that was there before
            found = self._find(call.path)
            assert isinstance(found, _File), call.path
            self._files[call.file] = found
        return self._files[call.file]

    def _sync(self, call: Call) -> None:
        try:
            found = self._find(call.path)
        except KeyError:
            return  # a file that is open, and has no name any more
        if isinstance(found, _Folder):
            found.durable = dict(found.now)
            for source, name, moved in self._moved:  # no file system has a folder in two places
                arrived = any(one is moved for one in found.now.values()) and source.now.get(name) is not moved
                if arrived and source.durable.get(name) is moved:
                    del source.durable[name]
        else:
            file = self._file(call)
            file.durable = bytes(file.now)
        self._names.clear()
        if self._kind == "journal":
            _settle(self._top)

    def _rename(self, call: Call, created: _File | None) -> None:
        *folders, name = self._parts(call.other if call.name in ("rename", "exchange") else call.path)
        folder = self._folder(folders)
        if created is not None:
            folder.now[name] = self._files[call.file] = created
        elif call.name == "mkdir":
            folder.now[name] = _Folder()
        elif call.name in ("unlink", "rmdir"):
            folder.now.pop(name)
        else:
            *sources, old = self._parts(call.path)
            source = self._folder(sources)
            there = folder.now.get(name)
            moved = folder.now[name] = source.now.pop(old)
            self._moved.append((source, old, moved))
            if call.name == "exchange":
                assert there is not None
                source.now[old] = there

    def _find(self, path: str) -> _File | _Folder:
        *folders, name = self._parts(path)
        return self._folder(folders).now[name] if name else self._top

    def _folder(self, parts: Sequence[str]) -> _Folder:
        at = self._top
        for part in filter(None, parts):
            below = at.now[part]
            assert isinstance(below, _Folder), parts
            at = below
        return at

    def _parts(self, path: str) -> list[str]:
        assert path == self._root or path.startswith(f"{self._root}/"), path
        return [part for part in path[len(self._root) :].split("/") if part not in ("", ".")] or [""]


def _settle(folder: _Folder) -> None:
    folder.durable = dict(folder.now)
    for below in folder.now.values():
        if isinstance(below, _Folder):
            _settle(below)


def _copy_of(folder: _Folder, *, durable: bool) -> _Folder:
    """The folder as it is on the disk; its files are the same objects."""
    entries = folder.durable if durable else folder.now
    return _Folder(
        {name: _copy_of(one, durable=durable) if isinstance(one, _Folder) else one for name, one in entries.items()}
    )


def _listed(
    entries: dict[str, _File | _Folder], chance: random.Random, prefix: str, *, durable: bool
) -> Iterator[tuple[str, bytes | None]]:
    for name, one in entries.items():
        if isinstance(one, _Folder):
            yield f"{prefix}{name}", None
            yield from _listed(one.durable if durable else one.now, chance, f"{prefix}{name}/", durable=durable)
        else:
            yield f"{prefix}{name}", _surviving(one, chance)


def _surviving(file: _File, chance: random.Random) -> bytes:
    """The synced bytes; of those written since, none, or some blocks of the file in its new length."""
    if file.durable == file.now or chance.random() < 0.5:
        return file.durable
    content = bytearray(file.durable.ljust(len(file.now), b"\0")[: len(file.now)])
    for at in range(0, len(content), _BLOCK):
        if chance.random() < 0.5:
            content[at : at + _BLOCK] = file.now[at : at + _BLOCK]
    return bytes(content)


def _read_folder(folder: Path) -> _Folder:
    entries: dict[str, _File | _Folder] = {}
    for path in folder.iterdir():
        entries[path.name] = _read_folder(path) if path.is_dir() else _read_file(path)
    return _Folder(entries, dict(entries))


def _read_file(path: Path) -> _File:
    content = path.read_bytes()
    return _File(bytearray(content), content)


def lay_out(files: Iterator[tuple[str, bytes | None]], folder: Path) -> None:
    """Writes what is left of a disk."""
    folder.mkdir(parents=True)
    for name, content in files:
        if content is None:
            (folder / name).mkdir()
        else:
            (folder / name).write_bytes(content)
