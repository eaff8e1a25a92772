"""Images in rows of Arrow's files: whoever takes them in order reads each file once."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from htrdata.sources.folder.arrow_files import IMAGES_AT_ONCE, leaf_of, open_arrow

_FAR = 1000
"""Rows that are rather read and passed over than looked for."""


@dataclass(frozen=True, slots=True)
class ArrowImage:
    """An image that stands in a row of a file.

    Attributes:
        file: the path.
        leaf: of its bytes.
        row: its row, from 0.
    """

    file: str
    leaf: str
    row: int

    @property
    def name(self) -> str:
        """The file and the row."""
        return f"{self.file}, row {self.row + 1:,}"

    def size(self) -> int | None:
        """0: it is not known before the image is read."""
        return 0

    def read(self) -> bytes:
        """The bytes; whoever goes through the rows in order reads the file once.

        Raises:
            OSError: the file cannot be read; FileNotFoundError where the row has no image.
        """
        data = _reader(self.file, self.leaf, os.getpid()).at(self.row)
        if data is None:
            raise FileNotFoundError(f"{self.name} has no image")
        return data


class _Reader:
    """Goes through the images of a file, in order, and begins anew where it is asked for an earlier one."""

    def __init__(self, path: str, leaf: str) -> None:
        self._file, self._leaf = open_arrow(Path(path)), leaf
        self._batches: Iterator[pa.RecordBatch] = iter(())
        self._first = self._end = 0
        self._images: pa.Array | None = None

    def at(self, row: int) -> bytes | None:
        if self._images is None or row < self._first or row - self._end > _FAR:
            self._batches = self._file.batches([self._leaf], IMAGES_AT_ONCE, row)
            self._first = self._end = row
        while row >= self._end:
            batch = next(self._batches, None)
            if batch is None:
                raise FileNotFoundError(f"there is no row {row + 1:,}: the file has changed")
            self._first, self._end = self._end, self._end + batch.num_rows
            self._images = leaf_of(batch, self._leaf)
        assert self._images is not None  # a row was looked for
        data: bytes | None = self._images[row - self._first].as_py()
        return data


@functools.lru_cache(4)
def _reader(path: str, leaf: str, _process: int) -> _Reader:
    return _Reader(path, leaf)
