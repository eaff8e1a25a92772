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


def refusal(error: OSError) -> str:
    """What the system says, and where it is known the cause and a remedy, as one sentence without its end."""
    remedy = _REMEDIES.get(error.errno or 0)
    where = f" ({error.filename})" if error.filename is not None else ""
    return f"{error.strerror}{where}: {remedy}" if remedy else str(error)


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
