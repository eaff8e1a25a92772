"""A source of any number of words that cost next to nothing, to time what the store itself costs.

All words share one image, which is in memory; texts, ids, boxes and writers are those of no data set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from htrdata.images.codec import encode
from htrdata.records import Division, Page, SourceInfo, Unit, Word

_PAGE = 100  # words
_SPLITS = ("train",) * 8 + ("val", "test")


@dataclass(frozen=True, slots=True)
class SharedImage:
    """An encoded image in memory, as a source points to one."""

    data: bytes

    @property
    def name(self) -> str:
        """What messages call it."""
        return "the shared image"

    def size(self) -> int:
        """Its bytes."""
        return len(self.data)

    def read(self) -> bytes:
        """The bytes themselves."""
        return self.data


def noisy_png(height: int, width: int) -> bytes:
    """A grey PNG of noise, about as many bytes as pixels."""
    return encode(np.random.default_rng(0).integers(0, 256, (height, width), np.uint8), "png")


@dataclass(frozen=True, slots=True)
class CheapWords:
    """That many words in pages of a hundred, eight pages of ten in train, one in val and one in test.

    Attributes:
        words: how many, a multiple of 1000.
        png: the image of all of them.
    """

    words: int
    png: bytes

    name: ClassVar[str] = "cheap"
    unit: ClassVar[Unit] = "word"
    division: ClassVar[Division] = Division("Cheap words")
    drawn: ClassVar[str | None] = None
    extra_columns: ClassVar[tuple[str, ...]] = ()
    settings: ClassVar[Mapping[str, str]] = {}
    published: ClassVar[Mapping[str, Mapping[str, int]]] = {}
    info: ClassVar[SourceInfo] = SourceInfo("Cheap words", "", "", "")

    def pages(self) -> Iterator[Page]:
        """Yields the pages, those of train first."""
        image = SharedImage(self.png)
        for split in ("train", "val", "test"):
            for page in range(self.words // _PAGE):
                if _SPLITS[page % len(_SPLITS)] == split:
                    words = tuple(
                        Word(f"{page:06d}-{number:02d}", f"word{page * 7 + number}", image=image, writer=f"{page:06d}")
                        for number in range(_PAGE)
                    )
                    yield Page(f"{page:06d}", split, words)
