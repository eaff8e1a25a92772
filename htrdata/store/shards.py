"""Shards as their readers see them: one LMDB each, in the layout of clova's deep-text-recognition-benchmark.

Keys are ``image-%09d`` and ``label-%09d``, counted from 1, and ``num-samples``; values are the encoded image, the label
in UTF-8 and the count in ASCII digits. AttentionHTR, PARSeq, MMOCR and PaddleOCR read the same layout.
"""

from __future__ import annotations

import itertools
import os
import struct
import threading
import weakref
from pathlib import Path
from typing import Any

import lmdb
import numpy as np

from htrdata.errors import BadDataError, SourceMissingError
from htrdata.store.format import DATA_FILE

COUNT_KEY = b"num-samples"


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
    """Checks that a ``data.mdb`` is whole, before LMDB maps it: reading past the end of a torn map kills the process.

    Raises:
        SourceMissingError: there is no such file.
        BadDataError: it is no LMDB file of format 1, or it is shorter than its newest meta page says.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(2 * 65536)
    except (FileNotFoundError, NotADirectoryError):
        raise SourceMissingError(f"no shard at {path}") from None
    metas = [meta for offset in _meta_offsets(head) if (meta := _read_meta(head, offset)) is not None]
    if len(metas) < 2:
        raise BadDataError(f"{path} is not an LMDB file of format 1 (its two meta pages are damaged or absent)")
    page_size, last_page, _ = max(metas, key=lambda meta: meta[2])
    if size < (last_page + 1) * page_size:
        expected = (last_page + 1) * page_size
        raise BadDataError(f"{path} is cut short: {size:,} bytes of {expected:,}; copy or build it again")


def _meta_offsets(head: bytes) -> tuple[int, int]:
    """Where the two meta pages begin: at 0 and at the page size, which the first one names at byte 40."""
    page_size = struct.unpack_from("<I", head, 40)[0] if len(head) >= 44 else 0
    return 0, page_size


def _read_meta(head: bytes, offset: int) -> tuple[int, int, int] | None:
    """Page size, last page and transaction of a meta page (LMDB 0.9, 64 bits), or None where it is not one."""
    if len(head) < offset + 152:
        return None
    magic, version = struct.unpack_from("<II", head, offset + 16)
    (page_size,) = struct.unpack_from("<I", head, offset + 40)
    last_page, transaction = struct.unpack_from("<QQ", head, offset + 136)
    return (page_size, last_page, transaction) if (magic, version) == (0xBEEFC0DE, 1) and page_size >= 512 else None


class Shard:
    """A shard, opened for reading when it is first used, in whatever process that is.

    Any number of readers of one path may live in a process: they share one LMDB environment. They may be pickled, sent
    to spawned workers and carried through a fork. The folder may be on read-only media; nothing is written or locked.

    Args:
        folder: the directory with ``data.mdb``.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self._environment: _Environment | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "_environment": None}

    def __repr__(self) -> str:
        return f"Shard({str(self.folder)!r})"

    def __len__(self) -> int:
        """The number of samples, as the shard gives it."""
        value = self._get(COUNT_KEY)
        if not value.isdigit():
            raise BadDataError(f"{self.folder}: num-samples is {value[:20]!r}, not a number")
        return int(value)

    def image(self, key: int) -> bytes:
        """The encoded image of a sample by its key, counted from 1.

        Raises:
            SourceMissingError: the shard is gone.
            BadDataError: the shard is damaged or has no such sample.
        """
        return self._get(image_key(key))

    def label(self, key: int) -> str:
        """The label of a sample by its key, counted from 1. Raises as `image` does."""
        value = self._get(label_key(key))
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise BadDataError(f"{self.folder}: label {key} is not UTF-8 ({error})") from error

    def encoded_labels(self) -> list[bytes]:
        """All labels in order, in UTF-8, of a shard whose keys are sound: much faster than one by one."""
        count = len(self)
        with self._open().begin() as transaction, transaction.cursor() as cursor:
            cursor.set_range(label_key(1))
            return list(itertools.islice(cursor.iternext(keys=False), count))

    def keys(self) -> list[bytes]:
        """All keys in their order."""
        with self._open().begin() as transaction, transaction.cursor() as cursor:
            return list(cursor.iternext(keys=True, values=False))

    def _get(self, key: bytes) -> bytes:
        with self._open().begin() as transaction:
            value: bytes | None = transaction.get(key)
        if value is None:
            raise BadDataError(f"{self.folder} has no key {key.decode()!r}: it is not a shard, or not a whole one")
        return value

    def _open(self) -> Any:
        if self._environment is None or self._environment.process != os.getpid():
            self._environment = _environment_of(self.folder)
        return self._environment.lmdb


class _Environment:
    """An open LMDB environment, closed when its last reader lets go of it."""

    def __init__(self, folder: Path) -> None:
        self.process = os.getpid()
        self.lmdb = lmdb.open(str(folder), readonly=True, lock=False, readahead=False, create=False, max_spare_txns=4)

    def __del__(self) -> None:
        # Where lmdb.open failed there is nothing to close.
        if hasattr(self, "lmdb"):
            self.lmdb.close()


# LMDB refuses to open a file twice in one process; the file is told by device and inode, as LMDB does.
_environments: weakref.WeakValueDictionary[tuple[int, int], _Environment] = weakref.WeakValueDictionary()
_environments_lock = threading.Lock()


def _environment_of(folder: Path) -> _Environment:
    path = folder / DATA_FILE
    check_file(path)
    status = path.stat()
    with _environments_lock:
        environment = _environments.get((status.st_dev, status.st_ino))
        if environment is None:
            try:
                environment = _Environment(folder)
            except lmdb.Error as error:
                raise BadDataError(f"{path} cannot be opened: {error}") from error
            _environments[status.st_dev, status.st_ino] = environment
        return environment


def _leave_inherited() -> None:
    """In a forked child: an inherited environment must not be used, and would keep the child from opening its own."""
    global _environments_lock
    _environments_lock = threading.Lock()
    for environment in list(_environments.values()):
        environment.lmdb.close()
    _environments.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_inherited)
