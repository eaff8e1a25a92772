"""A source that tests fill by hand, and small pages for it; a hand without any chance."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from htrdata.drawing.handwriting import ALPHABETS, Style
from htrdata.files.on_disk import FileOnDisk
from htrdata.images.codec import encode
from htrdata.records import Box, Division, Page, SourceInfo, Unit, Word


@dataclass
class ListSource:
    """A source of given pages."""

    listed: Sequence[Page]
    name: str = "drawn"
    extra_columns: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    published: dict[str, dict[str, int]] = field(default_factory=dict)
    info: SourceInfo = field(default_factory=lambda: SourceInfo("Drawn", "https://example.org", "none", "nobody"))
    unit: Unit = "word"
    division: Division = field(default_factory=lambda: Division("Drawn"))
    drawn: str | None = None

    def pages(self) -> Iterator[Page]:
        return iter(self.listed)


def draw_page(path: Path, seed: int, shape: tuple[int, int] = (240, 320)) -> str:
    """Writes a page of noise as JPEG and returns its MD5."""
    data = encode(np.random.default_rng(seed).integers(0, 256, shape, np.uint8), "jpeg")
    path.write_bytes(data)
    return hashlib.md5(data).hexdigest()


def steady(alphabet: str, **changes: object) -> Style:
    """A hand without any chance in it, that draws the alphabet as it is."""
    values: dict[str, object] = {
        "alphabet": np.full(128, ALPHABETS.index(alphabet), np.uint8),
        "phases": np.zeros((2, 128), np.float32),
        "tone": 0,
        **dict.fromkeys(("breadth", "ascent", "descent", "joining"), 1.0),
        **dict.fromkeys(("bend", "slant", "spacing", "unrest", "tremor", "drift", "contrast", "nib"), 0.0),
        "pen": 0.12,
        **changes,
    }
    return Style(**values)  # type: ignore[arg-type]


def rng(*seed: int) -> np.random.Generator:
    """Chance from a seed."""
    return np.random.default_rng(seed or 0)


@pytest.fixture
def source(tmp_path: Path) -> ListSource:
    """18 pages of 7 words in three splits; every fifth label is empty, every fifth is not ASCII."""
    folder = tmp_path / "pages"
    folder.mkdir()
    pages = []
    for number in range(18):
        page_id = f"page{number:02d}"
        md5 = draw_page(folder / f"{page_id}.jpg", number)
        words = tuple(
            Word(
                f"{page_id}_{i}",
                [f"Word{number}", "über", "a\\b", "", "It's"][(number + i) % 5],
                Box(40 * i + 20, 120, 38, 70 + i, angle=5.0 * i),
                writer=f"w{number % 4}",
            )
            for i in range(7)
        )
        split = "train" if number < 12 else "val" if number < 15 else "test"
        pages.append(Page(page_id, split, words, FileOnDisk(folder / f"{page_id}.jpg"), md5))
    return ListSource(pages)
