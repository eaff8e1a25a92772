"""The files of a data set that are packed in archives, as if these were unpacked: one of the trees of `trees`."""

from __future__ import annotations

import io
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from htrdata.errors import BadDataError
from htrdata.records import ImageFile
from htrdata.sources.folder.trees import FolderTree, TableFile, is_ignored
from htrdata.sources.packed import Member, packed_files, packed_stem

_PART_OF_DRIVE = re.compile(r"-[0-9]{8}T[0-9]{6}Z(?:-[0-9]+)?-[0-9]{3}$")

MOST = 1 << 28
"""Bytes of a table within an archive, all of which are held at once."""


@dataclass(frozen=True, slots=True)
class PackedImage:
    """An image in an archive.

    Attributes:
        below: its path, as if the archive were unpacked.
        member: what reads it.
    """

    below: str
    member: Member

    @property
    def name(self) -> str:
        """The archive and the member."""
        return self.member.name

    def size(self) -> int:
        """Bytes of the member."""
        return self.member.size()

    def read(self) -> bytes:
        """The bytes of the member. Raises as it does."""
        return self.member.read()


@dataclass(frozen=True, slots=True)
class MissingImage:
    """An image that a table names, and no archive holds.

    Attributes:
        place: where it should be.
        below: its path there.
    """

    place: str
    below: str

    @property
    def name(self) -> str:
        """The place and the path."""
        return f"{self.place}:{self.below}"

    def size(self) -> None:
        """None, as of all that are missing."""

    def read(self) -> bytes:
        """Nothing.

        Raises:
            FileNotFoundError: always.
        """
        raise FileNotFoundError(f"{self.name} is not there")


@dataclass(frozen=True, slots=True)
class PackedTable:
    """A member of an archive that may be a table: a `htrdata.sources.folder.trees.TableFile`.

    Attributes:
        member: what reads it.
    """

    member: Member

    @property
    def name(self) -> str:
        """The name without folders."""
        return self.member.file_name

    @property
    def suffix(self) -> str:
        """Its ending."""
        return PurePosixPath(self.name).suffix

    def open(self, mode: Literal["rb"]) -> io.BytesIO:
        """Opens it, to be read as bytes alone. Raises as `read_bytes`."""
        assert mode == "rb"
        return io.BytesIO(self.read_bytes())

    def read_bytes(self) -> bytes:
        """All of it.

        Raises:
            BadDataError: the archive is damaged, or has changed, or the member has more bytes than `MOST`.
            OSError: it cannot be read.
        """
        if self.member.size() > MOST:
            raise BadDataError(f"{self} has more than {MOST:,} bytes: unpack the archive, and name the folder")
        return self.member.read()

    def __str__(self) -> str:
        return self.member.name


class PackedTree:
    """What is in archives: of one alone, or of several, each in a folder of its name among the files of a folder.

    Args:
        archives: by where they are unpacked to, in thought: below the root, with a slash behind it, or empty.
        folder: the folder that they lie in, whose other files count, too; None for one archive alone.

    Attributes:
        twice: which paths archives hold twice, in a sentence; none where none does.

    Raises:
        BadDataError: an archive is cut off or damaged, or holds a member whose name leads out of a folder.
        OSError: one cannot be read.
    """

    def __init__(self, archives: Mapping[str, Sequence[Path]], folder: FolderTree | None = None) -> None:
        self._folder = folder
        self.place = folder.place if folder is not None else str(next(iter(archives.values()))[0])
        self.twice: list[str] = []
        self._members: dict[str, Member] = {}
        self._names: dict[str, dict[str, None]] = defaultdict(dict)
        for base, parts in archives.items():
            for member in itertools.chain.from_iterable(map(packed_files, parts)):
                self._add(base, member)
        if folder is not None:
            for below, names in folder.folders():
                self._names[below].update(dict.fromkeys(names))
                self._add_folders(below)

    def _add(self, base: str, member: Member) -> None:
        parts = [part for part in member.member.split("/") if part not in ("", ".")]
        if not parts or any(map(is_ignored, parts)):
            return
        below = base + "/".join(parts)
        if below in self._members:
            # As it is in unpacking.
            self.twice = self.twice or [f"{below} and perhaps others stand twice in {self.place}: the later one counts"]
        self._members[below] = member
        folder, _, name = below.rpartition("/")
        self._names[f"{folder}/" if folder else ""][name] = None
        self._add_folders(f"{folder}/" if folder else "")

    def _add_folders(self, below: str) -> None:
        while below:
            above, _, name = below[:-1].rpartition("/")
            above += "/" if above else ""
            if name in self._names[above]:
                return
            self._names[above][name] = None
            below = above

    def folders(self) -> Iterator[tuple[str, list[str]]]:
        """As of `Tree`."""
        for below in sorted(self._names):
            yield below, [name for name in self._names[below] if f"{below}{name}/" not in self._names]

    def names(self, below: str) -> list[str]:
        """As of `Tree`."""
        return list(self._names[below]) if below in self._names else []

    def is_file(self, below: str) -> bool:
        """As of `Tree`."""
        return below in self._members or (self._folder is not None and self._folder.is_file(below))

    def exists(self, below: str) -> bool:
        """As of `Tree`."""
        return f"{below.rstrip('/')}/" in self._names or self.is_file(below)

    def table(self, below: str) -> TableFile:
        """As of `Tree`."""
        member = self._members.get(below)
        if member is not None:
            return PackedTable(member)
        return (self._folder or FolderTree(Path(self.place))).table(below)

    def image(self, below: str) -> ImageFile:
        """As of `Tree`."""
        member = self._members.get(below)
        if member is not None:
            return PackedImage(below, member)
        return MissingImage(self.place, below) if self._folder is None else self._folder.image(below)


def unpacked_at(archives: Sequence[str]) -> dict[str, list[str]]:
    """Where archives in a folder are unpacked to, in thought: each in a folder of its name.

    Google Drive packs a large folder into several, which are unpacked to one place.

    Args:
        archives: their paths, with ``/``.

    Returns:
        The paths by where they are unpacked to, with a slash behind it.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for archive in archives:
        found[f"{_PART_OF_DRIVE.sub('', packed_stem(archive))}/"].append(archive)
    return found
