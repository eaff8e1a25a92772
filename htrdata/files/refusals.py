"""What the system says when it refuses to read or write, and what a person can do about it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

_REMEDIES = {
    errno.ENOSPC: "the disk is full: make room on it, or write to another one",
    errno.EDQUOT: "your quota on that disk is used up: make room in it, or write to another one",
    errno.EFBIG: "no file may become that large: allow larger ones (ulimit -f, or another file system), or make "
    "smaller ones (--shard-size)",
    errno.EMFILE: "too many files are open in this process: allow more (ulimit -n)",
    errno.ENFILE: "too many files are open on this system: end other programs",
    errno.EROFS: "nothing can be written there, it is mounted read-only: write to another place",
    errno.EIO: "the disk, or the network to it, reports an error: copy what matters before anything else, and see the "
    "log of the system",
    errno.ESTALE: "the file is gone from the server that it lies on: begin again",
    errno.EACCES: "you may not do that there: have it allowed, or name another place",
    errno.EPERM: "you may not do that there: have it allowed, or name another place",
}


def refusal(error: OSError, named: Path | str | None = None) -> str:
    """What the system says, of which file, and where it is known a remedy, as one sentence without its end.

    Args:
        error: of the system.
        named: the file that the sentence around this names already.
    """
    remedy = _REMEDIES.get(error.errno or 0)
    where = "" if error.filename is None or str(error.filename) == str(named) else f" ({error.filename})"
    return f"{error.strerror or error}{where}" + (f": {remedy}" if remedy else "")


def cannot_create(place: Path, error: OSError) -> str:
    """Why a file or folder cannot be made, and what to do, as one sentence without its end.

    Args:
        place: the file or folder.
        error: what the system says; of a folder above it as well.
    """
    file = next((folder for folder in (place, *place.parents) if folder.exists() and not folder.is_dir()), None)
    if file is not None and isinstance(error, NotADirectoryError | FileExistsError):
        return f"cannot create {place}: {file} is a file, not a folder; name another place"
    if isinstance(error, FileNotFoundError) and not place.parent.is_dir():
        return f"cannot create {place}: there is no folder {place.parent}; make it, or name another place"
    return f"cannot create {place}: {refusal(error, place)}"


def error_after(path: Path) -> OSError | None:
    """What the system has against a longer file, of one that is given up; None where it has nothing.

    A write that the system cuts short is an error for libraries that do not write on, and then they cannot say why: the
    next one would have told.

    Args:
        path: of the file, which grows by this.
    """
    try:
        with path.open("ab", buffering=0) as file:
            for _ in range(_MORE):
                file.write(bytes(_PAGE))
            os.fsync(file.fileno())
    except OSError as error:
        return error
    return None


_PAGE, _MORE = 4096, 256
