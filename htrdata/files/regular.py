"""Files to read, and nothing else: what waits for a writer, or has no end, is refused before it is read."""

from __future__ import annotations

import os
import stat
from io import FileIO
from pathlib import Path

from htrdata.errors import BadDataError

_PIECE = 1 << 20  # bytes
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_regular(path: Path) -> FileIO:
    """Opens a file for reading, without a buffer. Opening a pipe would wait until somebody writes to it.

    Raises:
        BadDataError: it is a folder, a pipe, a socket or a device.
        OSError: it cannot be opened.
    """
    check_regular(path)
    # Should it be exchanged meanwhile, opening it does not wait.
    file = FileIO(path, opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0)))
    try:
        _check_mode(path, os.fstat(file.fileno()).st_mode)
    except BadDataError:
        file.close()
        raise
    return file


def is_utf8(path: Path) -> bool:
    """Whether its name is text: libraries that are no Python's open no other names."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def check_regular(path: Path) -> None:
    """Refuses what `open_regular` does, for libraries that open files themselves. Raises as it does."""
    _check_mode(path, path.stat().st_mode)


def real_path(path: Path) -> Path:
    """Where links lead; of links that lead in a circle, which `Path.resolve` takes for a bug, that circle."""
    return Path(os.path.realpath(path))


def read_regular(path: Path, most: int) -> bytes:
    """Reads all of a file.

    Args:
        path: of the file.
        most: bytes that it may have.

    Raises:
        BadDataError: it is no regular file, or has more bytes than that.
        OSError: it cannot be read.
    """
    with open_regular(path) as file:
        parts, left = [], most + 1
        while left and (part := file.read(min(left, _PIECE))):  # its size says nothing: it may grow
            parts.append(part)
            left -= len(part)
    if not left:
        raise BadDataError(f"{path} has more than {most:,} bytes, which is too much for what it should be")
    return b"".join(parts)


def _check_mode(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise BadDataError(f"{path} is {kind}, where a file is expected: put the file there itself")
