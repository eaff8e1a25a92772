"""What there is in a folder: images, files that may be tables of them, texts beside them, shards."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

from htrdata.errors import SourceMissingError, UsageError
from htrdata.files.cards import CARD_FILE
from htrdata.files.regular import real_path
from htrdata.images.endings import UNREAD, ending_of
from htrdata.sources.base import Progress
from htrdata.sources.drawn import MARK
from htrdata.sources.folder import not_read
from htrdata.sources.folder.packed_tree import PackedTree, unpacked_at
from htrdata.sources.folder.plain_shards import SHARD_FILE
from htrdata.sources.folder.rows import is_image_name
from htrdata.sources.folder.texts_beside import ENDINGS
from htrdata.sources.folder.trees import FolderTree, Tree, is_dataset
from htrdata.sources.packed import PACKED_ENDINGS, is_packed

TABLE_ENDINGS = (
    *(".txt", ".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json", ".parquet", ".arrow", ".lst"),
    *(".xlsx", ".xlsm"),
)
"""Of the files that are looked into."""

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
        cards: files that may say what the images are; see `htrdata.files.cards`.
        archives: those that could be read, but are not looked into.
        looked_into: archives that the files are read from.
        not_read: files that hold something in another form, the first ones; see `not_read`.
        told: what is to be said of files that could be read.
    """

    images: int = 0
    unread: Counter[str] = field(default_factory=Counter)
    image_folders: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    beside: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    shards: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    cards: list[str] = field(default_factory=list)
    archives: list[str] = field(default_factory=list)
    looked_into: list[str] = field(default_factory=list)
    not_read: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def holds_both(self) -> bool:
        """Whether some of the files are images, or hold such, and others may say what is on them."""
        held = any(name.lower().endswith((".parquet", ".arrow")) for name in self.tables)
        return bool(self.shards) or held or bool(self.images and (self.tables or self.beside))


def look(root: Path, progress: Progress | None = None) -> tuple[Tree, FolderListing]:
    """Looks at what a person names: a folder, or an archive as the folder that it would be unpacked to.

    The archives in a folder are looked into where there are no images beside them, or no tables of these: else they may
    be what the folder was made of.

    Args:
        root: the folder, or the archive.
        progress: told how many files were found.

    Returns:
        The files, and what is in them.

    Raises:
        SourceMissingError: there is no such folder.
        UsageError: it is a store, or a data set of one.
        BadDataError: an archive is cut off or damaged, or holds a member whose name leads out of a folder.
    """
    if is_packed(root):
        archive = PackedTree({"": [root]})
        return archive, replace(find(archive, progress), told=archive.twice)
    if not root.is_dir():
        raise SourceMissingError(f"there is no folder {root}: name the one with the images and their texts as PATH")
    if is_dataset(str(root)):
        raise UsageError(
            f"{root} is a data set of a store: `htrmodel` takes {real_path(root).parent}, the store, as it is"
        )
    folder = FolderTree(root)
    listing = find(folder, progress)
    if not listing.archives or listing.holds_both:
        return folder, listing
    unpacked = PackedTree(
        {at: [root / one for one in parts] for at, parts in unpacked_at(listing.archives).items()}, folder
    )
    found = replace(find(unpacked, progress), looked_into=listing.archives, archives=[], told=unpacked.twice)
    return unpacked, found


def find(tree: Tree, progress: Progress | None = None) -> FolderListing:
    """Lists what there is among some files.

    Args:
        tree: the files.
        progress: told how many files were found.

    Raises:
        UsageError: it is a store.
    """
    listing = FolderListing()
    files = 0
    for below, names in tree.folders():
        _look(tree, below, names, listing)
        files += len(names)
        if progress is not None:
            progress("files", files, 0)
    for paths in (listing.tables, listing.cards, listing.archives):
        paths.sort()
    for pairs in listing.beside.values():
        pairs.sort()
    return listing


def _look(tree: Tree, below: str, names: list[str], listing: FolderListing) -> None:
    """Adds what is in one folder."""
    images = [name for name in names if is_image_name(name)]
    listing.images += len(images)
    listing.unread.update(kind for name in images if (kind := UNREAD.get(ending_of(name))))
    if images:
        listing.image_folders.append(below)
    if SHARD_FILE in names and _is_own(tree, f"{below}{SHARD_FILE}"):
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
        elif name == CARD_FILE:
            listing.cards.append(f"{below}{name}")
        elif lowered.endswith(PACKED_ENDINGS) and _is_own(tree, f"{below}{name}"):
            listing.archives.append(f"{below}{name}")
        elif lowered.endswith(not_read.ENDINGS) or (name == SHARD_FILE and below not in listing.shards):
            if len(listing.not_read) < _FEW:
                listing.not_read.append(f"{below}{name}")
        elif lowered.endswith(TABLE_ENDINGS):
            ending = next((ending for ending in ENDINGS if lowered.endswith(ending)), None)
            image = stems.get(name[: -len(ending)]) if ending else None
            if ending and image:
                listing.beside[ending].append((f"{below}{image}", f"{below}{name}"))
            else:
                listing.tables.append(f"{below}{name}")


def _is_own(tree: Tree, below: str) -> bool:
    """Whether a file is one of its own, and no member of an archive."""
    return isinstance(tree.table(below), Path)
