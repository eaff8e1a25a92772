"""Zip archives, read where they lie: nothing is unpacked, and no member's name becomes a path."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from htrdata.errors import BadDataError
from htrdata.files.regular import check_regular
from htrdata.sources.members import MAX_MEMBER, check_member, stamp

_HEADER = struct.Struct("<4s22xHH")  # what stands before a member's bytes: a signature, …, lengths of name and extras
_SIGNATURE = b"PK\x03\x04"
_ENCRYPTED = 1
_SAYS_UTF8 = 1 << 11


def zip_members(path: Path) -> Iterator[ZipMember]:
    """Yields the files of a zip archive, in the order of its directory; they can be read at once or later, anywhere.

    Raises:
        BadDataError: it is none, is cut off or damaged, is encrypted or compressed in a way that is not read here, or
            holds a member whose name leads out of a folder.
        OSError: it cannot be read.
    """
    check_regular(path)
    when = stamp(path)
    try:
        with zipfile.ZipFile(path) as archive:
            listed = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, EOFError) as error:
        raise BadDataError(f"{path} is cut off or damaged, or no zip archive ({error}): fetch it again") from error
    for info in listed:
        name = _name(info).replace("\\", "/")  # as some programs of Windows write them
        if not name or info.header_offset < 0:
            raise BadDataError(f"{path} is cut off or damaged (in its directory): fetch it again")
        check_member(path, name, info.file_size)
        if not info.is_dir():
            kept = info.compress_type == zipfile.ZIP_STORED
            if info.flag_bits & _ENCRYPTED or not (kept or info.compress_type == zipfile.ZIP_DEFLATED):
                raise BadDataError(
                    f"{path}: {info.filename!r} is encrypted, or packed in a rare way: unpack it by hand"
                )
            places = info.header_offset, info.compress_size, info.file_size
            yield ZipMember(path, when, name, *places, info.CRC, kept)


@dataclass(frozen=True, slots=True)
class ZipMember:
    """A file in a zip archive: an `htrdata.records.ImageFile`.

    Attributes:
        path: the archive.
        when: its size and time of change when it was listed.
        member: its name there.
        offset: where its header begins in the archive.
        packed: how many bytes it takes there.
        length: how many bytes it has.
        checksum: the CRC-32 of these.
        kept: whether they are kept as they are, not compressed.
    """

    path: Path
    when: tuple[int, int]
    member: str
    offset: int
    packed: int
    length: int
    checksum: int
    kept: bool

    @property
    def name(self) -> str:
        """The archive and the member."""
        return f"{self.path}:{self.member}"

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
        if stamp(self.path) != self.when:
            raise BadDataError(f"{self.path} has changed since the build began: begin again")
        with self.path.open("rb") as file:
            file.seek(self.offset)
            header = file.read(_HEADER.size)
            if len(header) == _HEADER.size and header.startswith(_SIGNATURE):
                file.seek(sum(_HEADER.unpack(header)[1:]), 1)
            data = file.read(min(self.packed, MAX_MEMBER))
        if not self.kept:
            data = _inflated(data, self.length)
        if len(data) != self.length or zlib.crc32(data) != self.checksum:
            raise BadDataError(f"{self.path} is cut off or damaged (in {self.member!r}): fetch it again")
        return data


def _name(info: zipfile.ZipInfo) -> str:
    """The name of a member; macOS writes UTF-8 without saying so, which is then taken for a code page of DOS."""
    if not info.flag_bits & _SAYS_UTF8:
        try:
            return info.filename.encode("cp437").decode()
        except UnicodeError:
            pass
    return info.filename


def _inflated(packed: bytes, length: int) -> bytes:
    """What a raw stream holds, at most one byte beyond a length; nothing of a damaged one."""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, length + 1)
    except zlib.error:
        return b""
