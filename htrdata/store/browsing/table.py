"""The words of a data set in memory, as far as lists and filters need them: some 100 MB for a million words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from htrdata.store.manifest import DROPPED
from htrdata.store.manifest_reader import ManifestReader

_COLUMNS = ("id", "split", "status", "reason", "text", "source_text", "writer", "width", "height", "shard", "key")


class WordTable:
    """All rows of a manifest, in its order; the place of a row is what a word is asked for by.

    Args:
        manifest: the file.

    Attributes:
        columns: each without nulls where not said otherwise: ``id``; ``label`` (of a dropped word its transcription);
            ``split`` (``none`` where there is none), ``reason`` (empty where it is kept), ``writer`` (empty where not
            known) and ``shard`` (null where dropped) as dictionaries; ``width``, ``height`` and ``key`` (null where
            dropped). `join` adds others.

    Raises:
        BadDataError: the file is missing or damaged.
    """

    def __init__(self, manifest: Path) -> None:
        self.reader = ManifestReader(manifest)
        batches = [_batch(rows) for _, rows in self.reader.batches(_COLUMNS)]
        table = pa.Table.from_batches(batches, batches[0].schema if batches else _batch_of_nothing())
        table = table.unify_dictionaries().combine_chunks()
        self.columns: dict[str, pa.ChunkedArray] = {name: table[name] for name in table.column_names}

    def __len__(self) -> int:
        return len(self.columns["id"])

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def join(self, joined: dict[str, pa.ChunkedArray]) -> None:
        """Adds columns, a value for each row."""
        self.columns.update(joined)

    def rows(self, places: np.ndarray) -> dict[str, list[object]]:
        """The values of some rows, by column.

        Args:
            places: of the rows: integers [N].
        """
        chosen = pa.array(places)
        return {name: column.take(chosen).to_pylist() for name, column in self.columns.items()}

    def value(self, name: str, place: int) -> object:
        """The value of a column in a row."""
        value: object = self.columns[name][place].as_py()
        return value

    def counts(self, name: str) -> dict[str, int]:
        """How many rows have each value of a column of texts, the frequent ones first."""
        counted = pc.value_counts(self.columns[name]).to_pylist()
        found = {one["values"]: one["counts"] for one in counted if one["values"] is not None}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def whole_row(self, place: int) -> dict[str, object]:
        """All that the manifest says of a word, read from the file."""
        return self.reader.row(place)


def _batch(rows: pa.RecordBatch) -> pa.RecordBatch:
    dropped = pc.equal(rows["status"].dictionary_decode(), DROPPED)
    reason = pc.if_else(dropped, pc.fill_null(rows["reason"], DROPPED), "")
    columns = {
        "id": rows["id"],
        "label": pc.coalesce(rows["text"], rows["source_text"]),
        "split": pc.fill_null(rows["split"].dictionary_decode(), "none").dictionary_encode(),
        "reason": reason.dictionary_encode(),
        "writer": pc.fill_null(rows["writer"], "").dictionary_encode(),
        **{name: rows[name] for name in ("width", "height", "shard", "key")},
    }
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _batch_of_nothing() -> pa.Schema:
    few, text, number = pa.dictionary(pa.int32(), pa.string()), pa.string(), pa.int32()
    types = (text, text, few, few, few, number, number, few, number)
    names = ("id", "label", "split", "reason", "writer", "width", "height", "shard", "key")
    return pa.schema(list(zip(names, types, strict=True)))
