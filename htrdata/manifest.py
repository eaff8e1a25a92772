"""The manifest: one row for every annotated word of the source, kept or dropped, as ``manifest.parquet``.

Columns: ``id`` of the word, ``dataset``, ``split`` (null where the page is in none), ``status`` (``kept`` or
``dropped``), ``reason``, ``text`` (the label in the shard), ``source_text``, ``shard`` (its folder below the store),
``index`` (of the key, from 1), ``page``, ``box`` (xc, yc, w, h, angle; see `htrdata.records.Box`), ``outside`` (how
much of the box is beyond the page, 0 to 1), ``width`` and ``height`` of the crop, ``writer``, ``image_sha256`` (of
the encoded crop); then those of the source. A word is told by id and split.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from htrdata.labels import legible
from htrdata.rows import Row

KEPT = "kept"
DROPPED = "dropped"

_BOX = pa.struct([(name, pa.float64()) for name in ("xc", "yc", "w", "h", "angle")])
_WORD_COLUMNS = [
    ("id", pa.string()),
    ("dataset", pa.string()),
    ("split", pa.string()),
    ("status", pa.string()),
    ("reason", pa.string()),
    ("text", pa.string()),
    ("source_text", pa.string()),
    ("page", pa.string()),
    ("box", _BOX),
    ("outside", pa.float32()),
    ("width", pa.int32()),
    ("height", pa.int32()),
    ("writer", pa.string()),
    ("image_sha256", pa.binary(32)),
]
_PLACE_COLUMNS = [("shard", pa.string()), ("index", pa.int32())]
_ROWS_PER_GROUP = 65_536


def manifest_schema(extra_columns: Sequence[str]) -> pa.Schema:
    """The columns of a manifest, those of its source last."""
    place = next(i for i, (name, _) in enumerate(_WORD_COLUMNS) if name == "page")
    columns = [*_WORD_COLUMNS[:place], *_PLACE_COLUMNS, *_WORD_COLUMNS[place:]]
    return pa.schema([*columns, *((name, pa.string()) for name in extra_columns)])


def part_schema(extra_columns: Sequence[str]) -> pa.Schema:
    """The columns of a part: those of the manifest less the place in a shard, and ``unknown`` and ``image``."""
    extra = [(name, pa.string()) for name in extra_columns]
    return pa.schema([*_WORD_COLUMNS, *extra, ("unknown", pa.string()), ("image", pa.binary())])


def to_batch(rows: Iterable[Row], dataset: str, extra_columns: Sequence[str]) -> pa.RecordBatch:
    """Turns rows into the columns of a part."""
    schema = part_schema(extra_columns)
    columns: dict[str, list[Any]] = {name: [] for name in schema.names}
    for row in rows:
        word = row.word
        values = (
            legible(word.id),
            dataset,
            row.split,
            KEPT if row.reason is None else DROPPED,
            row.reason and row.reason.value,
            row.text,
            legible(word.text),
            legible(row.page),
            word.box
            and {"xc": word.box.xc, "yc": word.box.yc, "w": word.box.w, "h": word.box.h, "angle": word.box.angle},
            row.outside,
            row.width,
            row.height,
            word.writer,
            row.image_sha256,
            *(word.extra.get(name) for name in extra_columns),
            legible(row.unknown),
            row.image,
        )
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
    arrays = [pa.array(column, type=field.type) for column, field in zip(columns.values(), schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


class ManifestWriter:
    """Writes a manifest in row groups, with page checksums. Equal rows give equal bytes, however they are batched."""

    def __init__(self, path: Path, extra_columns: Sequence[str]) -> None:
        self._schema = manifest_schema(extra_columns)
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd", write_page_checksum=True)
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

    def add(self, words: pa.RecordBatch, shard: pa.Array, index: pa.Array) -> None:
        """Adds words of a part, with the shard (string) and the key's index (int32) of each, null where dropped."""
        places = {"shard": shard, "index": index}
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


def read_manifest(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Reads a manifest, or some of its columns, and checks the checksums of its pages.

    Raises:
        OSError: a page is damaged or the file cannot be read.
    """
    return pq.read_table(path, columns=list(columns) if columns else None, page_checksum_verification=True)
