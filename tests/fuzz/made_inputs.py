"""Sound inputs for the targets, made by code: pictures of noise, files of drawn samples, a store."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.files.on_disk import FileOnDisk
from htrdata.images.codec import encode
from htrdata.records import Box, Division, Page, SourceInfo, Unit, Word

from ..stores import make_format_1


def grey_noise(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """A picture of noise: uint8 [height, width]."""
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


def drawn_files(name: str, draw: Callable[[Path], object], pattern: str, largest: int) -> list[bytes]:
    """The files of a drawn sample that are no larger than that, in the order of their paths."""
    with tempfile.TemporaryDirectory() as folder:
        draw(Path(folder) / name)
        found = [path.read_bytes() for path in sorted(Path(folder).rglob(pattern))]
    return [data for data in found if len(data) <= largest]


@dataclass
class NoiseSource:
    """A source of pages of noise with words on them, two pages a split."""

    folder: Path
    words: int = 3
    pages_per_split: int = 2
    name: str = "drawn"
    extra_columns: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    published: dict[str, dict[str, int]] = field(default_factory=dict)
    info: SourceInfo = field(default_factory=lambda: SourceInfo("Drawn", "https://example.org", "none", "nobody"))
    unit: Unit = "word"
    division: Division = field(default_factory=lambda: Division("Drawn"))
    drawn: str | None = None

    def draw(self) -> NoiseSource:
        """Writes the pages."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for number in range(3 * self.pages_per_split):
            data = encode(grey_noise(60, 40 * self.words + 40, number), "jpeg")
            (self.folder / f"page{number:02d}.jpg").write_bytes(data)
        return self

    def pages(self) -> Iterator[Page]:
        """Yields the pages split by split."""
        for number in range(3 * self.pages_per_split):
            page, split = f"page{number:02d}", ("train", "val", "test")[number // self.pages_per_split]
            path = self.folder / f"{page}.jpg"
            texts = ["Wörd", "", "It's", f"w{number}"]
            words = tuple(
                Word(f"{page}_{i}", texts[(number + i) % 4], Box(40 * i + 25, 30, 36, 40 + i), writer=f"w{number % 3}")
                for i in range(self.words)
            )
            yield Page(page, split, words, FileOnDisk(path), hashlib.md5(path.read_bytes()).hexdigest())


@contextmanager
def small_store() -> Iterator[Path]:
    """A store of noise, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        source = NoiseSource(Path(folder) / "pages").draw()
        build(source, Path(folder) / "store", BuildOptions(height=16), workers=1)
        yield Path(folder) / "store"


def description_seeds() -> Sequence[bytes]:
    """A description as it is, and as format 1 had it."""
    with small_store() as store:
        path = store / "drawn/dataset.json"
        present = path.read_bytes()
        make_format_1(store)
        return [present, path.read_bytes()]
