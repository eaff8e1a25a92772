"""Pictures of words: from the shards, and, where the pages are at hand, of what stands around them."""

from __future__ import annotations

import functools
import os
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from htrdata.errors import SourceMissingError
from htrdata.files.on_disk import FileOnDisk
from htrdata.images import codec
from htrdata.records import Box
from htrdata.store.shards import Shard

_ENDINGS = frozenset((".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp", ".gif"))
_LONGEST = 1600  # pixels of a side of what is sent
_PAGES = 3  # decoded ones that are remembered
_MARK = (214, 40, 40)


class WordImages:
    """The encoded images of the words in a store's shards, for threads.

    Args:
        store: the folder of the store.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._shards: dict[str, Shard] = {}
        self._lock = threading.Lock()

    def encoded(self, shard: str, key: int) -> bytes:
        """The image of a word, JPEG or PNG. Raises as `htrdata.store.shards.Shard.image`."""
        with self._lock:
            found = self._shards.setdefault(shard, Shard(self._store / shard))
            return found.image(key)


@dataclass(frozen=True)
class PageImages:
    """The images of pages below a folder, found by their names: the id of a page, and an ending.

    Attributes:
        root: the folder.
    """

    root: Path

    @functools.cached_property
    def _paths(self) -> dict[str, Path]:
        """Paths by id: as a path below the folder, and alone where no two files have the name."""
        whole: dict[str, Path] = {}
        names: dict[str, list[Path]] = {}
        for folder, _, files in os.walk(self.root):
            for path in (Path(folder, file) for file in sorted(files)):
                if path.suffix.lower() in _ENDINGS:
                    whole.setdefault(path.relative_to(self.root).with_suffix("").as_posix(), path)
                    names.setdefault(path.stem, []).append(path)
        return {**{name: paths[0] for name, paths in names.items() if len(paths) == 1}, **whole}

    def __len__(self) -> int:
        return len(self._paths)

    def has(self, page: str) -> bool:
        """Whether there is an image of a page."""
        return self._find(page) is not None

    def _find(self, page: str) -> Path | None:
        return self._paths.get(page) or self._paths.get(page.rpartition(".")[0])

    def around(self, page: str, box: Box, margin: float, *, marked: bool = True) -> bytes:
        """What stands around a word, as JPEG.

        Args:
            page: its id.
            box: of the word.
            margin: how much more is shown on each side, in heights of the box, or half its width if that is less;
                infinity for the whole page.
            marked: whether the box is drawn.

        Raises:
            SourceMissingError: there is no image of that page.
            ImageError: it cannot be decoded.
        """
        path = self._find(page)
        if path is None:
            raise SourceMissingError(f"there is no image of page {page} below {self.root}")
        pixels = _page(path)
        height, width = pixels.shape[:2]
        corners = _corners(box)
        more = margin * max(box.h, box.w / 4)
        left, upper = np.floor(np.clip(corners.min(0) - more, 0, (width - 1, height - 1))).astype(int)
        right, lower = np.ceil(np.clip(corners.max(0) + more, (left + 1, upper + 1), (width, height))).astype(int)
        image = Image.fromarray(pixels[upper:lower, left:right])
        scale = min(1.0, _LONGEST / max(image.size))
        if scale < 1:
            image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
        if marked:
            polygon = [tuple(point) for point in ((corners - (left, upper)) * scale).tolist()]
            ImageDraw.Draw(image).line([*polygon, polygon[0]], _MARK, 3)
        return codec.encode(np.asarray(image), "jpeg", 90)


@functools.lru_cache(_PAGES)
def _page(path: Path) -> np.ndarray:
    """The upright page: uint8 [H, W, 3]."""
    return codec.decode(FileOnDisk(path).read(), "rgb")


def _corners(box: Box) -> np.ndarray:
    """The corners of a box on its page, in order: float [4, 2]."""
    turn = np.deg2rad(box.angle)
    along, across = np.array((np.cos(turn), -np.sin(turn))), np.array((np.sin(turn), np.cos(turn)))
    centre = np.array((box.xc, box.yc))
    sides = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return np.array([centre + across * (y * box.h / 2) + along * (x * box.w / 2) for x, y in sides])
