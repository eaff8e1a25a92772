"""What the checks of the contract for sources have in common: pages and files looked at, and what is wrong said."""

from __future__ import annotations

import hashlib
import math
import pickle
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from htrdata.building.options import BuildOptions
from htrdata.building.page_cutting import rows_of_page
from htrdata.files.on_disk import FileBelow, FileOnDisk
from htrdata.records import ImageFile, Page, Reason, Word
from htrdata.sources.base import Source
from htrdata.store.manifest import INK_THRESHOLD

T = TypeVar("T")


def is_text(value: object) -> bool:
    """Whether it is a text that says something."""
    return isinstance(value, str) and bool(value)


def require(condition: bool, message: str) -> None:
    """Raises AssertionError with a message unless a condition holds."""
    if not condition:
        raise AssertionError(message)


def pages_of(source: Source) -> list[Page]:
    """The pages, with words that were made when they were looked at."""
    return [replace(page, words=tuple(page.words)) for page in source.pages()]


def is_again(page: Page, word: Word) -> bool:
    """Whether the source says that the word was there before."""
    return Reason.DUPLICATE_ID in (page.reason, word.reason)


def check_word(word: Word, columns: Iterable[str]) -> None:
    """Columns, box and ink threshold are of the form that a manifest can hold."""
    stray, texts = word.extra.keys() - set(columns), word.extra.values()
    require(not stray, f"word {word.id} has {sorted(stray)}, which extra_columns does not name")
    require(all(isinstance(text, str) for text in texts), f"columns of {word.id} are texts, not {word.extra}")
    if (box := word.box) is not None:
        require(all(map(math.isfinite, (box.xc, box.yc, box.w, box.h, box.angle))), f"{word.id}: {box} is not finite")
    if (level := word.ink_threshold) is not None:
        require(0 <= level <= 255, f"the ink threshold of {word.id} is {level}, no grey level from 0 to 255")
        require(word.extra.get(INK_THRESHOLD) == str(level), f"{word.id} lacks the column {INK_THRESHOLD!r}: {level}")


def images_of(page: Page) -> Iterator[ImageFile]:
    """The image of a page, or those of its words."""
    yield from (image for image in (page.image, *(word.image for word in page.words)) if image is not None)


def noting(
    read: Callable[[ImageFile], bytes], images: Container[ImageFile], noted: list[ImageFile]
) -> Callable[[ImageFile], bytes]:
    """The method `read` of a kind of file, which notes what it is asked for if that is one of these images."""

    def noting(file: ImageFile) -> bytes:
        if file in images:
            noted.append(file)
        return read(file)

    return noting


def pickled(value: T, what: str) -> T:
    """What of a value arrives in another process.

    Raises:
        AssertionError: it cannot be sent to one.
    """
    try:
        data = pickle.dumps(value)
    except (pickle.PicklingError, AttributeError, TypeError) as error:  # which of them depends on Python's version
        raise AssertionError(f"{what} cannot be pickled, and so not go to other processes: {error}") from error
    copy: T = pickle.loads(data)
    return copy


def require_inside(root: Path, pages: Iterable[Page]) -> None:
    """No image of the pages lies outside of the root."""
    for image in (image for page in pages for image in images_of(page) if isinstance(image, FileOnDisk | FileBelow)):
        try:
            inside = image.path.resolve().is_relative_to(root.resolve())
        except (OSError, ValueError) as error:  # a name that the system refuses to look at
            raise AssertionError(f"{image.path!r} is no path of a file: {error}") from error
        require(inside, f"{image.path!r} leads out of {root}")


def files_of(store: Path) -> dict[str, str]:
    """The SHA-256 of each file below a folder, by its path there."""
    files = (path for path in store.rglob("*") if path.is_file())
    return {str(path.relative_to(store)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def read_words(open: Callable[[Path], Source], root: Path) -> None:
    """Reads all words of the source of a root, without their pixels."""
    for page in open(root).pages():
        for _ in rows_of_page(page, BuildOptions(), pixels=False):
            pass
