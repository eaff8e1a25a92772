"""Finds images of words: in files, folders and stores, or among what is in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from PIL.Image import Image

from htrdata.errors import SourceMissingError
from htrdata.store.format import DATA_FILE, DATASET_FILE
from htrmodel.inputs import Encoded, WordImage, is_one, several

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif"})
"""Of the files that count as images in a folder; a file that is named itself may end in anything."""


@dataclass(frozen=True, slots=True)
class NamedImage:
    """An image of a word, not opened yet.

    Attributes:
        name: its path, or data set, split and id of a word in a store.
        image: see `htrmodel.inputs.WordImage`.
    """

    name: str
    image: WordImage


@runtime_checkable
class Stored(Protocol):
    """Words of a store, one of its data sets, or all of it: see `htrdata.store.reading.Store.named_words`."""

    def named_words(self) -> Iterator[tuple[str, Encoded]]:
        """The words, each with its name in the store."""


Place: TypeAlias = WordImage | Stored
"""Where images of words are: the path of a file, a folder or a store; what is open of a store; or an image itself."""


def find_images(places: Place | Iterable[Place]) -> Iterator[NamedImage]:
    """Finds the images at one or several places, in order.

    Whether there are any is known at once; words in a store, or in shards without one, are read as they are taken.

    Raises:
        SourceMissingError: there is nothing at a place, or no image in a folder.
        BadDataError: a ``dataset.json`` of a store is damaged.
        WrongTypeError: a value is no place.
    """
    given: Iterable[Place] = [places] if is_one(places) or isinstance(places, Stored) else several(places)
    found = [_at(place, number) for number, place in enumerate(given)]
    return (image for images in found for image in images)


def _at(place: Place, number: int) -> Iterable[NamedImage]:
    if isinstance(place, Stored):
        return _stored(place)
    if isinstance(place, str | PathLike):
        return _at_path(Path(place))
    name = (
        place.id if isinstance(place, Encoded) else getattr(place, "filename", "") if isinstance(place, Image) else ""
    )
    return [NamedImage(str(name) or f"image {number}", place)]


def _at_path(path: Path) -> Iterable[NamedImage]:
    if not path.is_dir():
        if not path.exists():
            raise SourceMissingError(f"there is nothing at {path}")
        return [NamedImage(str(path), path)]
    if any(path.glob(f"*/{DATASET_FILE}")):
        from htrdata.store.reading import Store

        return _stored(Store(path))
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in ENDINGS and file.is_file())
    if not files and any(path.rglob(DATA_FILE)):
        return _in_shards(path)
    if not files:
        raise SourceMissingError(f"no image in {path}: files that end in {', '.join(sorted(ENDINGS))} count")
    return (NamedImage(str(file), file) for file in files)


def _in_shards(path: Path) -> Iterator[NamedImage]:
    """Shards without a store, such as clova's: their words, whether or not they have labels."""
    from htrmodel.data.samples import encoded_words
    from htrmodel.data.splits import every_split

    return (
        NamedImage("/".join(filter(None, (origin.name, origin.split, word_id))), encoded)
        for origin in every_split(path)
        for word_id, encoded in encoded_words(origin)
    )


def _stored(words: Stored) -> Iterator[NamedImage]:
    return (NamedImage(name, word) for name, word in words.named_words())
