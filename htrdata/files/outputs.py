"""Where a file may be written: that is made sure of before the work, which would else be lost, or what was there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from htrdata.errors import CannotCreateError, UsageError
from htrdata.files.regular import real_path


def check_output(
    out: Path, read: Iterable[Path] = (), option: str = "--out", own: Callable[[Path], bool] | None = None
) -> None:
    """Makes sure that a file can be written, and takes the place of nothing that the same command reads.

    Args:
        out: the file.
        read: files and folders that the command reads.
        option: that names another place.
        own: whether a file is one that the command has written: another one is somebody's, and is not replaced.

    Raises:
        UsageError: it is there, and is one of the files or lies in one of the folders.
        CannotCreateError: it is a folder, or something that the command does not write; or its folder is not there or
            may not be written in.
    """
    if out.is_dir():
        raise CannotCreateError(f"cannot create {out}: it is a folder; name a file with {option}")
    if not out.parent.is_dir():
        raise CannotCreateError(f"cannot create {out}: there is no folder {out.parent}; make it, or name another place")
    if not os.access(out.parent, os.W_OK):
        raise CannotCreateError(
            f"cannot create {out}: you may not write in its folder; have it allowed, or name another place"
        )
    keep(out, read, option)
    if own is not None and out.exists() and not (out.is_file() and (not out.stat().st_size or own(out))):
        raise CannotCreateError(
            f"{out} is there, and nothing that this command writes: name another file with {option}, or move it"
        )


def check_output_folder(out: Path, option: str = "--out") -> None:
    """Makes sure that a folder is there or can be made, and may be written in.

    Raises:
        CannotCreateError: it cannot.
    """
    there = next(folder for folder in (out, *out.absolute().parents) if os.path.lexists(folder))
    if not there.is_dir():
        raise CannotCreateError(f"cannot create {out}: {there} is a file, not a folder; name another with {option}")
    if not os.access(there, os.W_OK):
        raise CannotCreateError(
            f"cannot create {out}: you may not write in {there}; have it allowed, or name another place"
        )


def keep(out: Path, read: Iterable[Path], option: str = "--out") -> None:
    """Refuses a file that is there already and is read, or lies in a folder that is.

    Raises:
        UsageError: it is, or does.
    """
    if not os.path.lexists(out):
        return
    place = real_path(out)
    for one in read:
        source = real_path(one)
        if place == source or (place.exists() and source.exists() and place.samefile(source)):
            raise UsageError(f"{out} is what is read: name another file with {option}")
        if source in place.parents:
            raise UsageError(f"{out} is there already, in {one}, which is read: name another place with {option}")
