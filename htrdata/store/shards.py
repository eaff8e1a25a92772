"""Shards as their readers see them: one LMDB each, in the layout of clova's deep-text-recognition-benchmark.

Keys are ``image-%09d`` and ``label-%09d``, counted from 1, and ``num-samples``; values are the encoded image, the label
in UTF-8 and the count in ASCII digits. AttentionHTR, PARSeq, MMOCR and PaddleOCR read the same layout.
"""

from __future__ import annotations

import errno
import functools
import itertools
from pathlib import Path
from typing import Any

import numpy as np

from htrdata.errors import BadDataError, HtrError, SourceMissingError, StorageError
from htrdata.files.lmdb_numbers import NumberedValues
from htrdata.files.lmdb_tree import Tree
from htrdata.files.refusals import refusal
from htrdata.store.format import DATA_FILE

COUNT_KEY = b"num-samples"
_DIGITS = 12  # that a number of samples may have


def image_key(key: int) -> bytes:
    """The bytes of the key of an image, counted from 1."""
    return b"image-%09d" % key


def label_key(key: int) -> bytes:
    """The bytes of the key of a label, counted from 1."""
    return b"label-%09d" % key


def sample_keys(count: int) -> bytes:
    """The keys of that many samples, written one after the other in the order of a shard.

    Those of all images come first, then those of all labels.
    """
    digits = np.arange(1, count + 1)[:, None] // 10 ** np.arange(8, -1, -1) % 10 + ord("0")
    prefixes = (np.broadcast_to(np.frombuffer(kind, np.uint8), (count, len(kind))) for kind in (b"image-", b"label-"))
    return b"".join(np.hstack([prefix, digits.astype(np.uint8)]).tobytes() for prefix in prefixes)


def check_file(path: Path) -> None:
    """Checks that a ``data.mdb`` begins as one, and has all the pages that it says it has.

    Raises:
        SourceMissingError: there is no such file.
        BadDataError: it is no LMDB file of format 1, or it is cut short.
        StorageError: it cannot be read.
    """
    _open_tree(path).close()


def _open_tree(path: Path) -> Tree:
    try:
        return Tree(path)
    except (FileNotFoundError, NotADirectoryError):
        raise SourceMissingError(f"no shard at {path}") from None
    except HtrError:
        raise
    except OSError as error:
        many = "; allow more open files (ulimit -n)" if error.errno in (errno.EMFILE, errno.ENFILE) else ""
        raise StorageError(f"{path} cannot be read: {refusal(error, path)}{many}") from error


class Shard:
    """A shard, opened for reading when it is first used, in whatever process that is.

    Readers may be pickled, sent to spawned workers and carried through a fork. The folder may be on read-only media;
    nothing is written or locked.

    Args:
        folder: the directory with ``data.mdb``.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self._opened: _Opened | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "_opened": None}

    def __repr__(self) -> str:
        return f"Shard({str(self.folder)!r})"

    def __len__(self) -> int:
        """The number of samples, as the shard gives it."""
        return (self._opened or self._open()).count

    def image(self, key: int) -> bytes:
        """The encoded image of a sample by its key, counted from 1.

        Raises:
            SourceMissingError: the shard is gone.
            BadDataError: the shard is damaged or has no such sample.
        """
        image = (self._opened or self._open()).images.get(key)
        if image is None:
            raise _missing(self.folder, image_key(key))
        return image

    def has(self, key: int) -> bool:
        """Whether there is an image of that key, counted from 1, whatever the shard gives as their number."""
        return (self._opened or self._open()).images.get(key) is not None

    def label(self, key: int) -> str:
        """The label of a sample by its key, counted from 1. Raises as `image` does."""
        value = (self._opened or self._open()).labels.get(key)
        if value is None:
            raise _missing(self.folder, label_key(key))
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise BadDataError(f"{self.folder}: label {key} is not UTF-8 ({error})") from error

    def encoded_labels(self) -> list[bytes]:
        """All labels in order, in UTF-8, of a shard whose keys are sound: much faster than one by one."""
        return list(itertools.islice(self._tree.values(label_key(1)), len(self)))

    def joined_keys(self) -> bytes:
        """All keys in their order, one behind the other."""
        return b"".join(self._tree.joined_keys())

    def keys(self) -> list[bytes]:
        """All keys in their order."""
        return list(self._tree.keys())

    def _open(self) -> _Opened:
        self._opened = _Opened(self.folder / DATA_FILE)
        return self._opened

    @property
    def _tree(self) -> Tree:
        return (self._opened or self._open()).tree


class _Opened:
    """What is open of a shard: its file, and where its values are, as far as that is known."""

    def __init__(self, path: Path) -> None:
        self.tree = _open_tree(path)
        self._folder = path.parent

    @functools.cached_property
    def count(self) -> int:
        """What it says of the number of its samples."""
        value = self.tree.get(COUNT_KEY)
        if value is None:
            raise _missing(self._folder, COUNT_KEY)
        if not value.isdigit() or len(value) > _DIGITS:
            raise BadDataError(f"{self._folder}: num-samples is {value[:20]!r}, not a number of samples")
        return int(value)

    @functools.cached_property
    def images(self) -> NumberedValues:
        """The images by their keys."""
        return NumberedValues(self.tree, b"image-", self.count)

    @functools.cached_property
    def labels(self) -> NumberedValues:
        """The labels by their keys."""
        return NumberedValues(self.tree, b"label-", self.count)


def _missing(folder: Path, key: bytes) -> BadDataError:
    return BadDataError(f"{folder} has no key {key.decode()!r}: it is not a shard, or not a whole one")
