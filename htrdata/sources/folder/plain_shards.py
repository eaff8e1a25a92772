"""LMDBs as clova's tools make them, and all that read the same: images and labels by number, and nothing else."""

from __future__ import annotations

import functools
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from htrdata.errors import BadDataError
from htrdata.files.lmdb_tree import Tree
from htrdata.sources.folder.rows import ImagesAndTexts, Row

SHARD_FILE = "data.mdb"

_HEAD = 8192  # bytes; what says which pages are in use


@dataclass(frozen=True, slots=True)
class ShardImage:
    """An image in an LMDB.

    Attributes:
        file: the path.
        key: its number, from 1.
    """

    file: str
    key: int

    @property
    def name(self) -> str:
        """The file and the number."""
        return f"{self.file}, image {self.key:,}"

    def size(self) -> int | None:
        """0: it is not known before the image is read."""
        return 0

    def read(self) -> bytes:
        """The bytes.

        Raises:
            FileNotFoundError: there is no image of that number.
            BadDataError: the file is damaged.
            OSError: it cannot be read.
        """
        data = _tree(self.file, os.getpid()).get(b"image-%09d" % self.key)
        if data is None:
            raise FileNotFoundError(f"{self.name} is not there")
        return data


@functools.lru_cache(4)
def _tree(path: str, _process: int) -> Tree:
    return Tree(Path(path))


@dataclass(frozen=True, slots=True)
class PlainShard(ImagesAndTexts):
    """One LMDB as a table.

    Attributes:
        path: the ``data.mdb``.
        below: its folder below the root, with a slash behind it, or empty: the ids of its words begin so.
    """

    path: Path
    below: str

    @property
    def fingerprint(self) -> str:
        """Of the size of the file and what it says of its pages."""
        with self.path.open("rb") as file:
            head = file.read(_HEAD)
        return hashlib.sha256(f"{self.path.stat().st_size} {head.hex()}".encode()).hexdigest()

    def rows(self) -> Iterator[Row]:
        """All words by number. Raises as `htrdata.sources.folder.rows.Table.rows` does."""
        tree = Tree(self.path)
        try:
            count = tree.get(b"num-samples") or b""
            if not re.fullmatch(rb"[0-9]{1,9}", count):
                raise BadDataError(f"{self.path} has no number of samples: it is no LMDB of words, or not a whole one")
            if tree.get(b"image-%09d" % (int(count) + 1)) is not None:
                raise BadDataError(
                    f"{self.path} says that it has {int(count):,} words (num-samples), but there is an image of key "
                    f"{int(count) + 1:,}: put the number right, or make the LMDB again"
                )
            for key in range(1, int(count) + 1):
                yield self._row(key, tree.get(b"label-%09d" % key))
        finally:
            tree.close()

    def _row(self, key: int, label: bytes | None) -> Row:
        row_id, image = f"{self.below}image-{key:09d}", ShardImage(str(self.path), key)
        try:
            return Row(key, image, None if label is None else label.decode(), row_id)
        except UnicodeDecodeError as error:
            return Row(key, image, None, row_id, fault=f"its label is not UTF-8 ({error.reason})")
