"""What there is in a folder: images, files that may be tables of them, texts beside them, shards."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from htrdata.errors import SourceMissingError, UsageError
from htrdata.files.regular import real_path
from htrdata.images.endings import UNREAD, ending_of
from htrdata.sources.base import Progress
from htrdata.sources.drawn import MARK
from htrdata.sources.folder import not_read
from htrdata.sources.folder.plain_shards import SHARD_FILE
from htrdata.sources.folder.rows import is_image_name
from htrdata.sources.folder.texts_beside import ENDINGS

TABLE_ENDINGS = (".txt", ".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json", ".parquet", ".arrow", ".lst")
"""Of the files that are looked into."""

# What systems and tools leave behind, and folders that begin with a dot.
_IGNORED = ("__MACOSX", "._", ".")
_FEW = 100  # files that are not read; which kinds there are is what matters
# Of binarised copies that stand in for an image.
_VARIANTS = (".bin", ".nrm", ".dew")


@dataclass(slots=True)
class FolderListing:
    """What was found. Paths are below the folder, with ``/``.

    Attributes:
        images: how many images there are.
        unread: how many of them nothing here reads, by what they are.
        image_folders: the folders that they are in.
        tables: files that may be tables.
        beside: the pairs of an image and its text, by the ending of the text.
        shards: folders with an LMDB.
        marks: files that say that images are drawn; see `htrdata.sources.drawn`.
        not_read: files that hold something in another form, the first ones; see `not_read`.
    """

    images: int = 0
    unread: Counter[str] = field(default_factory=Counter)
    image_folders: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    beside: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    shards: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    not_read: list[str] = field(default_factory=list)


def find(root: Path, progress: Progress | None = None) -> FolderListing:
    """Looks through a folder, and those below it but for stores of our own.

    Args:
        root: the folder.
        progress: told how many files were found.

    Raises:
        SourceMissingError: there is no such folder.
        UsageError: it is a store, or a data set of one.
    """
    if not root.is_dir():
        raise SourceMissingError(f"there is no folder {root}: name the one with the images and their texts as PATH")
    if _is_dataset(str(root)):
        raise UsageError(
            f"{root} is a data set of a store: `htrmodel` takes {real_path(root).parent}, the store, as it is"
        )
    listing = FolderListing()
    files = 0
    for below, names in _folders(root):
        _look(below, names, listing)
        files += len(names)
        if progress is not None:
            progress("files", files, 0)
    listing.tables.sort()
    for pairs in listing.beside.values():
        pairs.sort()
    return listing


def _folders(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Each folder, by its path with a slash behind it, and the names of its files."""
    waiting, seen = [""], set[Path]()
    while waiting:
        below = waiting.pop()
        names: list[str] = []
        folders: list[str] = []
        with os.scandir(root / below) as entries:
            for entry in entries:
                if entry.name.startswith(_IGNORED):
                    continue
                if not entry.is_dir():
                    if entry.is_file() or not Path(entry.path).exists():  # no pipe, which would wait for its writer
                        names.append(entry.name)
                elif not entry.is_symlink() or _leads_away(entry, real_path(root), seen):
                    folders.append(entry.name)
        if not any(_is_dataset(f"{root}/{below}{name}") for name in folders):  # else it is a store
            waiting += (f"{below}{name}/" for name in sorted(folders, reverse=True))
        elif not below:
            raise UsageError(
                f"{root} is a store already: `htrmodel` takes it as it is, and `htrdata export` gives it out again"
            )
        yield below, names


def _leads_away(entry: os.DirEntry[str], root: Path, seen: set[Path]) -> bool:
    """Whether a link leads to a folder that is looked through in no other way: links may go round in circles."""
    place = real_path(Path(entry.path))
    new = place not in seen and not place.is_relative_to(root) and not root.is_relative_to(place)
    seen.add(place)
    return new


def _is_dataset(folder: str) -> bool:
    """Whether a folder is that of a data set in a store."""
    return all(Path(folder, name).exists() for name in ("dataset.json", "manifest.parquet"))


def _look(below: str, names: list[str], listing: FolderListing) -> None:
    """Adds what is in one folder."""
    images = [name for name in names if is_image_name(name)]
    listing.images += len(images)
    listing.unread.update(kind for name in images if (kind := UNREAD.get(ending_of(name))))
    if images:
        listing.image_folders.append(below)
    if SHARD_FILE in names:
        listing.shards.append(below)
    stems: dict[str, str] = {}
    for name in sorted(images, reverse=True):
        stem = name.rpartition(".")[0]
        stems[stem] = name
        for variant in _VARIANTS:
            if stem.endswith(variant):
                stems.setdefault(stem.removesuffix(variant), name)
    for name in names:
        lowered = name.lower()
        if name == MARK:
            listing.marks.append(f"{below}{name}")
        elif lowered.endswith(not_read.ENDINGS):
            if len(listing.not_read) < _FEW:
                listing.not_read.append(f"{below}{name}")
        elif lowered.endswith(TABLE_ENDINGS):
            ending = next((ending for ending in ENDINGS if lowered.endswith(ending)), None)
            image = stems.get(name[: -len(ending)]) if ending else None
            if ending and image:
                listing.beside[ending].append((f"{below}{image}", f"{below}{name}"))
            else:
                listing.tables.append(f"{below}{name}")
