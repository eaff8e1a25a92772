"""Archives of a person's own, read where they lie, whatever packed them: zip, tar, or tar with gzip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from htrdata.files.regular import check_regular
from htrdata.sources.archives import Archive, ArchiveMember
from htrdata.sources.zip_archives import ZipMember, zip_members

PACKED_ENDINGS = (".zip", ".tar", ".tgz", ".tar.gz")
"""How the names of archives that are read end, in lower case."""

Member = ArchiveMember | ZipMember
"""A file in an archive: an `htrdata.records.ImageFile`."""


def is_packed(path: Path) -> bool:
    """Whether a path is that of a file which is called as archives are that are read here."""
    return path.name.lower().endswith(PACKED_ENDINGS) and path.is_file()


def packed_stem(name: str) -> str:
    """The name of an archive without its ending; any other name as it is."""
    ending = max((one for one in PACKED_ENDINGS if name.lower().endswith(one)), key=len, default="")
    return name[: len(name) - len(ending)]


def packed_files(path: Path) -> Iterator[Member]:
    """The files in an archive; its bytes decide what it is, not its name.

    Raises:
        BadDataError: it is none, is cut off or damaged, or holds a member whose name leads out of a folder.
        OSError: it cannot be read.
    """
    check_regular(path)
    yield from Archive(path).members() if _is_tar(path) else zip_members(path)


def _is_tar(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(512)
    return start.startswith(b"\x1f\x8b") or start[257:262] == b"ustar"
