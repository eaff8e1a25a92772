"""A release of UNIPEN where it lies: a folder, or a tar archive (plain, gzip, bzip2 or xz), which is not unpacked.

    data/7/sta/sta0/NAME.dat      the segments of a category, each with its label; it includes
    include/sta/sta0.doc          what is common to many files, and
    include/sta/data/sta0/X.dat   what the pen did

An archive is read from its beginning to its end, once for the segments and for what they include; once more where
something that is included includes what stood before it.
"""

from __future__ import annotations

import bz2
import functools
import gzip
import lzma
import posixpath
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from htrdata.errors import BadDataError, SourceMissingError
from htrdata.files.regular import open_regular, read_regular
from htrdata.labels import legible
from htrdata.sources.drawn import MARK, DrawnMark, parse_mark, read_mark
from htrdata.sources.tar_walk import told, walk
from htrdata.sources.unipen.statements import Statement, Text, parse

MAX_FILE = 1 << 28
"""The largest file in bytes; the largest of the published ones has 4 million."""

ARCHIVES = (
    "unipen-CDROM-train_r01_v07.tgz",
    "train_r01_v07.tar.bz2",
    "train_r01_v07.tgz",
    "train_r01_v07.tar.gz",
    "train_r01_v07.tar",
)
"""The names by which an archive is found in a folder."""

_HOW_TO_GET_IT = (
    "`htrdata fetch unipen` gets it; or fetch unipen-CDROM-train_r01_v07.tgz from https://zenodo.org/records/1195803 "
    "and name it, or the folder that it was unpacked to, with --root"
)
_MENDED = {"include/hpb/data/hpb4/hpb43ajj.dat": (b"\n0 0\n-1 418 495\n", b"\n0 0\n")}
"""What is wrong in published files, and what stands for it: a third number in a component that is withheld."""

_PACKED: Mapping[bytes, Callable[[Path], Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
"""How an archive begins, and what unpacks it."""


@dataclass(slots=True)
class Release:
    """The files of a category, and what they include.

    Attributes:
        data: the statements of the category's files, by name below the release, in the order of names.
        included: the statements of what these include, by name below the release. What is missing there is missing on
            disk.
        mark: what says that a program has drawn the strokes; None of the published ones.
    """

    data: dict[str, list[Statement]] = field(default_factory=dict)
    included: dict[str, list[Statement]] = field(default_factory=dict)
    mark: DrawnMark | None = None


def read_release(root: Path, category: int) -> Release:
    """Reads a category.

    Args:
        root: a folder with ``data`` and ``include``, or around one; an archive; or a folder with one.
        category: 7 for isolated words, 8 for free text.

    Raises:
        SourceMissingError: there is no release, or it lacks the category.
        BadDataError: a file is not what its format promises, or an archive is damaged.
        OSError: something cannot be read.
    """
    place = _find(root)
    release = Release()
    prefix = f"data/{category}/"
    if place.is_dir():
        _read_folder(place, prefix, release)
    else:
        _read_archive(place, prefix, release)
    if not release.data:
        raise SourceMissingError(f"{place} has no files below {prefix}: {_HOW_TO_GET_IT}")
    release.data = dict(sorted(release.data.items()))
    return release


def included_name(statement: Text, name: str) -> str:
    """The file that a statement includes.

    Args:
        statement: its keyword is ``INCLUDE``.
        name: of the file where it stands.

    Returns:
        The name below the release. What is included is named from the folder ``include``; a name that leads upwards,
        as a few do, is named from the file where it stands.

    Raises:
        BadDataError: it lies outside of the release's folders.
    """
    given = statement.argument
    base = posixpath.dirname(name) if ".." in PurePosixPath(given).parts else "include"
    found = posixpath.normpath(posixpath.join(base, given))
    if not given or given.startswith("/") or "\\" in given or "\0" in given or not found.startswith("include/"):
        raise BadDataError(
            f"{legible(name)}, line {statement.line}: {given[:80]!r} leads out of the folder of included files: not "
            "the published release; fetch it again"
        )
    return found


def _find(root: Path) -> Path:
    """The folder of the release or its archive."""
    if root.is_file():
        return root
    for folder in (root, root / "train_r01_v07", root / "unipen/CDROM/train_r01_v07"):
        if (folder / "data").is_dir() and (folder / "include").is_dir():
            return folder
    for name in ARCHIVES:
        if (root / name).is_file():
            return root / name
    raise SourceMissingError(f"no UNIPEN release in {root}: {_HOW_TO_GET_IT}")


def _read_folder(folder: Path, prefix: str, release: Release) -> None:
    release.mark = read_mark(folder / MARK)
    for path in sorted((folder / prefix).rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            release.data[name] = _parse(read_regular(path, MAX_FILE), name)
    waiting = sorted(_wanted(release.data.items()))
    while waiting:
        name = waiting.pop()
        path = folder / name
        if name not in release.included and path.is_file():
            release.included[name] = _parse(read_regular(path, MAX_FILE), name)
            waiting += _wanted([(name, release.included[name])])


def _parse(data: bytes, name: str) -> list[Statement]:
    return parse(data.replace(*_MENDED[name]) if name in _MENDED else data, legible(name))


def _read_archive(path: Path, prefix: str, release: Release) -> None:
    release.mark = read_mark(path.parent / MARK)
    wanted: set[str] = set()
    seen: set[str] = set()
    again = True
    while again:
        for name, read in _members(path):
            seen.add(name)
            if name == MARK and release.mark is None:
                release.mark = parse_mark(read(), f"{path}:{name}")
            elif name.startswith(prefix) and name not in release.data:
                release.data[name] = _parse(read(), name)
                wanted |= _wanted([(name, release.data[name])])
            elif name in wanted and name not in release.included:
                release.included[name] = _parse(read(), name)
                wanted |= _wanted([(name, release.included[name])])
        again = bool((wanted & seen) - release.included.keys())


def _members(path: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The names of an archive's files below the release, each with what reads it before the next one comes."""
    with told(path, _HOW_TO_GET_IT), _unpacked(path) as stream:
        for member in walk(stream, path.stat().st_size):
            name = _below_release(member.name)
            if name is not None and member.isreg() and not member.issparse():
                if member.size > MAX_FILE:
                    raise BadDataError(f"{path}: {member.name!r} has {member.size:,} bytes: no file of UNIPEN")
                yield name, functools.partial(_read_member, path, stream, member)


def _unpacked(path: Path) -> IO[bytes]:
    """The archive's bytes, unpacked as they are read; its own beginning tells how it is packed."""
    with open_regular(path) as file:
        beginning = file.read(max(map(len, _PACKED)))
    unpack = next((unpack for magic, unpack in _PACKED.items() if beginning.startswith(magic)), None)
    stream: IO[bytes] = path.open("rb") if unpack is None else unpack(path)
    return stream


def _read_member(path: Path, stream: IO[bytes], member: tarfile.TarInfo) -> bytes:
    with told(path, _HOW_TO_GET_IT):
        stream.seek(member.offset_data)
        data = stream.read(member.size)
        if len(data) != member.size:
            raise EOFError(f"it ends within {member.name!r}")
        return data


def _below_release(member: str) -> str | None:
    """The name of a member without the folders around ``data`` and ``include``; None for other files but the mark."""
    parts = [part for part in PurePosixPath(member).parts if part != "."]
    # Zenodo's archive has three folders around them: unipen/CDROM/train_r01_v07.
    places = [place for place, part in enumerate(parts[:4]) if part in ("data", "include", MARK)]
    if not places or ".." in parts:
        return None
    return "/".join(parts[places[0] :])


def _wanted(files: Iterable[tuple[str, list[Statement]]]) -> set[str]:
    """What files include."""
    return {
        included_name(statement, name)
        for name, statements in files
        for statement in statements
        if isinstance(statement, Text) and statement.keyword == "INCLUDE"
    }
