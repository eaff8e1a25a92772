"""Pictures of words that a store has not, and of whole pages: cut from the source once more, a few of each kind."""

from __future__ import annotations

import dataclasses
import itertools
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np

from htrdata.building.plan import Plan
from htrdata.files.on_disk import NoImageFileError
from htrdata.images import codec
from htrdata.images.cropping import box_fault, crop, is_too_large, outside_fraction
from htrdata.labels import legible
from htrdata.records import Box, ImageFile, Page
from htrdata.store.html_pages.pictures import Picture, reduced_picture

_PAGE_HEIGHT = 180  # pixels of the picture of a page
_MOST_PIXELS = 40_000_000  # of a page: what is larger takes seconds, and a report should not


def pages_of_rows(plan: Plan, rows: Iterable[int]) -> Iterator[tuple[int, Page]]:
    """For each row of the manifest, from 0, the page of its word, with that word alone.

    Args:
        plan: of the build; the manifest has its words in its order.
        rows: in ascending order.
    """
    ends = list(itertools.accumulate(part.words for part in plan.parts))
    for row in rows:
        number = bisect_right(ends, row)
        place = row - (ends[number - 1] if number else 0)
        for page in plan.parts[number].pages:
            if place < len(page.words):
                yield row, dataclasses.replace(page, words=(page.words[place],))
                break
            place -= len(page.words)


def pages_named(plan: Plan, names: Collection[tuple[str, str]]) -> dict[tuple[str, str], Page]:
    """The pages of some splits and ids, as the manifest gives these, without their words."""
    found: dict[tuple[str, str], Page] = {}
    for page in (page for part in plan.parts for page in part.pages):
        name = (page.split or "none", legible(page.id))
        if name in names:
            found.setdefault(name, dataclasses.replace(page, words=()))
    return found


def pictures_of(pages: Sequence[Page]) -> list[Picture | None]:
    """For each page the picture of its one word, or of all of it where it has none; see `_picture`."""
    return [_picture(page) for page in pages]


def _picture(page: Page) -> Picture | None:
    """As it would have been cut, whatever the reason against it; of a word without a usable box its whole page.

    None where there is no image that can be read, or it is too large to be opened for an example.
    """
    word = page.words[0] if page.words else None
    image = page.image if word is None or word.image is None else word.image
    pixels = None if image is None else _pixels(image)
    if pixels is None:
        return None
    if word is None or (word.image is None and not _can_be_cut(word.box, pixels)):
        return reduced_picture(pixels, _PAGE_HEIGHT)
    if word.image is not None or word.box is None:
        return reduced_picture(pixels)
    return reduced_picture(crop(pixels, word.box))


def _can_be_cut(box: Box | None, page: np.ndarray) -> bool:
    height, width = page.shape[:2]
    if box is None or box_fault(box) is not None or is_too_large(box, width, height):
        return False
    return outside_fraction(box, width, height) < 1


def _pixels(image: ImageFile) -> np.ndarray | None:
    try:
        data = image.read()
        width, height = codec.read_size(data)
        return codec.decode(data, "grey") if width * height <= _MOST_PIXELS else None
    except (codec.ImageError, FileNotFoundError, NotADirectoryError, NoImageFileError):
        return None
