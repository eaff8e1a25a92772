"""Output files that are there as a whole or not at all, also after a crash of the system."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from htrdata.errors import CannotCreateError, StorageError
from htrdata.files.refusals import cannot_create, refusal


def write_atomically(path: Path | str, *content: bytes | memoryview) -> None:
    """Writes a file beside its place, to the disk, and moves it there: an older file of that name stays until then.

    Args:
        path: where the file shall be; its folder must exist.
        content: all of it, in as many pieces as it comes in.

    Raises:
        CannotCreateError: the file cannot be created there.
        StorageError: writing failed.
    """
    path = Path(path)
    temporary = _beside(path)
    try:
        temporary.touch()
    except OSError as error:
        raise CannotCreateError(cannot_create(path, error)) from error
    try:
        replace_durably(path, *content)
    except OSError as error:
        raise StorageError(f"writing {path} failed: {refusal(error)}") from error


def replace_durably(path: Path, *content: bytes | memoryview) -> None:
    """As `write_atomically`, for callers that have words of their own for what the system says.

    Raises:
        OSError: the file cannot be created, or writing failed; nothing new is left beside its place.
    """
    temporary = _beside(path)
    try:
        with temporary.open("wb") as file:
            file.writelines(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        discard(temporary)


def discard(path: Path) -> None:
    """Removes an unfinished file where the system lets it, after its error or where it has been moved to its place.

    Where the disk fails for this, too, the first error is the one to be told; what is left is as of a killed process.
    """
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def place_beside(path: Path) -> Path:
    """A name beside a file for what is being written, which no other process takes, on whatever machine it runs.

    `remove_unfinished` finds what a killed process has left there.
    """
    return path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")


def remove_unfinished(path: Path) -> None:
    """Removes what killed processes have left of writing a file; no other one must be writing it."""
    for stray in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        stray.unlink(missing_ok=True)


def sync_file(path: Path) -> None:
    """Makes a closed file survive a crash of the system."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def move_durably(moves: Mapping[Path, Path]) -> None:
    """Moves many written files to their places, once all of them are on the disk: with one wait for all, not one each.

    Args:
        moves: the places by the files; a file and its place are in one folder.

    Raises:
        OSError: something cannot be moved.
    """
    if os.name == "posix":
        os.sync()
    else:
        for file in moves:
            sync_file(file)
    for file, place in moves.items():
        file.replace(place)
    for folder in {place.parent for place in moves.values()}:
        sync_folder(folder)


def move_file(file: Path, place: Path) -> None:
    """Moves a file, to another disk too; it is on that disk before it is gone from the first.

    Raises:
        OSError: it cannot be read, written or removed, or came to another size.
    """
    shutil.copyfile(file, place)
    sync_file(place)
    if place.stat().st_size != file.stat().st_size:
        raise OSError(errno.EIO, f"{place.stat().st_size:,} of {file.stat().st_size:,} bytes came", str(place))
    file.unlink()


def sync_folder(folder: Path) -> None:
    """Makes renames within a folder survive a crash of the system. Windows has no such call for folders."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Makes a folder, with those above it that are missing, that survive a crash of the system; or finds it there."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in missing:
        sync_folder(one.parent)


def sync_folders(top: Path) -> None:
    """Makes all names in a folder, and in those below it, survive a crash of the system."""
    for folder, _, _ in os.walk(top):
        sync_folder(Path(folder))


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")
