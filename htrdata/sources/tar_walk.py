"""One walk through a tar archive of a stranger, from its unpacked bytes: bounded, and to its very end."""

from __future__ import annotations

import contextlib
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from htrdata.errors import BadDataError

_LONGEST_HEADER = 1 << 20
_LONGEST_END = 16 << 20  # bytes of zeros; tar fills up a block of 10,240, and tapes had larger ones
_BLOCK, _PIECE = 512, 1 << 20
_LARGEST, _RATIO = 1 << 28, 100  # what an archive may unpack to: so many bytes, or so many times its own

# What tarfile and the unpackers raise on malformed archives, besides OSErrors without a number.
_MALFORMED = (tarfile.TarError, EOFError, ValueError, ArithmeticError, LookupError, zlib.error, lzma.LZMAError)
_GET_ANOTHER = "it is damaged, or made to do harm; get it from where it was published"


class _RefusedError(Exception):
    """An archive has more than any data set has; the message goes on after its name."""


class Stream(Protocol):
    """The unpacked bytes of an archive."""

    @property
    def read(self) -> Callable[[int], bytes]:
        """Reads at most so many bytes."""

    @property
    def seek(self) -> Callable[[int], int]:
        """Goes to a place, from the beginning."""

    @property
    def tell(self) -> Callable[[], int]:
        """Where it stands."""


def walk(stream: Stream, packed: int) -> Iterator[tarfile.TarInfo]:
    """Yields what an archive holds, of whatever kind; the stream may be read, and moved, between two of them.

    Args:
        stream: of the archive.
        packed: bytes that the archive has on disk.

    Raises:
        tarfile.ReadError: it is none, is damaged, or does not end where its members do.
        Exception: others that `told` knows.
    """
    most = max(_LARGEST, _RATIO * packed)
    before = -1
    headers: Any = _Headers(stream)
    with tarfile.open(fileobj=headers, mode="r:") as opened:
        tar: Any = opened  # the types of the standard library leave out what it remembers
        while (info := tar.next()) is not None:
            tar.members.clear()  # tarfile would keep all of them
            if info.size < 0 or info.offset <= before:
                raise tarfile.ReadError("a header that leads backwards")
            if info.offset_data + info.size > most:
                raise _RefusedError(f"says that it unpacks to more than {_RATIO} times its size")
            before = info.offset
            yield info
    _check_end(stream, tar.offset)


@contextlib.contextmanager
def told(path: Path, remedy: str) -> Iterator[None]:
    """Says in one sentence what else is wrong with an archive than that the system cannot read it.

    Args:
        path: of the archive.
        remedy: what a person can do.

    Raises:
        BadDataError: it is damaged, or made to do harm: it unpacks to far more than it is, or has headers without end.
    """
    try:
        yield
    except BadDataError:
        raise
    except _RefusedError as error:
        raise BadDataError(f"{path} {error}: {_GET_ANOTHER}") from error
    except RecursionError as error:
        # tarfile looks into a header that another one announces, as those of long names do, from within that one.
        raise BadDataError(
            f"{path} has headers that announce further headers (of long names) without end, as no program writes "
            f"them: {_GET_ANOTHER}"
        ) from error
    except (*_MALFORMED, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise BadDataError(f"{path} is cut off or damaged, or no archive ({error}): {remedy}") from error


def _check_end(stream: Stream, end: int) -> None:
    """A tar archive ends with blocks of zeros, a gzipped one with a checksum, which reading to the end compares.

    Another archive behind them, as `cat` puts it, would be left out in silence.
    """
    stream.seek(end)
    block = stream.read(_BLOCK)
    if len(block) < _BLOCK:
        raise tarfile.ReadError("its end is missing")
    if any(block):
        raise tarfile.ReadError(f"no header at byte {end:,}")
    for _ in range(_LONGEST_END // _PIECE + 1):
        behind = stream.read(_PIECE)
        if not behind:
            return
        if behind.strip(b"\0"):
            raise tarfile.ReadError("something stands behind its end")
    raise tarfile.ReadError(f"more than {_LONGEST_END:,} bytes of zeros stand behind its end")


class _Headers:
    """A stream as tarfile sees it, which reads headers only: a header that claims to be huge is refused."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.seek = stream.seek
        self.tell = stream.tell

    def read(self, size: int) -> bytes:
        if not 0 <= size <= _LONGEST_HEADER:
            raise _RefusedError(f"has a header of {size:,} bytes")
        return self._stream.read(size)
