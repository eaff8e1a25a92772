"""The manifest: one row for every annotated word of the source, kept or dropped, as ``manifest.parquet``.

Columns: ``id`` of the word, ``dataset``, ``split`` (null where the page is in none), ``status`` (``kept`` or
``dropped``), ``reason``, ``text`` (the label in the shard), ``source_text``, ``shard`` (its folder below the store),
``key`` (its number in the shard, from 1), ``page``, ``box`` (xc, yc, w, h, angle; see `htrdata.records.Box`),
``outside`` (how much of the box is beyond the page, 0 to 1), ``width`` and ``height`` of the crop, ``writer``,
``image_sha256`` (of the encoded crop), ``unit`` (``word`` or ``line``); then those of the source. A word is told by id
and split.

`htrdata.store.manifest_reader` reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pyarrow as pa

from htrdata.errors import UsageError

KEPT = "kept"
DROPPED = "dropped"

BOX = pa.struct([(name, pa.float64()) for name in ("xc", "yc", "w", "h", "angle")])
WORD_COLUMNS = [
    ("id", pa.string()),
    ("dataset", pa.string()),
    ("split", pa.string()),
    ("status", pa.string()),
    ("reason", pa.string()),
    ("text", pa.string()),
    ("source_text", pa.string()),
    ("page", pa.string()),
    ("box", BOX),
    ("outside", pa.float32()),
    ("width", pa.int32()),
    ("height", pa.int32()),
    ("writer", pa.string()),
    ("image_sha256", pa.binary(32)),
    ("unit", pa.string()),
]
"""What is known of a word without the shard that it is in."""
_PLACE_COLUMNS = [("shard", pa.string()), ("key", pa.int32())]

INDEX_OF_FORMAT_1 = "index"
"""What ``key`` was called in stores of format 1. No source may take the name: manifests are told by it."""

CORRECTED_TEXT = "corrected_text"
"""The column, behind those of the source, of a data set that was corrected: `htrdata.records.Word.correction`."""

INK_THRESHOLD = "threshold"
"""The column of a source that `htrdata.records.Word.ink_threshold` stands in, as digits, where the source gives one."""

PART_COLUMNS = [("unknown", pa.string()), ("image", pa.binary()), ("likeness", pa.binary())]
"""What a word has besides while it is built. A source must not take these names either."""


_TAKEN = {name for name, _ in (*WORD_COLUMNS, *_PLACE_COLUMNS, *PART_COLUMNS)} | {INDEX_OF_FORMAT_1}
_RENAMED = "own_"


def own_name(column: str) -> str:
    """What a source's column was called before, where ``own_`` was put before a name that a manifest has itself."""
    rest = column.removeprefix(_RENAMED)
    return rest if rest in (*_TAKEN, CORRECTED_TEXT) or rest.startswith(_RENAMED) else column


def manifest_schema(extra_columns: Sequence[str]) -> pa.Schema:
    """The columns of a manifest, those of its source last. Raises as `extra_fields` does."""
    place = next(i for i, (name, _) in enumerate(WORD_COLUMNS) if name == "page")
    columns = [*WORD_COLUMNS[:place], *_PLACE_COLUMNS, *WORD_COLUMNS[place:]]
    return pa.schema([*columns, *extra_fields(extra_columns)])


def extra_fields(names: Sequence[str]) -> list[tuple[str, pa.DataType]]:
    """The columns of a source.

    Raises:
        UsageError: a name stands there more than once, or is that of another column, whose place it would take.
    """
    times = Counter([*names, *_TAKEN])
    if again := [name for name in dict.fromkeys(names) if times[name] > 1]:
        raise UsageError(f"the source names a column {again[0]!r}, but there is one of that name: give it another one")
    return [(name, pa.string()) for name in names]
