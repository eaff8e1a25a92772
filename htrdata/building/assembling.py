"""Joins the parts of a build, in order, into the manifest and the shards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from htrdata.building.counts import Tally
from htrdata.building.manifest_writer import ManifestWriter
from htrdata.building.memory import release_freed_memory
from htrdata.building.part import read_part, read_rows
from htrdata.files import sync_file
from htrdata.store.manifest import KEPT
from htrdata.store.shard_writer import Sample, ShardInfo, write_shard


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """How the kept words of a split are dealt out to shards: the first `shard_words` to the first, and so on.

    Attributes:
        folder: of the split and data set, below the store, with slashes.
        parts: the files of its parts, in order.
        kept: how many kept words each of these has.
        shard_words: words per shard; a split of no more words has one shard, which is `folder` itself.
    """

    folder: str
    parts: tuple[Path, ...]
    kept: tuple[int, ...]
    shard_words: int

    @property
    def shards(self) -> int:
        """How many shards the split has; none if no word is kept."""
        return -(-sum(self.kept) // self.shard_words)

    def shard_folder(self, number: int) -> str:
        """The folder of a shard, counted from 0, below the store."""
        return self.folder if self.shards == 1 else f"{self.folder}/{number:05d}"


def write_manifest(
    path: Path, extra_columns: Sequence[str], splits: Mapping[str, Sequence[Path]], shard_words: int | None
) -> tuple[list[SplitPlan], Tally]:
    """Writes the manifest of a data set, synchronised to the disk, and deals its kept words out to shards.

    Args:
        path: of the manifest.
        extra_columns: of the source.
        splits: the folder of each split and data set below the store, and the files of its parts, all in order.
        shard_words: words per shard; None makes one shard of each split.

    Returns:
        The shards of each split, and the counts over all words.
    """
    tally = Tally()
    plans = []
    with ManifestWriter(path, extra_columns) as manifest:
        for folder, parts in splits.items():
            plans.append(_plan_split(folder, parts, shard_words))
            _add_to_manifest(plans[-1], manifest, tally)
    sync_file(path)
    release_freed_memory()
    return plans, tally


def _plan_split(folder: str, parts: Sequence[Path], shard_words: int | None) -> SplitPlan:
    """Counts the kept words of a split's parts."""
    kept = tuple(int(_kept(read_rows(part)).sum()) for part in parts)
    return SplitPlan(folder, tuple(parts), kept, shard_words or max(1, sum(kept)))


def _add_to_manifest(split: SplitPlan, manifest: ManifestWriter, tally: Tally) -> None:
    """Adds the words of a split to the manifest, each kept one with its shard and key, and counts them."""
    folders = pa.array([split.shard_folder(number) for number in range(split.shards)], pa.string())
    before = 0
    for part in split.parts:
        words = read_rows(part)
        kept = _kept(words)
        number = before + np.cumsum(kept) - 1  # of each kept word within the split, from 0
        before += int(kept.sum())
        shard = pa.array(number // split.shard_words, pa.int32(), mask=~kept)
        key = pa.array(number % split.shard_words + 1, pa.int32(), mask=~kept)
        manifest.add(words, folders.take(shard), key)
        tally.add(words)


def join_shard(split: SplitPlan, number: int, stage: Path) -> tuple[str, ShardInfo]:
    """Writes one shard of a split, counted from 0, below the stage; returns its folder there and what it is.

    Raises:
        OSError: reading or writing failed.
        lmdb.Error: writing failed.
    """
    first = number * split.shard_words
    count = min(split.shard_words, sum(split.kept) - first)
    folder = split.shard_folder(number)
    payload = sum(_payloads(split, first, count))
    return folder, write_shard(stage / folder, _samples(split, first, count), count=count, payload=payload)


def _samples(split: SplitPlan, first: int, count: int) -> Iterator[Sample]:
    for words in _kept_words(split, first, count):
        for image, label in zip(words.column("image"), words.column("text"), strict=True):
            yield Sample(image.as_py(), label.as_py())


def _payloads(split: SplitPlan, first: int, count: int) -> Iterator[int]:
    for words in _kept_words(split, first, count):
        for name in ("image", "text"):
            yield pc.sum(pc.binary_length(words.column(name))).as_py()


def _kept_words(split: SplitPlan, first: int, count: int) -> Iterator[pa.RecordBatch]:
    """The kept words of a split from the given one on, in batches that are not empty."""
    before = 0
    for part, kept in zip(split.parts, split.kept, strict=True):
        if before + kept > first and before < first + count:
            place = before
            for words in read_part(part):
                words = words.filter(pa.array(_kept(words)))
                chosen = words.slice(max(0, first - place), max(0, first + count - max(first, place)))
                place += words.num_rows
                if chosen.num_rows:
                    yield chosen
        before += kept


def _kept(words: pa.RecordBatch) -> np.ndarray:
    """Which words are kept: bool [N]."""
    return np.asarray(pc.equal(words.column("status"), KEPT).to_numpy(zero_copy_only=False))
