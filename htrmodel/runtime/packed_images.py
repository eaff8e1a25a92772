"""The images in an archive, read where it lies, and what is left out there."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from htrdata.errors import SourceMissingError
from htrdata.images.tiff_pages import find_pages
from htrdata.sources.drawn import MARK
from htrdata.sources.packed import Member, packed_files
from htrmodel.runtime.folders import FoundFiles, folder_name_fault, name_fault

_SEVERAL = "a TIFF of several pages, which are read where it is unpacked"
_TIFF = (".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class PackedImage:
    """An image in an archive, which is read when it is asked for: a `htrmodel.inputs.Encoded`.

    Attributes:
        id: the path of the archive, and behind it that of the member, as if it were a folder.
        member: what reads it.
    """

    id: str
    member: Member

    @property
    def encoded(self) -> bytes:
        """The encoded image."""
        return self.member.read()


def packed_images(path: Path) -> tuple[Sequence[PackedImage], FoundFiles]:
    """Looks through an archive.

    Returns:
        Its images by their names, and what is left out.

    Raises:
        SourceMissingError: there is no image in it.
        BadDataError: it is none, is damaged, or holds a member whose name leads out of a folder.
        OSError: it cannot be read.
    """
    found: dict[str, PackedImage] = {}
    left_out = FoundFiles()
    for member in packed_files(path):
        below = "/".join(part for part in member.member.split("/") if part not in ("", "."))
        if member.file_name == MARK:
            continue
        if fault := _fault(below, member):
            left_out.leave_out(below, fault)
        else:
            found[below] = PackedImage(f"{path}/{below}", member)
    if not found:
        raise SourceMissingError("; ".join([f"no image in {path}", *left_out.sentences()]))
    return [found[name] for name in sorted(found)], left_out


def _fault(below: str, member: Member) -> str | None:
    *folders, name = below.split("/")
    reason = next(filter(None, map(folder_name_fault, folders)), None) or name_fault(name)
    if reason is None and name.lower().endswith(_TIFF) and len(find_pages(io.BytesIO(member.read()))) > 1:
        return _SEVERAL
    return reason
