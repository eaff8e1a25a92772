"""Writes a shard, once, so that its bytes depend on its samples alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import lmdb

from htrdata.store.digests import ContentDigest, file_sha256
from htrdata.store.format import DATA_FILE
from htrdata.store.shards import COUNT_KEY, image_key, label_key

_PAGE_SIZE = 4096
# From lmdb 3 on there are two formats, and an environment variable of the user must not choose the one that other
# readers cannot open.
_FIRST_FORMAT: dict[str, Any] = {"lib_version": 0} if int(lmdb.__version__.split(".")[0]) >= 3 else {}
_COMMIT_EVERY = 1000  # values per transaction: a constant, since it shapes the bytes of the file


class Sample(NamedTuple):
    """What a shard holds of one word."""

    image: bytes
    label: str


@dataclass(frozen=True, slots=True)
class ShardInfo:
    """What is known of a shard once it is written.

    Attributes:
        words: its number of samples.
        bytes: the size of its file.
        sha256: of its file, in hex: equal for equal content on one platform with one version of lmdb.
        content_digest: of its content, in hex, see `ContentDigest`: equal for equal content.
    """

    words: int
    bytes: int
    sha256: str
    content_digest: str


def write_shard(folder: Path, samples: Iterable[Sample], *, count: int, payload: int) -> ShardInfo:
    """Writes a shard and closes it, synchronised to the disk. The file's bytes depend on the samples alone.

    Args:
        folder: a directory that does not exist yet; ``data.mdb`` is written into it.
        samples: the samples in order; they are taken once and not kept.
        count: how many there are.
        payload: bytes of all images and labels together: it bounds the size of the memory map.

    Raises:
        OSError: the directory exists or cannot be created.
        lmdb.Error: the file cannot be written; ``lmdb.DiskError`` where the disk is full.
        ValueError: there are more or fewer samples than `count`.
    """
    folder.mkdir(parents=True)
    # A value takes at most two pages beyond its own bytes. The size is part of the file, hence computed, never grown.
    map_size = _whole_mebibytes(payload + 3 * _PAGE_SIZE * (count + 100))
    environment = lmdb.open(str(folder), map_size=map_size, sync=False, metasync=False, **_FIRST_FORMAT)
    try:
        digest = ContentDigest()
        written = _put_samples(environment, samples, digest)
        environment.sync(True)
    finally:
        environment.close()
    if written != count:
        raise ValueError(f"{folder}: {written} samples came, {count} were announced")
    (folder / "lock.mdb").unlink()
    path = folder / DATA_FILE
    return ShardInfo(count, path.stat().st_size, file_sha256(path), digest.hexdigest())


def _whole_mebibytes(size: int) -> int:
    return -(-size // 2**20) * 2**20


def _put_samples(environment: Any, samples: Iterable[Sample], digest: ContentDigest) -> int:
    """Puts all images, then all labels, then the count: the order of the keys, so that every put is an append."""
    labels: list[str] = []

    def images() -> Iterator[tuple[bytes, bytes]]:
        for index, (image, label) in enumerate(samples, 1):
            digest.add(index, label, hashlib.sha256(image).digest())
            labels.append(label)
            yield image_key(index), image

    _append(environment, images())
    _append(environment, ((label_key(index), label.encode()) for index, label in enumerate(labels, 1)))
    _append(environment, iter([(COUNT_KEY, b"%d" % len(labels))]))
    return len(labels)


def _append(environment: Any, items: Iterator[tuple[bytes, bytes]]) -> None:
    more = True
    while more:
        with environment.begin(write=True) as transaction:
            more = False
            for put, (key, value) in enumerate(items, 1):
                # An append out of order is refused with False, not with an exception.
                if not transaction.put(key, value, append=True):
                    raise ValueError(f"key {key!r} is out of order")
                if put == _COMMIT_EVERY:
                    more = True
                    break
