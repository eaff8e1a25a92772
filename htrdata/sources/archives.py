"""Tar archives, plain or gzipped, read where they lie: nothing is unpacked, and no member's name becomes a path.

One walk lists the members; on the way an index of a gzipped archive grows, by which its members are then read in any
order, also by other processes, without decompressing what comes before them.
"""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import indexed_gzip

from htrdata.errors import BadDataError
from htrdata.files.regular import check_regular
from htrdata.sources.members import check_member, stamp
from htrdata.sources.tar_walk import told, walk

_SPACING = 1 << 20  # bytes between the places where reading can begin: 10 ms of decompressing, 3 % of the archive
_BUFFER = 1 << 20  # words of one page follow each other, and a smaller buffer decompresses the same bytes again
_BLOCK = 512
_REMEDY = "fetch it again"


class Archive:
    """A tar archive. Two of the same path are equal; a pickled one can read, by the index of the first.

    Args:
        path: the archive; its content decides whether it is gzipped.

    Raises:
        BadDataError: it is no regular file.
        OSError: it is not there.
    """

    def __init__(self, path: Path) -> None:
        check_regular(path)
        self.path = path
        self._stamp = stamp(path)
        self._index: Path | None = None  # the index as a file, once another process needs it
        self._unzipped: Any = None
        self._lock = threading.Lock()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Archive) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    def __reduce__(self) -> tuple[Any, ...]:
        with self._lock:
            if self._unzipped is not None and self._index is None:
                handle, name = tempfile.mkstemp(prefix="htrdata-", suffix=".gzidx")
                weakref.finalize(self, Path(name).unlink, missing_ok=True)
                with os.fdopen(handle, "wb") as file:
                    self._unzipped.export_index(fileobj=file)
                self._index = Path(name)
            return _reopen, (self.path, self._stamp, self._index)

    def members(self) -> Iterator[ArchiveMember]:
        """Walks through the archive once and yields its regular files, which can be read at once or later.

        Raises:
            BadDataError: it is no archive, is cut off or damaged, or holds a member whose name leads out of a folder.
            OSError: it cannot be read.
        """
        with told(self.path, _REMEDY):
            yield from self._walk()

    def read(self, offset: int, length: int) -> bytes:
        """Reads bytes of the unzipped archive.

        Raises:
            BadDataError: it is cut off or damaged, or is another one than when the object was made.
            OSError: it cannot be read.
        """
        if stamp(self.path) != self._stamp:
            raise BadDataError(f"{self.path} has changed since the build began: begin again")
        with told(self.path, _REMEDY), self._lock:
            stream = self._stream()
            try:
                stream.seek(offset)
                data: bytes = stream.read(length)
            finally:
                self._leave(stream)
            if len(data) != length:
                raise EOFError(f"it ends before byte {offset + length:,} of what it holds")
        return data

    def _walk(self) -> Iterator[ArchiveMember]:
        _check_start(self.path)
        stream = self._stream()
        try:
            for info in walk(stream, self._stamp[0]):
                check_member(self.path, info.name, info.size)
                if info.isreg() and not info.issparse():
                    yield ArchiveMember(self, info.name, info.offset_data, info.size)
        finally:
            self._leave(stream)

    def _stream(self) -> Any:
        """The unzipped archive. The one of a gzipped archive is kept, as it knows the index, but keeps no file open."""
        if self._unzipped is None:
            with self.path.open("rb") as file:
                if file.read(2) != b"\x1f\x8b":
                    return self.path.open("rb")
            known = self._index if self._index is not None and self._index.exists() else None
            self._unzipped = indexed_gzip.IndexedGzipFile(
                str(self.path), index_file=known and str(known), spacing=_SPACING, buffer_size=_BUFFER
            )
        return self._unzipped

    def _leave(self, stream: IO[bytes]) -> None:
        if stream is not self._unzipped:
            stream.close()


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """A file in an archive: an `htrdata.records.ImageFile`.

    Attributes:
        archive: what it is in.
        member: its name there.
        offset: where its bytes begin in the unzipped archive.
        length: how many they are.
    """

    archive: Archive
    member: str
    offset: int
    length: int

    @property
    def name(self) -> str:
        """The archive and the member."""
        return f"{self.archive.path}:{self.member}"

    @property
    def file_name(self) -> str:
        """The member's name without folders."""
        return self.member.rsplit("/", 1)[-1]

    def size(self) -> int:
        """Bytes of the member."""
        return self.length

    def read(self) -> bytes:
        """The bytes of the member.

        Raises:
            BadDataError: the archive is cut off or damaged, or has changed.
            OSError: it cannot be read.
        """
        return self.archive.read(self.offset, self.length)


def _reopen(path: Path, when: tuple[int, int], index: Path | None) -> Archive:
    archive = Archive.__new__(Archive)
    archive.path = path
    archive._stamp = when
    archive._index = index
    archive._unzipped = None
    archive._lock = threading.Lock()
    return archive


def _check_start(path: Path) -> None:
    """Says what a file is that cannot be an archive.

    Raises:
        BadDataError: it is empty or a web page.
    """
    with path.open("rb") as file:
        start = file.read(_BLOCK)
    if not start:
        raise BadDataError(f"{path} is empty: fetch it again")
    if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        raise BadDataError(
            f"{path} is a web page, not an archive: the site gave its login page; sign in there, and fetch it again"
        )
