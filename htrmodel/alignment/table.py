"""The file of an alignment: Parquet with a row for each word; `htrdata.sources.xml.alignment` has its columns."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from htrdata.files.writing import write_atomically
from htrmodel.alignment.store import AlignedLine

ABOUT = b"htrmodel"
"""The entry of the file's metadata with what was aligned, by which weights, as JSON."""

_SCHEMA = pa.schema(
    [
        ("line", pa.string()),
        ("split", pa.string()),
        ("word", pa.int32()),
        ("text", pa.string()),
        *[(name, pa.float64()) for name in ("xc", "yc", "w", "h", "angle")],
        ("score", pa.float64()),
        ("reason", pa.string()),
    ]
)


def write_alignment(path: Path, lines: list[AlignedLine], about: Mapping[str, Any]) -> int:
    """Writes the words of lines.

    Args:
        path: of the file, which is replaced.
        lines: in order.
        about: what was aligned, by which weights: kept in the file's metadata, see `ABOUT`.

    Returns:
        How many words there are.

    Raises:
        CannotCreateError: the file cannot be created there.
        StorageError: writing failed.
    """
    rows = [
        {
            "line": line.id,
            "split": line.split,
            "word": number,
            "text": word.text,
            **({} if box is None else {key: getattr(box, key) for key in ("xc", "yc", "w", "h", "angle")}),
            "score": word.score,
            "reason": word.reason,
        }
        for line in lines
        for number, (word, box) in enumerate(zip(line.words, line.boxes, strict=True))
    ]
    schema = _SCHEMA.with_metadata({ABOUT: json.dumps(dict(about), sort_keys=True)})
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), content, compression="zstd")
    write_atomically(path, content.getvalue())
    return len(rows)
