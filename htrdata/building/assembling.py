"""Joins the parts of a build, in order, into the manifest and the shards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from htrdata.building.counts import Tally
from htrdata.building.manifest_writer import ManifestWriter
from htrdata.building.memory import release_freed_memory
from htrdata.building.part import read_part
from htrdata.files.writing import move_file, sync_file
from htrdata.store.format import DATA_FILE
from htrdata.store.manifest import KEPT
from htrdata.store.shard_writer import SHARD_WORDS, ShardInfo, write_shard


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """How the kept words of a split are dealt out to shards: the first `shard_words` to the first, and so on.

    Attributes:
        parts: the files of its parts, in order.
        kept: how many kept words each of these has.
        folders: of its shards, below the store, with slashes; none if no word is kept.
        payloads: bytes of the images and labels of each shard.
        shard_words: words per shard but the last; None where there is one shard for all.
    """

    parts: tuple[Path, ...]
    kept: tuple[int, ...]
    folders: tuple[str, ...]
    payloads: tuple[int, ...]
    shard_words: int | None

    def words_of(self, number: int) -> range:
        """The places, among the kept words of the split, of those in a shard, counted from 0."""
        words = sum(self.kept)
        size = self.shard_words or words
        return range(number * size, min((number + 1) * size, words))


def write_manifest(
    path: Path, extra_columns: Sequence[str], splits: Mapping[str, Sequence[Path]], shard_words: int | None
) -> tuple[list[SplitPlan], Tally]:
    """Writes the manifest of a data set, synchronised to the disk, and deals its kept words out to shards.

    Args:
        path: of the manifest.
        extra_columns: of the source.
        splits: the folder of each split and data set below the store, and the files of its parts, all in order.
        shard_words: words per shard; a split of no more words, or any where it is None, has one shard, which is the
            folder itself.

    Returns:
        The shards of each split, and the counts over all words.
    """
    tally = Tally()
    with ManifestWriter(path, extra_columns) as manifest:
        plans = [_add_split(folder, parts, shard_words, manifest, tally) for folder, parts in splits.items()]
    sync_file(path)
    release_freed_memory()
    return plans, tally


def _add_split(
    folder: str, parts: Sequence[Path], shard_words: int | None, manifest: ManifestWriter, tally: Tally
) -> SplitPlan:
    """Adds the words of a split to the manifest, each kept one with its shard and key, and counts them."""
    if shard_words is not None and not _has_more(parts, shard_words):
        shard_words = None
    kept_words: list[int] = []
    payloads = np.zeros(0, np.int64)
    for part in parts:
        words, lengths = _read_rows(part)
        kept = _kept(words)
        shard, key = _places(kept, sum(kept_words), shard_words)
        kept_words.append(int(kept.sum()))
        added = np.bincount(shard[kept], lengths[kept]).astype(np.int64)
        payloads = np.pad(payloads, (0, max(0, len(added) - len(payloads))))
        payloads[: len(added)] += added
        folders = pa.array([_shard_folder(folder, i, shard_words) for i in range(len(payloads))], pa.string())
        manifest.add(
            words, folders.take(pa.array(shard, pa.int32(), mask=~kept)), pa.array(key, pa.int32(), mask=~kept)
        )
        tally.add(words)
    shards = tuple(_shard_folder(folder, number, shard_words) for number in range(len(payloads)))
    return SplitPlan(tuple(parts), tuple(kept_words), shards, tuple(payloads.tolist()), shard_words)


def _places(kept: NDArray[np.bool_], before: int, shard_words: int | None) -> tuple[NDArray[np.int64], ...]:
    """The shard of each kept word, from 0, and its key there, from 1; anything where a word is dropped.

    Args:
        kept: which words of a part are kept.
        before: how many kept words the parts before it have.
        shard_words: words per shard; None for one shard.
    """
    number = before + np.cumsum(kept) - 1  # of each kept word within the split
    if shard_words is None:
        return np.zeros_like(number), number + 1
    return number // shard_words, number % shard_words + 1


def _shard_folder(folder: str, number: int, shard_words: int | None) -> str:
    return folder if shard_words is None else f"{folder}/{number:05d}"


def _has_more(parts: Sequence[Path], words: int) -> bool:
    """Whether parts have more kept words than that; no more of them is looked at than this takes."""
    found = 0
    for part in parts:
        for page in read_part(part):
            found += int(_kept(page).sum())
            if found > words:
                return True
    return False


def _read_rows(part: Path) -> tuple[pa.RecordBatch, NDArray[np.int64]]:
    """All rows of a part, copied so that nothing stays mapped, but not images; and bytes of image and label."""
    pages, lengths = [], []
    for page in read_part(part):
        # Arrow's own choice of columns, `included_fields`, would read the images, too.
        pages.append(page.drop_columns(["image", "likeness"]))
        sizes = (pc.fill_null(pc.binary_length(page.column(name)), 0) for name in ("image", "text"))
        lengths.append(sum(size.to_numpy() for size in sizes))
    return pa.concat_batches(pages), np.concatenate(lengths).astype(np.int64)


def join_shard(split: SplitPlan, number: int, stage: Path, scratch: Path | None = None) -> tuple[str, ShardInfo]:
    """Writes one shard of a split, counted from 0, below the stage; returns its folder there and what it is.

    Args:
        split: the parts of the split, and how they are dealt out.
        number: of the shard.
        stage: the folder that becomes the store.
        scratch: a folder in which the shard is written before it is moved below the stage: LMDB writes its pages here
            and there, and a disk of the network is quick with whole files alone. None to write it in its place.

    Raises:
        OSError: reading or writing failed.
    """
    folder, places = split.folders[number], split.words_of(number)
    words, count, payload = _kept_words(split, places), len(places), split.payloads[number]
    if scratch is None:
        shard = write_shard(stage / folder, words, count=count, payload=payload)
    else:
        with tempfile.TemporaryDirectory(prefix="htrdata-", dir=scratch) as place:
            shard = write_shard(Path(place) / "shard", words, count=count, payload=payload)
            (stage / folder).mkdir(parents=True)
            move_file(Path(place) / "shard" / DATA_FILE, stage / folder / DATA_FILE)
    release_freed_memory()  # 50 MB after 200,000 words, while another worker joins, or reports
    return folder, shard


def _kept_words(split: SplitPlan, places: range) -> Iterator[pa.RecordBatch]:
    """The kept words of a split at some places, as a shard has them, in batches that are not empty."""
    before = 0
    for part, kept in zip(split.parts, split.kept, strict=True):
        if before + kept > places.start and before < places.stop:
            place = before
            for page in read_part(part):
                words = page.select(SHARD_WORDS.names).filter(pa.array(_kept(page)))
                chosen = words.slice(max(0, places.start - place), max(0, places.stop - max(places.start, place)))
                place += words.num_rows
                if chosen.num_rows:
                    yield chosen
        before += kept


def _kept(words: pa.RecordBatch) -> NDArray[np.bool_]:
    """Which words are kept: bool [N]."""
    return np.asarray(pc.equal(words.column("status"), KEPT).to_numpy(zero_copy_only=False))
