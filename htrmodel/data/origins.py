"""Where words come from: a data set of a store, or shards without a manifest, such as clova's and AttentionHTR's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from htrdata.errors import BadDataError, SourceMissingError
from htrdata.files.cards import read_card
from htrdata.files.regular import real_path
from htrdata.labels import legible, normal_form
from htrdata.records import SPLITS, Unit
from htrdata.store.columns import codes, numbers, select, strings, take
from htrdata.store.digests import file_sha256
from htrdata.store.format import DATA_FILE, FORMAT_1
from htrdata.store.manifest import DROPPED, KEPT
from htrdata.store.manifest_reader import ManifestReader, rows_with
from htrdata.store.reading import Dataset
from htrdata.store.shards import Shard
from htrmodel.data.divisions import divided
from htrmodel.data.origin import Chunk, Rows

_CHUNK_ROWS = 65_536

ImageDigests = NDArray[np.uint64]
"""Of each image the first 8 bytes of its SHA-256: among a thousand million no two are alike by chance."""


class StoredSplit:
    """A split of a data set in a store, read through the manifest.

    Args:
        dataset: the data set.
        split: of its splits one.

    Raises:
        UsageError: the split has no words.
    """

    def __init__(self, dataset: Dataset, split: str) -> None:
        self.name = dataset.name
        self.split = split
        self.divided = divided(dataset)
        self.drawn = dataset.description.drawn
        self.unit: Unit | None = dataset.description.unit
        self.tells_unit = dataset.description.format != FORMAT_1
        self._manifest = ManifestReader(dataset.manifest_path)
        dataset.words(split)  # raises where there are none
        self._folders = dataset.shards(split)
        self._about = [dataset.description.shards[folder] for folder in self._folders]
        self.shards = tuple(Shard(dataset.store / folder) for folder in self._folders)

    def chunks(self) -> Iterator[Chunk]:
        """Reads the manifest in pieces.

        Raises:
            BadDataError: it is damaged, or does not fit ``dataset.json``.
        """
        number_of = {folder: number for number, folder in enumerate(self._folders)}
        found = np.zeros(len(number_of), np.int64)
        for first, batch in self._batches(["split", "status", "text", "shard", "key"]):
            mine = rows_with(batch, self.split, KEPT)
            kept = select(batch, mine)
            if kept["text"].null_count or kept["key"].null_count:
                raise self._manifest.damaged("a kept word has no label or no place")
            shards = codes(kept["shard"], number_of)
            if (shards < 0).any():
                raise self._manifest.damaged(f"it has a {self.split} word in no shard of dataset.json")
            found += np.bincount(shards, minlength=len(number_of))
            yield Chunk(kept["text"], shards, numbers(kept["key"]), (first + np.flatnonzero(mine)).astype(np.int32))
        if found.tolist() != [shard.words for shard in self._about]:
            raise self._manifest.damaged(f"it has {found.sum():,} {self.split} words, dataset.json another number")

    def column(self, name: str, rows: Rows) -> pa.Array:
        """A column of the manifest.

        Raises:
            UsageError: the manifest has no such column.
            BadDataError: it is damaged.
        """
        parts = []
        for first, batch in self._batches([name]):
            begin, end = np.searchsorted(rows, [first, first + batch.num_rows])
            column = batch[name]
            if isinstance(column, pa.DictionaryArray):
                column = column.dictionary_decode()
            parts.append(take(column, rows[begin:end] - first))
        return pa.concat_arrays(parts)

    def dropped(self) -> pa.Table:
        """The words that the build dropped, with the reasons that it gives."""
        parts = [
            select(batch, rows_with(batch, self.split, DROPPED)).select(["id", "source_text", "reason"])
            for _, batch in self._batches(["id", "split", "status", "source_text", "reason"])
        ]
        return pa.Table.from_batches(parts).rename_columns(["id", "text", "reason"])

    def image_digests(self) -> dict[str, ImageDigests]:
        """Those of all images of the data set, by split.

        Raises:
            BadDataError: the manifest is damaged.
        """
        found: dict[str, list[ImageDigests]] = {split: [] for split in SPLITS}
        for _, batch in self._batches(["split", "status", "image_sha256"]):
            for split, parts in found.items():
                column = select(batch["image_sha256"], rows_with(batch, split, KEPT))
                if column.null_count:
                    raise self._manifest.damaged("a kept word has no digest of its image")
                if len(column):
                    digests = np.frombuffer(column.buffers()[1], "<u8").reshape(-1, 4)
                    parts.append(digests[column.offset : column.offset + len(column), 0].copy())
        return {split: np.concatenate(parts) for split, parts in found.items() if parts}

    def digest(self) -> str:
        """Over the content digests that ``dataset.json`` gives."""
        return _digest(shard.content_digest for shard in self._about)

    def _batches(self, columns: Sequence[str]) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Reads columns of the manifest in pieces, each with the number of its first row."""
        return self._manifest.batches(columns, _CHUNK_ROWS)


class PlainShards:
    """Shards without a manifest: a folder with ``data.mdb``, or all such folders below one, by their names.

    The id of a word is its key in the shard, behind the folder below the root where there are several.

    Args:
        root: the folder.
        name: what the data set is called; None for the folder's name.
        split: which split it is; it may be empty.

    Raises:
        SourceMissingError: there is no shard.
        BadDataError: a shard, or the card of an export, is damaged; a shard holds more words than it says.
    """

    divided = None
    unit = None
    tells_unit = False

    def __init__(self, root: Path, name: str | None = None, split: str = "") -> None:
        self.name = legible(name or real_path(root).name)
        self.split = split
        self.drawn = read_card(root).get("drawn")  # where an export of ours has written it
        self.shards = tuple(Shard(file.parent) for file in sorted(root.rglob(DATA_FILE)))
        if not self.shards:
            raise SourceMissingError(f"no {DATA_FILE} in {root} or below")
        for shard in self.shards:
            _check_count(shard)
        self._folders = [shard.folder.relative_to(root).as_posix() for shard in self.shards]
        self._starts = np.cumsum([0, *map(len, self.shards)])

    def chunks(self) -> Iterator[Chunk]:
        """Scans the labels, in the form in which labels are compared: see `htrdata.labels.normal_form`.

        Raises:
            BadDataError: a shard is damaged, or a label is not UTF-8.
        """
        for number, shard in enumerate(self.shards):
            for first in range(0, len(shard), _CHUNK_ROWS):
                keys = np.arange(first + 1, min(first + _CHUNK_ROWS, len(shard)) + 1, dtype=np.int32)
                # Not by Arrow: its utf8_normalize left decomposed letters as they are in pyarrow 19 to 22.
                texts = strings([normal_form(shard.label(key)) for key in keys.tolist()])
                rows = (self._starts[number] + keys - 1).astype(np.int32)
                yield Chunk(texts, np.full(len(keys), number, np.int32), keys, rows)

    def column(self, name: str, rows: Rows) -> pa.Array:
        """The ids and labels; nothing more is known."""
        of_shard = np.searchsorted(self._starts, rows, side="right") - 1
        keys = rows - self._starts[of_shard] + 1
        if name == "text":
            pairs = zip(of_shard.tolist(), keys.tolist(), strict=True)
            return strings([self.shards[number].label(key) for number, key in pairs])
        if name != "id":
            return pa.nulls(len(rows), pa.string())
        prefixes = strings([("" if folder == "." else f"{folder}/") + "image-" for folder in self._folders])
        digits = strings([f"{key:09}" for key in keys.tolist()])
        return pc.binary_join_element_wise(take(prefixes, of_shard), digits, "")

    def dropped(self) -> pa.Table:
        """None: what was left out when the shards were made is not known."""
        return pa.table({name: strings([]) for name in ("id", "text", "reason")})

    def digest(self) -> str:
        """Over the files: they are read whole."""
        return _digest(file_sha256(shard.folder / DATA_FILE) for shard in self.shards)


def _check_count(shard: Shard) -> None:
    """Refuses a shard of which a part would be taken for the whole: tools that add words may forget to count them."""
    count = len(shard)
    if shard.has(count + 1):
        raise BadDataError(
            f"{shard.folder} says that it has {count:,} words (num-samples), but there is an image of key "
            f"{count + 1:,}: put the number right, or make the shard again"
        )


def _digest(digests: Iterator[str]) -> str:
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()
