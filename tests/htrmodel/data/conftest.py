"""Small stores of drawn words, built as `htrdata` builds them, and shards without a manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

import htrdata
from htrdata.building.options import BuildOptions
from htrdata.images.codec import encode
from htrdata.labels import PRINTABLE
from htrdata.records import Division, Page, SourceInfo, Unit, Word
from htrdata.store.shard_writer import SHARD_WORDS, write_shard
from htrmodel.config import RecogniserConfig

MakeStore = Callable[..., Path]
MakeShard = Callable[..., Path]


@dataclass(frozen=True)
class ImageInMemory:
    """A word's own image."""

    name: str
    data: bytes

    def size(self) -> int:
        return len(self.data)

    def read(self) -> bytes:
        return self.data


@dataclass
class ListSource:
    """A source of given pages."""

    listed: Sequence[Page]
    name: str = "drawn"
    extra_columns: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    published: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    info: SourceInfo = field(default_factory=lambda: SourceInfo("Drawn", "https://example.org", "none", "nobody"))
    unit: Unit = "word"
    division: Division = field(default_factory=lambda: Division("Drawn"))
    drawn: str | None = None

    def pages(self) -> Iterator[Page]:
        return iter(self.listed)


def draw(seed: int) -> np.ndarray:
    """Soft blotches of any size: uint8 [H, W]."""
    random = np.random.default_rng(seed)
    height, width = random.integers(20, 80), random.integers(10, 260)
    coarse = random.integers(0, 256, (height // 6 + 2, width // 6 + 2), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((int(width), int(height)), Image.Resampling.BICUBIC))


@pytest.fixture
def make_store(tmp_path: Path) -> MakeStore:
    """Builds labels by split as a data set. A page has three words, a writer two pages."""

    def make(
        labels: Mapping[str, Sequence[str]],
        /,
        *,
        root: Path | None = None,
        name: str | None = None,
        seed: int = 0,
        source: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Path:
        pages = []
        for split, texts in labels.items():
            for first in range(0, len(texts), 3):
                words = tuple(
                    Word(
                        f"{split}{i}",
                        text,
                        image=ImageInMemory(f"{i}.png", encode(draw(1000 * seed + i), "png")),
                        writer=f"w{first // 6}",
                    )
                    for i, text in enumerate(texts[first : first + 3], first)
                )
                pages.append(Page(f"{split}_page{first}", split, words))
        root = root or tmp_path / "store"
        listed = ListSource(pages, **(source or {}))
        htrdata.build(listed, root, BuildOptions(height=0, **options), name=name, workers=1)
        return root

    return make


@pytest.fixture
def make_shard() -> MakeShard:
    """Writes labels with drawn PNGs as a shard without a manifest."""

    def make(folder: Path, labels: Sequence[str], images: Sequence[bytes] | None = None) -> Path:
        folder.parent.mkdir(parents=True, exist_ok=True)
        encoded = images or [encode(draw(i), "png") for i in range(len(labels))]
        digests = [hashlib.sha256(image).digest() for image in encoded]
        batch = pa.record_batch([encoded, labels, digests], schema=SHARD_WORDS)
        write_shard(folder, [batch], count=len(labels), payload=batch.nbytes)
        return folder

    return make


@pytest.fixture
def config() -> RecogniserConfig:
    """The size of AttentionHTR's input."""
    return RecogniserConfig(charset=PRINTABLE)
