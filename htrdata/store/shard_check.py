"""Compares a shard, whose file is what was built, with its rows of the manifest."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from htrdata.images import codec
from htrdata.store.columns import numbers, take
from htrdata.store.description import ShardRecord
from htrdata.store.digests import digest_of_columns
from htrdata.store.shards import COUNT_KEY, Shard, image_key, label_key, sample_keys
from htrdata.store.stoppable import StoppableThreads

_MOST = 5  # problems of one kind that are spelled out for one shard
_DECODED = 500  # images that a thread decodes before it takes others


def key_problems(shard: Shard, folder: str, recorded: ShardRecord) -> Iterator[str]:
    """What is wrong with the keys of a shard, a sentence each. Raises as `Shard` does."""
    count = len(shard)
    if count != recorded.words:
        yield f"{folder} holds {count:,} samples, recorded are {recorded.words:,}"
    if count * len(image_key(1)) > recorded.bytes:
        return  # there is no room for them
    # As keys ascend, that many can be written so in one way alone. Key by key this takes several times as long.
    if shard.joined_keys() != sample_keys(count) + COUNT_KEY:
        counted = range(1, count + 1)
        expected = {*map(image_key, counted), *map(label_key, counted), COUNT_KEY}
        yield from _first(f"{folder}: missing or unexpected key", sorted(expected.symmetric_difference(shard.keys())))


def content_problems(shard: Shard, folder: str, recorded: ShardRecord, rows: pa.Table) -> Iterator[str]:
    """Where labels differ from the manifest, and it from what is recorded; the keys of the shard must be sound.

    Args:
        shard: the shard.
        folder: its own, below the store.
        recorded: what the description says of it.
        rows: of the manifest, those of the shard, with ``key``, ``text`` and ``image_sha256``.
    """
    keys = rows["key"].combine_chunks()
    if keys.null_count or not np.array_equal(numbers(keys), np.arange(1, recorded.words + 1)):
        yield f"{folder}: the manifest does not number its words 1 to {recorded.words:,}"
        return
    labels, texts = shard.encoded_labels(), rows["text"].cast(pa.binary()).to_pylist()
    if labels != texts:
        yield from _first(f"{folder}: label differs from the manifest's, key", _differing(shard, labels, texts))
    if digest_of_columns(rows["text"], rows["image_sha256"]) != recorded.content_digest:
        yield f"{folder}: its content digest is not the recorded one"


def image_problems(shard: Shard, folder: str, rows: pa.Table, threads: StoppableThreads) -> Iterator[str]:
    """Which images do not have the digest that the manifest gives, or cannot be decoded."""
    digests = rows["image_sha256"].to_pylist()
    jobs = [
        threads.submit(_damaged_images, shard, first, digests[first - 1 : first - 1 + _DECODED], threads)
        for first in range(1, len(digests) + 1, _DECODED)
    ]
    yield from _first(f"{folder}: damaged image, key", (key for job in jobs for key in job.result()))


def rows_by_shard(manifest: pa.Table) -> dict[str, pa.Table]:
    """The rows of a manifest that are in a shard, by its folder, in their order.

    As all of a check it does not import pandas, in whose import an exception of a signal would get lost.
    """
    kept = manifest.filter(pc.is_valid(manifest["shard"]))
    encoded = kept["shard"].combine_chunks().dictionary_encode()
    shards = numbers(encoded.indices)
    if (np.diff(shards) < 0).any():  # as no build writes them
        order = np.argsort(shards, kind="stable")
        shards = shards[order]
        kept = pa.Table.from_batches([take(batch, order) for batch in kept.combine_chunks().to_batches()])
    ends = np.searchsorted(shards, np.arange(len(encoded.dictionary)), side="right").tolist()
    return {
        folder: kept.slice(begin, end - begin)
        for folder, begin, end in zip(encoded.dictionary.to_pylist(), [0, *ends], ends, strict=False)
    }


def _differing(shard: Shard, labels: list[bytes], texts: list[bytes]) -> Iterator[int]:
    """The keys of the labels that are not those of the manifest."""
    for key, (label, text) in enumerate(zip(labels, texts, strict=True), 1):
        if label != text:
            shard.label(key)  # raises where it is no text at all
            yield key


def _damaged_images(shard: Shard, first: int, digests: list[bytes], threads: StoppableThreads) -> list[int]:
    damaged = []
    for key, known in enumerate(digests, first):
        threads.go_on()
        if not _is_whole(shard.image(key), known):
            damaged.append(key)
    return damaged


def _is_whole(image: bytes, sha256: bytes | None) -> bool:
    if hashlib.sha256(image).digest() != sha256:
        return False
    try:
        codec.decode(image, "rgb")
    except codec.ImageError:
        return False
    return True


def _first(what: str, places: Iterable[object]) -> Iterator[str]:
    """A sentence for each of the first few places, and one if there are more."""
    places = iter(places)
    for place in itertools.islice(places, _MOST):
        yield f"{what} {place!r}"
    more = sum(1 for _ in places)
    if more:
        yield f"{what}: {more:,} more"
