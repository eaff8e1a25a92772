"""Images that are files of their own."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from htrdata.errors import BadDataError
from htrdata.files.regular import check_regular

MOST = 1 << 30
"""Bytes of an encoded image. The largest page that is decoded has half of it, with three bytes a pixel as they are."""

_AT_ONCE = 1 << 20  # bytes
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)  # a pipe would wait for its writer


class NoImageFileError(BadDataError):
    """What stands in the place of an image is no regular file, or is larger than any image."""


@dataclass(frozen=True, slots=True)
class FileOnDisk:
    """An image that is a file of its own: an `htrdata.records.ImageFile`."""

    path: Path

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def size(self) -> int | None:
        """Bytes of the file, or None where there is none."""
        return _size(self.path)

    def read(self) -> bytes:
        """The bytes of the file.

        Raises:
            NoImageFileError: it is a pipe, a device or a folder, or has more bytes than `MOST`.
            OSError: it is missing or cannot be read.
        """
        return _read(self.name)


@dataclass(frozen=True, slots=True)
class FileBelow:
    """An image that is a file of its own, of many below one folder: it takes 300 bytes of memory less than with a path.

    Attributes:
        folder: the folder, one string for all of them.
        below: the path from there, with ``/``; the id of the word can be the same string.
    """

    folder: str
    below: str

    @property
    def path(self) -> Path:
        """The path of the file."""
        return Path(self.folder, self.below)

    @property
    def name(self) -> str:
        """The path."""
        return f"{self.folder}/{self.below}"

    def size(self) -> int | None:
        """Bytes of the file, or None where there is none."""
        return _size(self.name)

    def read(self) -> bytes:
        """The bytes of the file. Raises as `FileOnDisk.read`."""
        return _read(self.name)


def _size(path: Path | str) -> int | None:
    try:
        return os.stat(path).st_size  # noqa: PTH116 (a string will do: of a million words it takes seconds less)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _read(path: str) -> bytes:
    # Less than `Path.read_bytes` takes for a file of a few kB, of which IAM has a hundred thousand.
    try:
        handle = os.open(path, _FLAGS)
    except FileNotFoundError:
        raise
    except OSError:
        _check(path)
        raise
    try:
        return _read_open(handle, path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error  # a handle has no name to tell
    finally:
        os.close(handle)


def _read_open(handle: int, path: str) -> bytes:
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        _check(path)
    data = b""
    if status.st_size <= MOST:
        data = os.read(handle, status.st_size + 1)  # all of it, and in no more room than that
        # Where it came in pieces, or has grown. As many bytes as it had, with room for more, were all.
        while len(data) != status.st_size and len(data) <= MOST and (more := os.read(handle, _AT_ONCE)):
            data += more
    if max(status.st_size, len(data)) > MOST:
        raise NoImageFileError(f"{path} has more than {MOST:,} bytes, which no image has")
    return data


def _check(path: str) -> None:
    try:
        check_regular(Path(path))
    except BadDataError as error:
        raise NoImageFileError(str(error)) from error
