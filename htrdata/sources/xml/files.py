"""The files of an export: below a folder, or in the archive that a tool exported it as, a zip or a tar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from htrdata.errors import SourceMissingError, StorageError, UsageError
from htrdata.files.on_disk import FileOnDisk
from htrdata.files.refusals import refusal
from htrdata.files.regular import check_regular, real_path
from htrdata.records import ImageFile
from htrdata.records.counting import plural
from htrdata.sources.packed import packed_files, packed_stem

FILLED = ".htrmodel-predict.json"
"""What lies in a folder that ``htrmodel predict --xml`` has written."""

_HOCR = frozenset({".hocr", ".html", ".htm", ".xhtml"})
_ARCHIVES = frozenset({".zip", ".tar", ".tgz", ".gz", ".7z", ".rar"})


class ExportedFile(NamedTuple):
    """A file of an export."""

    below: PurePosixPath
    """Its path below the folder, or in the archive."""
    file: ImageFile
    """What reads it."""

    @property
    def is_leftover(self) -> bool:
        """Whether it is what macOS puts beside a file (``._p.xml``), under the ending of that file."""
        return self.below.name.startswith("._") or "__MACOSX" in self.below.parts


def exported_files(root: Path) -> list[ExportedFile]:
    """Lists all files of an export, by their paths.

    Args:
        root: a folder or an archive.

    Raises:
        SourceMissingError: there is nothing.
        UsageError: it is a single page.
        BadDataError: what is there is neither; or the archive is damaged, or a member's name leads out of it.
        StorageError: it cannot be read.
    """
    if not root.exists():
        raise SourceMissingError(f"nothing at {root}: name the folder, or the zip, with the ALTO or PAGE files as PATH")
    try:
        return sorted(_below(root) if root.is_dir() else _packed(root), key=lambda one: one.below)
    except OSError as error:
        raise StorageError(f"cannot read {error.filename or root}: {refusal(error, error.filename or root)}") from error


def filled_files(files: Iterable[ExportedFile]) -> set[PurePosixPath]:
    """The XML files that a recogniser has written into an export; none where there are no others.

    Args:
        files: of the export.
    """
    xml, folders = set(), set()
    for one in files:
        if one.below.name == FILLED:
            folders.add(one.below.parent)
        elif one.below.suffix.lower() == ".xml" and not one.is_leftover:
            xml.add(one.below)
    filled = {below for below in xml if not folders.isdisjoint(below.parents)}
    return filled if filled < xml else set()


def export_name(root: Path) -> str:
    """The name of an export: of its folder, or that of the archive without its ending."""
    return packed_stem(real_path(root).name)


def hocr_note(files: Sequence[ExportedFile]) -> str:
    """How many files may be hOCR, which is not read, and what makes ALTO of them; empty where there are none."""
    count = sum(one.below.suffix.lower() in _HOCR and not one.is_leftover for one in files)
    if not count:
        return ""
    return f"; {plural(count, 'file')} of hOCR or HTML: `ocr-transform hocr alto4.0` of ocr-fileformat makes ALTO of it"


def packed_note(files: Sequence[ExportedFile], before: str = "") -> str:
    """How many archives lie in an export, which are not looked into; empty where there are none.

    Args:
        files: of the export.
        before: what stands before it, where there is something to say.
    """
    count = sum(one.below.suffix.lower() in _ARCHIVES and not one.is_leftover for one in files)
    return f"{before}{plural(count, 'archive')}" if count else ""


def _below(root: Path) -> Iterator[ExportedFile]:
    for path in root.rglob("*"):
        if not path.is_dir():
            yield ExportedFile(PurePosixPath(path.relative_to(root).as_posix()), FileOnDisk(path))


def _packed(archive: Path) -> Iterator[ExportedFile]:
    check_regular(archive)
    if archive.suffix.lower() == ".xml":
        raise UsageError(f"{archive} is one page: name the folder that it is in, with its picture")
    for member in packed_files(archive):
        yield ExportedFile(PurePosixPath(member.member), member)
