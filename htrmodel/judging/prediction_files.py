"""Writes what a system read, beside the references: as Parquet, or as CSV for eyes and other programs.

`htrmodel.judging.predictions.read_predictions` reads either back, and the judgement is the same: no text is changed on
the way. For that reason a text that begins with ``=``, ``+``, ``-`` or ``@`` stands in the CSV as it is, and a
spreadsheet that opens the file takes it for a formula: import it with all columns as text. In pandas:
``read_csv(path, dtype=str, keep_default_na=False)``, or else the word NA is gone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from htrdata.errors import UsageError
from htrdata.files.arrow_files import open_for_arrow
from htrdata.files.outputs import check_output
from htrdata.files.writing import write_atomically
from htrmodel.judging.judgement import compared
from htrmodel.judging.metrics import COLUMNS, count
from htrmodel.judging.pairing import JudgedWord

_LONGEST_HEAD = 1 << 16  # bytes

FIELDS = ("id", "text", "confidence", "left_out", "reference", "edits", "page", "cluster")
"""The columns of the files.

``id``, ``text``, ``confidence`` and ``left_out`` are those of `htrmodel.judging.predictions`; ``reference`` is the
label in normal form; ``edits`` the distance between the two with regard to case; ``page`` the id of the page;
``cluster`` what the word is drawn with in resampling.
"""


def write_predictions(path: Path, words: Sequence[JudgedWord]) -> None:
    """Writes the words of a judgement to a ``.parquet`` or ``.csv`` file: whole, or not at all.

    Raises:
        UsageError: the file ends in neither.
        CannotCreateError: the file cannot be created.
        StorageError: writing failed.
    """
    check_place(path)
    write_atomically(path, _ENCODERS[path.suffix.lower()](_columns(words)))


def check_place(path: Path, read: Iterable[Path] = (), option: str = "--save", columns: Sequence[str] = FIELDS) -> None:
    """Makes sure, before there is anything to write, that it can be written there, and over nothing that is read.

    Args:
        path: the file.
        read: files and folders that nothing in may be replaced.
        option: that names another file.
        columns: of the table: one with others is somebody's, and is not replaced.

    Raises:
        UsageError: the file ends in neither ``.parquet`` nor ``.csv``, or would take the place of what is read.
        CannotCreateError: the file cannot be created, or another table is there.
    """
    if path.suffix.lower() not in _ENCODERS:
        known = " nor in ".join(_ENCODERS)
        raise UsageError(f"{path} does not end in {known}: that is how the format of predictions is told")
    check_output(path, read, option, lambda there: _columns_of(there) == list(columns))


def _columns_of(path: Path) -> list[str]:
    """The columns of a table that is there; none where it is no table."""
    if path.suffix.lower() == ".csv":
        with path.open("rb") as file:
            first = file.readline(_LONGEST_HEAD)
        return next(csv.reader([first.decode("utf-8", "replace")]), [])
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        names: list[str] = pq.read_schema(open_for_arrow(path)).names
    except (pa.ArrowException, OSError):
        return []
    return names


def _columns(words: Sequence[JudgedWord]) -> dict[str, list[Any]]:
    edits = count(*compared(tuple(words), "sensitive"))[:, COLUMNS.index("edits")].astype(int).tolist()
    rows = [
        (word.id, word.reading, word.confidence, word.left_out or "", word.reference, number, word.page, word.cluster)
        for word, number in zip(words, edits, strict=True)
    ]
    return {name: [row[position] for row in rows] for position, name in enumerate(FIELDS)}


def _csv(columns: dict[str, list[Any]]) -> bytes:
    file = io.StringIO(newline="")
    table = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
    table.writerow(columns)
    table.writerows(zip(*columns.values(), strict=True))
    return file.getvalue().encode()


def _parquet(columns: dict[str, list[Any]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"confidence": pa.float64(), "edits": pa.int32()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in columns])
    file = pa.BufferOutputStream()
    pq.write_table(pa.table(columns, schema=schema), file, compression="zstd")
    content: bytes = file.getvalue().to_pybytes()
    return content


_ENCODERS: dict[str, Callable[[dict[str, list[Any]]], bytes]] = {".parquet": _parquet, ".csv": _csv}
