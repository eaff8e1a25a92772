"""Archives that hold files of IAM: what is in one is told by one walk through it, whatever its name says."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from htrdata.errors import BadDataError
from htrdata.files.regular import open_regular
from htrdata.sources.archives import Archive, ArchiveMember
from htrdata.sources.drawn import MARK
from htrdata.sources.iam.embedded import Samples
from htrdata.sources.iam.names import Kind, List, kind_of, list_of, packing_of
from htrdata.sources.zip_archives import ZipMember, zip_members

Member = ArchiveMember | ZipMember

_LOOKED_AT = 300  # members of an archive of any other name: IAM's begin with files of IAM
_LOOKED_THROUGH = 32 << 20  # bytes; to unzip them takes a tenth of a second


@dataclass(slots=True)
class Contents:
    """What of IAM is in an archive.

    Attributes:
        files: by kind, the files by their ids.
        lists: files that may be lists, with what they list by their names.
        samples: the XML in the images.
        marks: files that say that the data set is drawn; see `htrdata.sources.drawn`.
        nested: archives in it.
    """

    files: dict[Kind, dict[str, Member]] = field(
        default_factory=lambda: {"words": {}, "lines": {}, "forms": {}, "xml": {}}
    )
    lists: list[tuple[List, Member]] = field(default_factory=list)
    samples: Samples = field(default_factory=Samples)
    marks: list[Member] = field(default_factory=list)
    nested: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.lists or any(self.files.values()))


def contents_of(path: Path, *, samples: bool) -> Contents:
    """Walks through an archive.

    Args:
        path: the archive, tar or zip; its bytes decide which.
        samples: whether to look for XML in the images on the way: later it would have to be unzipped once more.

    Raises:
        BadDataError: it is cut off, damaged or none, or has two files of one kind and id.
        OSError: it cannot be read.
    """
    found = Contents()
    for member in _members(path):
        _sort_in(found, member)
        known = kind_of(member.file_name) if samples else None
        if known is not None and known[0] in ("words", "lines"):
            form = known[1].rsplit("-", 2 if known[0] == "words" else 1)[0]
            if found.samples.needs(form):
                found.samples.offer(form, member)
    return found


def may_hold_iam(path: Path) -> bool:
    """Whether an archive whose name says nothing begins with files of IAM.

    Raises:
        BadDataError: it is cut off, damaged or none.
        OSError: it cannot be read.
    """
    found = Contents()
    members = _members(path)
    for member in itertools.islice(members, None if _is_zip(path) else _LOOKED_AT):
        _sort_in(found, member)
        if any(found.files.values()) or found.nested:
            return True
        if not isinstance(member, ZipMember) and member.offset > _LOOKED_THROUGH:
            return False
    return False


def _members(path: Path) -> Iterator[Member]:
    return zip_members(path) if _is_zip(path) else Archive(path).members()


def _is_zip(path: Path) -> bool:
    with open_regular(path) as file:
        return file.read(2) == b"PK"


def _sort_in(found: Contents, member: Member) -> None:
    if (known := kind_of(member.file_name)) is not None:
        kind, own_id = known
        other = found.files[kind].setdefault(own_id, member)
        if other is not member:
            raise BadDataError(f"{member.name} is there twice: also as {other.name}; leave one of them")
    elif (listed := list_of(member.file_name)) is not None:
        found.lists.append((listed, member))
    elif member.file_name == MARK:
        found.marks.append(member)
    elif packing_of(member.file_name) not in (None, "other"):
        found.nested.append(member.name)
