"""Rows of words as Arrow has them: the columns of a part, and the writer of a manifest."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from htrdata.building.page_cutting import ManifestRow
from htrdata.files.arrow_files import open_for_arrow
from htrdata.labels import legible
from htrdata.records import Box, Unit, Word
from htrdata.store.manifest import (
    BOX,
    CORRECTED_TEXT,
    DROPPED,
    KEPT,
    PART_COLUMNS,
    WORD_COLUMNS,
    extra_fields,
    manifest_schema,
)

_ROWS_PER_GROUP = 65_536
_SIDES = operator.attrgetter(*(field.name for field in BOX))
_NO_SIDES = (None,) * len(BOX)


def part_schema(extra_columns: Sequence[str]) -> pa.Schema:
    """The columns of a part: those of the manifest less the place in a shard, and `PART_COLUMNS`.

    Raises:
        UsageError: a column of the source has the name of another one.
    """
    return _part_schema(tuple(extra_columns))


@functools.cache
def _part_schema(extra_columns: tuple[str, ...]) -> pa.Schema:
    return pa.schema([*WORD_COLUMNS, *extra_fields(extra_columns), *PART_COLUMNS])


def to_batch(rows: Iterable[ManifestRow], dataset: str, unit: Unit, extra_columns: Sequence[str]) -> pa.RecordBatch:
    """Turns rows into the columns of a part."""
    rows = list(rows)
    words = [row.word for row in rows]
    boxes = _boxes([word.box for word in words])
    columns: dict[str, Any] = {
        "id": _texts([word.id for word in words]),
        "dataset": [dataset] * len(rows),
        "split": [row.split for row in rows],
        "status": [KEPT if row.reason is None else DROPPED for row in rows],
        "reason": [row.reason and row.reason.value for row in rows],
        "text": [row.text for row in rows],
        "source_text": _texts([word.text for word in words]),
        "page": _texts([row.page for row in rows]),
        "outside": [row.outside for row in rows],
        "width": [row.width for row in rows],
        "height": [row.height for row in rows],
        "writer": [word.writer for word in words],
        "image_sha256": [row.image_sha256 for row in rows],
        "unit": [unit] * len(rows),
        **{name: [_further(word, name) for word in words] for name in extra_columns},
        "unknown": _texts([row.unknown for row in rows]),
        "image": [row.image for row in rows],
        "likeness": [row.likeness for row in rows],
    }
    schema = part_schema(extra_columns)
    arrays = [pa.array(columns[field.name], field.type) if field.name != "box" else boxes for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _further(word: Word, name: str) -> str | None:
    """A word's value of a column that not every data set has."""
    return word.extra.get(name, word.correction if name == CORRECTED_TEXT else None)


def _texts(texts: list[str]) -> list[str]:
    """Transcriptions as UTF-8 can hold them. Nearly all are ASCII, which one look at all of them tells."""
    return texts if "".join(texts).isascii() else [legible(text) for text in texts]


def _boxes(boxes: list[Box | None]) -> pa.StructArray:
    sides = [_NO_SIDES if box is None else _SIDES(box) for box in boxes]
    columns = [pa.array([side[place] for side in sides], field.type) for place, field in enumerate(BOX)]
    absent = pa.array([box is None for box in boxes], pa.bool_())
    return pa.StructArray.from_arrays(columns, fields=list(BOX), mask=absent)


class ManifestWriter:
    """Writes a manifest in row groups, with page checksums. Equal rows give equal bytes, however they are batched."""

    def __init__(self, path: Path, extra_columns: Sequence[str]) -> None:
        self._schema = manifest_schema(extra_columns)
        self._file = open_for_arrow(path, "wb")
        self._writer = pq.ParquetWriter(self._file, self._schema, compression="zstd", write_page_checksum=True)
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush(everything=True)
        self._writer.close()
        self._file.close()

    def add(self, words: pa.RecordBatch, shard: pa.Array, key: pa.Array) -> None:
        """Adds words of a part, with the shard (string) and the key there (int32) of each, null where dropped."""
        places = {"shard": shard, "key": key}
        columns = [places[name] if name in places else words.column(name) for name in self._schema.names]
        self._waiting.append(pa.RecordBatch.from_arrays(columns, schema=self._schema))
        self._rows += words.num_rows
        if self._rows >= _ROWS_PER_GROUP:
            self._flush(everything=False)

    def _flush(self, *, everything: bool) -> None:
        table = pa.Table.from_batches(self._waiting, self._schema)
        whole = table.num_rows if everything else table.num_rows // _ROWS_PER_GROUP * _ROWS_PER_GROUP
        if whole:
            self._writer.write_table(table.slice(0, whole).combine_chunks(), row_group_size=_ROWS_PER_GROUP)
        rest = table.slice(whole)
        self._waiting = rest.to_batches()
        self._rows = rest.num_rows
