"""The manifest: one row for every annotated word of the source, kept or dropped, as ``manifest.parquet``.

Columns: ``id`` of the word, ``dataset``, ``split`` (null where the page is in none), ``status`` (``kept`` or
``dropped``), ``reason``, ``text`` (the label in the shard), ``source_text``, ``shard`` (its folder below the store),
``index`` (of the key, from 1), ``page``, ``box`` (xc, yc, w, h, angle; see `htrdata.records.Box`), ``outside`` (how
much of the box is beyond the page, 0 to 1), ``width`` and ``height`` of the crop, ``writer``, ``image_sha256`` (of
the encoded crop); then those of the source. A word is told by id and split.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from htrdata.building.page_cutting import Row
from htrdata.errors import UsageError
from htrdata.labels import legible
from htrdata.records import Box

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
_PART_COLUMNS = [("unknown", pa.string()), ("image", pa.binary())]
_ROWS_PER_GROUP = 65_536


def manifest_schema(extra_columns: Sequence[str]) -> pa.Schema:
    """The columns of a manifest, those of its source last. Raises as `part_schema` does."""
    place = next(i for i, (name, _) in enumerate(_WORD_COLUMNS) if name == "page")
    columns = [*_WORD_COLUMNS[:place], *_PLACE_COLUMNS, *_WORD_COLUMNS[place:]]
    return pa.schema([*columns, *_extra_fields(extra_columns)])


def part_schema(extra_columns: Sequence[str]) -> pa.Schema:
    """The columns of a part: those of the manifest less the place in a shard, and ``unknown`` and ``image``.

    Raises:
        UsageError: a column of the source has the name of another one.
    """
    return _part_schema(tuple(extra_columns))


@functools.cache
def _part_schema(extra_columns: tuple[str, ...]) -> pa.Schema:
    return pa.schema([*_WORD_COLUMNS, *_extra_fields(extra_columns), *_PART_COLUMNS])


def _extra_fields(names: Sequence[str]) -> list[tuple[str, pa.DataType]]:
    """The columns of a source: one name more than once would let one of the columns take the other's place."""
    times = Counter([*names, *(name for name, _ in (*_WORD_COLUMNS, *_PLACE_COLUMNS, *_PART_COLUMNS))])
    if again := [name for name in dict.fromkeys(names) if times[name] > 1]:
        raise UsageError(f"the source names a column {again[0]!r}, but there is one of that name: give it another one")
    return [(name, pa.string()) for name in names]


def to_batch(rows: Iterable[Row], dataset: str, extra_columns: Sequence[str]) -> pa.RecordBatch:
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
        **{name: [word.extra.get(name) for word in words] for name in extra_columns},
        "unknown": _texts([row.unknown for row in rows]),
        "image": [row.image for row in rows],
    }
    schema = part_schema(extra_columns)
    arrays = [pa.array(columns[field.name], field.type) if field.name != "box" else boxes for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _texts(texts: list[str]) -> list[str]:
    """Transcriptions as UTF-8 can hold them. Nearly all are ASCII, which one look at all of them tells."""
    return texts if "".join(texts).isascii() else [legible(text) for text in texts]


def _boxes(boxes: list[Box | None]) -> pa.StructArray:
    sides = [pa.array([box and getattr(box, field.name) for box in boxes], field.type) for field in _BOX]
    absent = pa.array([box is None for box in boxes], pa.bool_())
    return pa.StructArray.from_arrays(sides, fields=list(_BOX), mask=absent)


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
