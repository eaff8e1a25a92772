"""Finds images of words: in files, folders and stores, or among what is in memory."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from PIL.Image import Image

from htrdata.errors import BadDataError, SourceMissingError, UsageError
from htrdata.files.refusals import refusal
from htrdata.files.regular import open_regular, real_path
from htrdata.images.tiff_pages import find_pages
from htrdata.records import ImageFile
from htrdata.sources.packed import is_packed
from htrdata.store.format import DATA_FILE, DATASET_FILE
from htrmodel.inputs import Encoded, PageOfFile, WordImage, is_one, several
from htrmodel.runtime.folders import ENDINGS, find_files
from htrmodel.runtime.packed_images import packed_images

if TYPE_CHECKING:
    from htrdata.store.reading import Dataset


@dataclass(frozen=True, slots=True)
class NamedImage:
    """An image of a word, not opened yet.

    Attributes:
        name: its path, behind it ``#page=2`` and so on where a TIFF has several; or data set, split and id of a word
            in a store.
        image: see `htrmodel.inputs.WordImage`.
    """

    name: str
    image: WordImage


@dataclass(frozen=True, slots=True)
class _InTable:
    """An image in a table, which is read when it is asked for."""

    id: str
    image: ImageFile

    @property
    def encoded(self) -> bytes:
        """The encoded image."""
        try:
            return self.image.read()
        except OSError as error:
            raise SourceMissingError(f"{self.image.name} has no image: {refusal(error, self.image.name)}") from error


@runtime_checkable
class Stored(Protocol):
    """Words of a store, one of its data sets, or all of it: see `htrdata.store.reading.Store.named_words`."""

    def named_words(self) -> Iterator[tuple[str, Encoded]]:
        """The words, each with its name in the store."""


Place: TypeAlias = WordImage | Stored
"""Where images of words are: the path of a file, a folder or a store; what is open of a store; or an image itself."""


_TABLES = (".parquet", ".arrow")

Say: TypeAlias = Callable[[str], None]
"""Told what a person should know, in a sentence."""


def find_images(
    places: Place | Iterable[Place], say: Say = lambda sentence: None, *, lines: bool = False
) -> Iterator[NamedImage]:
    """Finds the images at one or several places, in order.

    Whether there are any is known at once; words in a store, or in shards without one, are read as they are taken.

    Args:
        places: see `Place`.
        say: told what is left out in folders and stores, and why.
        lines: whether they shall be read by a model of lines; a model of words is given no data sets of lines.

    Raises:
        SourceMissingError: there is nothing at a place, or no image in a folder.
        UsageError: a place is a data set within a store, or a store of lines alone for a model of words.
        BadDataError: a ``dataset.json`` of a store is damaged.
        WrongTypeError: a value is no place.
    """
    given: Iterable[Place] = [places] if is_one(places) or isinstance(places, Stored) else several(places)
    found = [_at(place, number, say, lines) for number, place in enumerate(given)]
    return (image for images in found for image in images)


def _at(place: Place, number: int, say: Say, lines: bool) -> Iterable[NamedImage]:
    if isinstance(place, Stored):
        return _in_memory(place, say, lines)
    if isinstance(place, str | PathLike):
        return _at_path(Path(place), say, lines)
    name = (
        place.id if isinstance(place, Encoded) else getattr(place, "filename", "") if isinstance(place, Image) else ""
    )
    return [NamedImage(str(name) or f"image {number}", place)]


def _at_path(path: Path, say: Say, lines: bool) -> Iterable[NamedImage]:
    if not path.is_dir():
        if not path.exists():
            raise SourceMissingError(f"there is nothing at {path}")
        if is_packed(path):
            return _in_archive(path, say)
        return _in_table(path) if path.suffix.lower() in _TABLES else _pages(path)
    if any(path.glob(f"*/{DATASET_FILE}")):
        return _in_store(path, say, lines)
    if (path / DATASET_FILE).exists():
        raise UsageError(
            f"{path} is a data set without its words: name {real_path(path).parent}, the store that it is in"
        )
    found = find_files(path)
    if not found.images and any(path.rglob(DATA_FILE)):
        return _in_shards(path, say, lines)
    if not found.images and (tables := sorted(file for ending in _TABLES for file in path.rglob(f"*{ending}"))):
        return (image for table in tables for image in _in_table(table))
    if not found.images:
        known = ", ".join(sorted(ENDINGS))
        raise SourceMissingError(
            "; ".join([f"no image in {path}: files that end in {known} count", *found.sentences()])
        )
    for sentence in found.sentences():
        say(f"{path}: {sentence}")
    return (image for file in found.images for image in _pages(file))


def _pages(path: Path) -> Iterator[NamedImage]:
    """The image that a file holds, or the pages of a TIFF."""
    name = str(path)
    try:
        with open_regular(path) as raw, io.BufferedReader(raw) as file:
            pages = find_pages(file)
    except (BadDataError, OSError):
        pages = [0]  # whoever opens it is told what is wrong with it
    if pages == [0]:
        yield NamedImage(name, path)
    else:
        yield from (NamedImage(f"{name}#page={page + 1}", PageOfFile(path, page)) for page in pages)


def _in_table(path: Path) -> Iterator[NamedImage]:
    """The images that a Parquet or Arrow file holds, as Hugging Face's `datasets` writes it."""
    from htrdata.sources.folder.arrow_tables import images_within

    return (NamedImage(f"{path}#{name}", _InTable(name, image)) for name, image in images_within(path))


def _in_archive(path: Path, say: Say) -> Sequence[NamedImage]:
    """The images in a zip or tar."""
    images, left_out = packed_images(path)
    for sentence in left_out.sentences():
        say(f"{path}: {sentence}")
    return [NamedImage(image.id, image) for image in images]


def _in_memory(place: Stored, say: Say, lines: bool) -> Iterator[NamedImage]:
    from htrdata.store.reading import Dataset, Store
    from htrdata.store.words import Words

    if isinstance(place, Store):
        return _in_datasets(list(place), say, lines)
    if isinstance(place, Dataset | Words):
        _in_datasets(
            [place if isinstance(place, Dataset) else place.dataset], say, lines
        )  # raises, or says, what is wrong
    return _stored(place)


def _in_store(path: Path, say: Say, lines: bool) -> Iterator[NamedImage]:
    from htrdata.records import SPLITS
    from htrdata.store.reading import Store
    from htrmodel.data.splits import shards_beside

    for split in SPLITS:
        for name in shards_beside(path, split):
            say(f"{path}: left out {split}/{name}, which htrdata did not build: name that folder to have it read")
    return _in_datasets(list(Store(path)), say, lines)


def _in_datasets(datasets: Sequence[Dataset], say: Say, lines: bool) -> Iterator[NamedImage]:
    """The words of data sets; a model of words gets none that hold lines, and hears of those that may."""
    from htrmodel.data.origins import StoredSplit
    from htrmodel.data.units import doubt_of_unit

    others = [dataset for dataset in datasets if dataset.description.unit == "line" and not lines]
    kept = [dataset for dataset in datasets if dataset not in others]
    if others:
        named = f"{', '.join(one.name for one in others)} in {others[0].store}"
        what = f"{named} holds lines, and these weights read words"
        if not kept:
            raise UsageError(f"{what}: --checkpoint starter-lines reads them")
        say(f"{what}: left out")
    for dataset in [] if lines else kept:
        if dataset.splits and (doubt := doubt_of_unit(StoredSplit(dataset, dataset.splits[0]))):
            say(doubt)
    return (image for dataset in kept for image in _stored(dataset))


def _in_shards(path: Path, say: Say, lines: bool) -> Iterator[NamedImage]:
    """Shards without a store, such as clova's: their words, whether or not they have labels."""
    from htrmodel.data.samples import encoded_words
    from htrmodel.data.splits import every_split
    from htrmodel.data.units import doubt_of_unit

    origins = every_split(path)
    for origin in [] if lines else origins:
        if doubt := doubt_of_unit(origin):
            say(doubt)
    return (
        NamedImage("/".join(filter(None, (origin.name, origin.split, word_id))), encoded)
        for origin in origins
        for word_id, encoded in encoded_words(origin)
    )


def _stored(words: Stored) -> Iterator[NamedImage]:
    return (NamedImage(name, word) for name, word in words.named_words())
