"""Output folders that are there as a whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from htrdata.errors import CannotCreateError, HtrError, LockedError, StorageError
from htrdata.files.refusals import cannot_create, refusal
from htrdata.files.regular import real_path
from htrdata.files.writing import sync_folder

_LOCK = ".lock"


@contextmanager
def made_whole(out: Path, outside: Path | None = None) -> Iterator[Path]:
    """A folder to write into, which is moved to its place when the block ends well, and removed when it does not.

    A folder that is there already may be a mount, or the one that somebody works in: it stays, and is written in.

    Args:
        out: where the folder shall be; it is empty or not there.
        outside: a folder that it must not lie in.

    Raises:
        CannotCreateError: it has something in it, lies in `outside`, or cannot be created.
        LockedError: another process makes it.
        StorageError: writing failed, in the block or when the folder is moved.
    """
    place = real_path(out)
    if outside is not None and (place == (other := real_path(outside)) or other in place.parents):
        raise CannotCreateError(f"{out} lies in {outside}, which is what is read: name another folder with --out")
    there = place.is_dir()
    stage = place / ".partial" if there else place.with_name(f".{place.name}.partial")
    try:
        if place.exists() and any(one != stage for one in place.iterdir()):  # which a file has not
            raise CannotCreateError(f"{out} has something in it already: name another folder with --out, or remove it")
        stage.mkdir(parents=True, exist_ok=True)
        held = filelock.FileLock(stage / _LOCK).acquire(timeout=0)
    except filelock.Timeout:
        raise LockedError(f"another process is writing {out}: wait for it, or name another folder") from None
    except OSError as error:
        raise CannotCreateError(cannot_create(out, error)) from error
    try:
        with held:
            _empty(stage)  # of what a killed process has left
            yield stage
            _sync_all(stage)
        (stage / _LOCK).unlink(missing_ok=True)
        _move(stage, place, into=there)
    except OSError as error:
        if isinstance(error, HtrError):  # what is read is missing, or the message is there already
            raise
        raise StorageError(f"writing {out} failed: {refusal(error)}; then run the same command again") from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _empty(stage: Path) -> None:
    for one in stage.iterdir():
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one)
        elif one.name != _LOCK:
            one.unlink()


def _sync_all(stage: Path) -> None:
    """One wait for all that is written, where the system can."""
    if os.name == "posix":
        os.sync()
        return
    for file in stage.rglob("*"):
        if file.is_file() and file.name != _LOCK:
            with file.open("rb+") as opened:
                os.fsync(opened.fileno())


def _move(stage: Path, place: Path, *, into: bool) -> None:
    if into:
        for one in sorted(stage.iterdir()):
            one.rename(place / one.name)
        sync_folder(place)
    else:
        stage.rename(place)
        sync_folder(place.parent)
