"""Where the files of a data set are: below a folder, or in archives, which are read where they lie.

Paths are below the root, with ``/``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal, Protocol

from htrdata.errors import UsageError
from htrdata.files.on_disk import FileBelow
from htrdata.files.regular import real_path
from htrdata.records import ImageFile

# What systems and tools leave behind, and folders that begin with a dot.
_IGNORED = ("__MACOSX", "._", ".")


class TableFile(Protocol):
    """A file that may be a table: a path, or a member of an archive. As a string it is what messages call it."""

    @property
    def name(self) -> str:
        """Its name without folders."""

    @property
    def suffix(self) -> str:
        """The ending of that, with its dot."""

    def open(self, mode: Literal["rb"]) -> IO[bytes]:
        """Opens it."""

    def read_bytes(self) -> bytes:
        """All of it."""


class Tree(Protocol):
    """The files of a data set."""

    @property
    def place(self) -> str:
        """What messages call it."""

    def folders(self) -> Iterator[tuple[str, list[str]]]:
        """Each folder, by its path with a slash behind it, and the names of its files."""

    def names(self, below: str) -> list[str]:
        """What is in a folder, whose path has a slash behind it or is empty: files and folders. None where none is."""

    def is_file(self, below: str) -> bool:
        """Whether there is a file of that path."""

    def exists(self, below: str) -> bool:
        """Whether there is a file or a folder of that path."""

    def table(self, below: str) -> TableFile:
        """The file of a path, to be read as a table. It is a `Path` where it is a file of its own."""

    def image(self, below: str) -> ImageFile:
        """The file of a path as an image, whether it is there or not."""


class FolderTree:
    """What is below a folder, but for stores of our own.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self._root, self.place = root, str(root)

    def folders(self) -> Iterator[tuple[str, list[str]]]:
        """As of `Tree`.

        Raises:
            UsageError: it is a store.
        """
        waiting, seen = [""], set[Path]()
        while waiting:
            below = waiting.pop()
            names, inner = self._in(below, seen)
            if not any(is_dataset(f"{self.place}/{below}{name}") for name in inner):  # else it is a store
                waiting += (f"{below}{name}/" for name in sorted(inner, reverse=True))
            elif not below:
                raise UsageError(
                    f"{self.place} is a store already: `htrmodel` takes it as it is, and `htrdata export` gives it "
                    "out again"
                )
            yield below, names

    def _in(self, below: str, seen: set[Path]) -> tuple[list[str], list[str]]:
        """The names of the files and of the folders in a folder."""
        names: list[str] = []
        folders: list[str] = []
        with os.scandir(self._root / below) as entries:
            for entry in entries:
                if is_ignored(entry.name):
                    continue
                if not entry.is_dir():
                    if entry.is_file() or not Path(entry.path).exists():  # no pipe, which would wait for its writer
                        names.append(entry.name)
                elif not entry.is_symlink() or _leads_away(entry, real_path(self._root), seen):
                    folders.append(entry.name)
        return names, folders

    def names(self, below: str) -> list[str]:
        """As of `Tree`."""
        try:
            return os.listdir(f"{self.place}/{below}")  # noqa: PTH208 (strings: there may be a million)
        except OSError:
            return []

    def is_file(self, below: str) -> bool:
        """As of `Tree`."""
        try:
            return os.path.isfile(f"{self.place}/{below}")  # noqa: PTH113 (a string: there may be a million)
        except ValueError:
            return False

    def exists(self, below: str) -> bool:
        """As of `Tree`."""
        return Path(f"{self.place}/{below}").exists()

    def table(self, below: str) -> Path:
        """As of `Tree`."""
        return self._root / below

    def image(self, below: str) -> ImageFile:
        """As of `Tree`."""
        return FileBelow(self.place, below)


def is_ignored(name: str) -> bool:
    """Whether a file or folder of that name is what systems and tools leave behind."""
    return name.startswith(_IGNORED)


def is_dataset(folder: str) -> bool:
    """Whether a folder is that of a data set in a store."""
    return all(Path(folder, name).exists() for name in ("dataset.json", "manifest.parquet"))


def _leads_away(entry: os.DirEntry[str], root: Path, seen: set[Path]) -> bool:
    """Whether a link leads to a folder that is looked through in no other way: links may go round in circles."""
    place = real_path(Path(entry.path))
    new = place not in seen and not place.is_relative_to(root) and not root.is_relative_to(place)
    seen.add(place)
    return new
