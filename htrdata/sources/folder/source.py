"""The source: a folder of images, or a file that holds them, with their texts."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from htrdata.errors import SourceMissingError
from htrdata.files.cards import card_of, read_card
from htrdata.files.regular import real_path
from htrdata.labels import normal_form
from htrdata.records import SPLITS, Division, Page, Reason, SourceInfo, Unit, Word
from htrdata.sources.base import Progress
from htrdata.sources.drawn import DrawnMark, parse_mark, read_mark
from htrdata.sources.folder.finding import FolderListing, look
from htrdata.sources.folder.loading import Loaded, load
from htrdata.sources.folder.notes import notes_of, nowhere
from htrdata.sources.folder.packed_tree import PackedTree
from htrdata.sources.folder.readings import Reading, choose, find_readings, named_reading, options_for
from htrdata.sources.folder.rows import Asked
from htrdata.sources.folder.splitting import Dealt, Placed, Splits, deal, named_by_folders
from htrdata.sources.folder.trees import FolderTree, Tree
from htrdata.sources.packed import is_packed, packed_stem

_CARDS = 10  # of exports below a folder, which are looked into
_PAGE_WORDS = 500  # of one page together; a table may say that a million are of one
_GENERIC = {"gt", "label", "labels", "metadata", "data", "images", "words", "lines", "dataset", "train", "val", "test"}


@dataclass(frozen=True)
class Folder:
    """Images of words or lines with their texts; see the README for the forms, and `htrdata.sources.base.Source`.

    Attributes:
        root: the folder, or a table in it; or an archive of what would be in the folder.
        labels: the tables that are meant, by their paths, or the ending of texts beside images; none to find them.
        images: the folder, or archive, that names of images are told from; None to find it.
        asked: what a person says of the tables.
        splits: how words are dealt out, where no split is given for all.
        split: the split of all words; None to deal them out.
        unit: whether an image is of a word or of a line.
        drop_wrong: drop wrong lines, each with its reason, instead of refusing them.
        about: what the words are and on what terms; None where nobody says.
        progress: told how many files are found and how many rows read.
    """

    root: Path
    labels: tuple[str, ...] = ()
    images: Path | None = None
    asked: Asked = field(default_factory=lambda: Asked({}))
    splits: Splits = "auto"
    split: str | None = None
    unit: Unit = "word"
    drop_wrong: bool = False
    about: SourceInfo | None = None
    progress: Progress | None = field(default=None, compare=False, repr=False)

    published: ClassVar[Mapping[str, Mapping[str, int]]] = {}

    def __getstate__(self) -> dict[str, object]:
        held = {
            name: value for name, value in self.__dict__.items() if name not in ("_content", "_card", "_seen", "_mark")
        }
        return {**held, "progress": None}

    @property
    def name(self) -> str:
        """That of the folder, or file, as far as it can be one in a store."""
        place = real_path(self.root)
        stem = packed_stem(place.name) if is_packed(place) else place.stem
        names = [re.sub(r"\W", "_", part, flags=re.ASCII).strip("_") for part in (stem, place.parent.name)]
        own, above = names
        return own if own and own.lower() not in _GENERIC else "_".join(filter(None, (above, own))) or "folder"

    @property
    def info(self) -> SourceInfo:
        """What a person says; else the card of an export, or the mark of a drawn sample; else the name."""
        kind = "Word images" if self.unit == "word" else "Line images"
        if self.about is None and not self._card and self._mark is not None:
            return self._mark.about
        told = {"title": f"{kind} in {self.name}", "licence": "that of the images", **self._card}
        return self.about or SourceInfo(**{key: told.get(key, "") for key in ("title", "url", "licence", "citation")})

    @property
    def drawn(self) -> str | None:
        """What a program has drawn of it, where the card of an export, or the mark of a drawn sample, says so."""
        return self._card.get("drawn") or (None if self._mark is None else self._mark.drawn)

    @property
    def division(self) -> Division:
        """How the words are dealt out."""
        return Division(self.info.title, self._content.dealt.scheme, self._content.dealt.parameters)

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """The further columns of the tables."""
        columns = (name for part in self._content.reading for name in part.table.extra_columns)
        return tuple(dict.fromkeys(columns))

    @property
    def settings(self) -> Mapping[str, str]:
        """Which tables are read, as what, and what tells the images in them."""
        found = {"labels": options_for(self._content.reading).replace("--labels ", "")}
        found |= {f"column {role}": name for role, name in self.asked.columns.items()}
        found |= {name: value for name in ("encoding", "quoting") if (value := getattr(self.asked, name)) is not None}
        if types := {name: kind for part in self._content.reading for name, kind in part.table.types.items()}:
            found["types"] = json.dumps(types, ensure_ascii=False)
        if held := [part.table.fingerprint for part in self._content.reading if part.table.fingerprint]:
            found["tables"] = hashlib.sha256(" ".join(held).encode()).hexdigest()
        return {**found, "wrong_lines": "dropped" if self.drop_wrong else "refused"}

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of how the folder was read: sentences."""
        return self._content.notes

    def pages(self) -> Iterator[Page]:
        """Yields the pages split by split, each in the order of the tables.

        Raises:
            SourceMissingError: there is no such folder, or nothing that says what its images say.
            BadDataError: a table is damaged, or lines of it are wrong.
            UsageError: it can be read in several ways, and a person must say which is meant.
        """
        yield from self._content.pages

    @functools.cached_property
    def _card(self) -> dict[str, str]:
        told = {} if is_packed(self._folder) or not self._folder.is_dir() else read_card(self._folder)
        if told or not self._folder.exists():
            return told
        tree, listing = self._seen  # an export that lies deeper, or in an archive
        cards = (card_of(tree.table(card).read_bytes(), tree.table(card)) for card in listing.cards[:_CARDS])
        found = [one for one in cards if one]
        return found[0] if found and all(one == found[0] for one in found) else {}

    @property
    def _folder(self) -> Path:
        """The folder, or the archive."""
        return self.root.parent if self._is_table else self.root

    @property
    def _is_table(self) -> bool:
        return self.root.is_file() and not is_packed(self.root)

    @functools.cached_property
    def _seen(self) -> tuple[Tree, FolderListing]:
        return look(self._folder, self.progress)

    @functools.cached_property
    def _mark(self) -> DrawnMark | None:
        """What says that the images are drawn; nothing does where there is no folder."""
        if not self._folder.exists():  # `pages` says it
            return None
        tree, listing = self._seen
        if not listing.marks:
            return None
        mark = tree.table(listing.marks[0])
        return read_mark(mark) if isinstance(mark, Path) else parse_mark(mark.read_bytes(), mark)

    @functools.cached_property
    def _content(self) -> _Content:
        tree, listing = self._seen
        reading, said = self._reading((self.root.name,) if self._is_table else self.labels)
        loaded = self._load(reading)
        if not self.drop_wrong:
            loaded.refuse(f"{options_for(reading).replace('--labels ', '')} in {tree.place}")
        if not loaded.words:
            raise SourceMissingError(f"{options_for(reading)} has no rows: write one for each image in {tree.place}")
        words = loaded.words
        if self.split is None and self.splits in ("auto", "given") and all(word.split is None for word in words):
            words = named_by_folders(words) or words
        if self.split is not None:
            dealt = Dealt([self.split] * len(words), f"all {self.split}", {})
        else:
            dealt = deal(words, self.splits)
        notes = [
            *said,
            *loaded.told,
            *loaded.dropped(),
            *notes_of(listing, reading, words, self.unit),
            *nowhere(words, dealt),
        ]
        return _Content(reading, dealt, tuple(_pages(words, dealt.splits)), tuple(notes))

    def _reading(self, labels: Sequence[str]) -> tuple[Reading, list[str]]:
        tree, listing = self._seen
        if labels:
            return named_reading(tree, listing, labels, self.asked), []
        found = find_readings(tree, listing, self.asked)
        reading, others = choose(found, lambda one: _texts(self._load(one)))
        return reading, [f"{options_for(other)} says the same and is not read" for other in others]

    def _load(self, reading: Reading) -> Loaded:
        tree, listing = self._seen
        images = None if self.images is None else _tree(self.images)
        by_split = self.split is None and self.splits in ("auto", "given")
        return load(tree, images, listing.image_folders, reading, by_split=by_split, progress=self.progress)


@dataclass(frozen=True, slots=True)
class _Content:
    reading: Reading
    dealt: Dealt
    pages: tuple[Page, ...]
    notes: tuple[str, ...]


def _tree(images: Path) -> Tree:
    if is_packed(images):
        return PackedTree({"": [images]})
    return FolderTree(images)


def _texts(loaded: Loaded) -> dict[str, str]:
    """The texts by what tells their images: a file by its path, one within a table by its id."""
    return {getattr(word.word.image, "below", word.word.id): normal_form(word.word.text) for word in loaded.words}


def _pages(words: list[Placed], splits: Sequence[str | None]) -> Iterator[Page]:
    """Words that follow each other on one page come together; others are pages of their own."""
    for split in (*SPLITS, None):
        waiting: list[Word] = []
        page: str | None = None
        for placed, given in zip(words, splits, strict=True):
            if given == split:
                if waiting and (placed.page is None or placed.page != page or len(waiting) == _PAGE_WORDS):
                    yield _page(page, split, waiting)
                    waiting = []
                page = placed.page
                waiting.append(placed.word)
        if waiting:
            yield _page(page, split, waiting)


def _page(page: str | None, split: str | None, words: list[Word]) -> Page:
    reason = Reason.NOT_IN_SPLIT if split is None else None
    return Page(id=words[0].id if page is None else page, split=split, words=tuple(words), reason=reason)
