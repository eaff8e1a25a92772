"""A source of any number of words that cost next to nothing, to time what the store itself costs.

Their images are noise, each its own, and made when they are read, in some 10 µs: the same one in all of them would be
told as copies, which a store lists. Texts, ids, boxes and writers are those of no data set.
"""

from __future__ import annotations

import functools
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from htrdata.records import Division, Page, SourceInfo, Unit, Word

_PAGE = 100  # words
_SPLITS = ("train",) * 8 + ("val", "test")


@functools.cache
def _noise() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, 1 << 22, np.uint8)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@dataclass(frozen=True, slots=True)
class NoisyImage:
    """A grey PNG of noise, not compressed, as a source points to one.

    Attributes:
        number: which noise.
        height: in pixels.
        width: in pixels; all of it has less than 64 KiB.
    """

    number: int
    height: int
    width: int

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"noise {self.number}"

    def size(self) -> int:
        """Its bytes."""
        return len(self.read())

    def read(self) -> bytes:
        """The bytes themselves."""
        start = self.number * 7919 % (len(_noise()) - self.height * self.width)
        rows = np.zeros((self.height, 1 + self.width), np.uint8)  # each begins with its filter: none
        rows[:, 1:] = _noise()[start : start + self.height * self.width].reshape(self.height, self.width)
        raw = rows.tobytes()
        stored = b"\x78\x01\x01" + struct.pack("<HH", len(raw), len(raw) ^ 0xFFFF) + raw  # zlib without compression
        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 0, 0, 0, 0)
        data = stored + struct.pack(">I", zlib.adler32(raw))
        return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


@dataclass(frozen=True, slots=True)
class CheapWords:
    """That many words in pages of a hundred, eight pages of ten in train, one in val and one in test.

    Attributes:
        words: how many, a multiple of 1000.
        height: of their images, in pixels.
        width: of their images, in pixels.
    """

    words: int
    height: int
    width: int

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
        for split in ("train", "val", "test"):
            for page in range(self.words // _PAGE):
                if _SPLITS[page % len(_SPLITS)] == split:
                    words = tuple(
                        Word(
                            f"{page:06d}-{number:02d}",
                            f"word{page * 7 + number}",
                            image=NoisyImage(page * _PAGE + number, self.height, self.width),
                            writer=f"{page:06d}",
                        )
                        for number in range(_PAGE)
                    )
                    yield Page(f"{page:06d}", split, words)
