"""Writes a shard, once, so that its bytes depend on its samples alone."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lmdb
import pyarrow as pa

from htrdata.files.refusals import error_after
from htrdata.store.digests import digest_of_columns, file_sha256
from htrdata.store.format import DATA_FILE
from htrdata.store.shards import COUNT_KEY, image_key, label_key

_PAGE_SIZE = 4096
# From lmdb 3 on there are two formats, and an environment variable of the user must not choose the one that other
# readers cannot open.
_FIRST_FORMAT: dict[str, Any] = {"lib_version": 0} if int(lmdb.__version__.split(".")[0]) >= 3 else {}
_AT_ONCE = 64  # images that are taken out of a batch
_COMMIT_EVERY = 1000  # values per transaction: a constant, since it shapes the bytes of the file

SHARD_WORDS = pa.schema([("image", pa.binary()), ("text", pa.string()), ("image_sha256", pa.binary(32))])
"""The columns that a shard is made of: the encoded image, the label, and the SHA-256 of the image."""


@dataclass(frozen=True, slots=True)
class ShardInfo:
    """What is known of a shard once it is written.

    Attributes:
        words: its number of samples.
        bytes: the size of its file.
        sha256: of its file, in hex: equal for equal content on one platform with one version of lmdb.
        content_digest: of its content, in hex, see `digest_of_columns`: equal for equal content.
    """

    words: int
    bytes: int
    sha256: str
    content_digest: str


def write_shard(folder: Path, words: Iterable[pa.RecordBatch], *, count: int, payload: int) -> ShardInfo:
    """Writes a shard and closes it, synchronised to the disk. The file's bytes depend on the words alone.

    Args:
        folder: a directory that does not exist yet; ``data.mdb`` is written into it.
        words: the words in order, with the columns of `SHARD_WORDS`, none of them null. They are taken once, and of
            their images none is kept. That the SHA-256 are those of the images is not checked.
        count: how many there are.
        payload: bytes of all images and labels together: it bounds the size of the memory map.

    Raises:
        OSError: the directory exists or cannot be created, or the file cannot be written.
        MemoryError: there is no memory for it.
        ValueError: there are more or fewer words than `count`.
    """
    folder.mkdir(parents=True)
    # A value takes at most two pages beyond its own bytes. The size is part of the file, hence computed, never grown.
    map_size = _whole_mebibytes(payload + 3 * _PAGE_SIZE * (count + 100))
    path = folder / DATA_FILE
    try:
        # No lock: nobody else knows the folder; and LMDB maps that file, so that a disk that is full when it gets its
        # pages ends the process by SIGBUS.
        open_for_one = {"sync": False, "metasync": False, "lock": False, **_FIRST_FORMAT}
        environment = lmdb.open(os.fsencode(folder), map_size=map_size, **open_for_one)
        try:
            labels, digests = _put_words(environment, words)
            environment.sync(True)
        finally:
            environment.close()
    except lmdb.Error as error:
        raise _said_by_the_system(error, path) from error
    if len(labels) != count:
        raise ValueError(f"{folder}: {len(labels)} words came, {count} were announced")
    return ShardInfo(count, path.stat().st_size, file_sha256(path), digest_of_columns(labels, digests))


def _said_by_the_system(error: lmdb.Error, path: Path) -> OSError | MemoryError:
    """The error of the system behind one of LMDB, which has kinds of its own for some, and the words alone for others.

    Where the system writes less than was asked, as on a disk that is full, LMDB takes that for an I/O error.
    """
    if isinstance(error, lmdb.MemoryError):
        return MemoryError(str(error))
    if isinstance(error, lmdb.MapFullError):
        return OSError(
            f"{path} does not fit into what was computed for it ({error}): report that, and take --shard-size"
        )
    codes = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.EROFS, errno.EACCES, errno.EIO)
    code = next((code for code in codes if str(error).endswith(os.strerror(code))), None)
    if code == errno.EIO and (hidden := error_after(path)) is not None:
        return OSError(hidden.errno, hidden.strerror, str(path))
    return OSError(code, os.strerror(code), str(path)) if code is not None else OSError(f"{error}: {path}")


def _whole_mebibytes(size: int) -> int:
    return -(-size // 2**20) * 2**20


def _put_words(environment: Any, words: Iterable[pa.RecordBatch]) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Puts all images, then all labels, then the count: the order of the keys, so that every put is an append.

    Returns:
        The labels, and the SHA-256 of the images.
    """
    labels: list[pa.Array] = []
    digests: list[pa.Array] = []

    def images() -> Iterator[tuple[bytes, bytes]]:
        indices = itertools.count(1)
        for batch in words:
            image, label, digest = (batch.column(name) for name in SHARD_WORDS.names)
            labels.append(label)
            digests.append(digest)
            for begin in range(0, len(image), _AT_ONCE):
                for value in image.slice(begin, _AT_ONCE).to_pylist():
                    yield image_key(next(indices)), value

    _append(environment, images())
    texts = pa.chunked_array(labels, pa.string())
    encoded = (value.as_buffer().to_pybytes() for value in texts)
    _append(environment, ((label_key(index), label) for index, label in enumerate(encoded, 1)))
    _append(environment, iter([(COUNT_KEY, b"%d" % len(texts))]))
    return texts, pa.chunked_array(digests, pa.binary(32))


def _append(environment: Any, items: Iterator[tuple[bytes, bytes]]) -> None:
    put = _COMMIT_EVERY
    while put == _COMMIT_EVERY:
        with environment.begin(write=True) as transaction, transaction.cursor() as cursor:
            put, added = cursor.putmulti(itertools.islice(items, _COMMIT_EVERY), append=True)
            if added != put:
                raise ValueError("keys are out of order")
