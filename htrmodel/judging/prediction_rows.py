"""The formats of prediction files, read as rows of one kind; `htrmodel.judging.predictions` explains the columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from htrdata.errors import BadDataError
from htrdata.files import strict_json
from htrdata.files.arrow_files import open_for_arrow

REQUIRED = ("id", "text")
OPTIONAL = ("confidence", "left_out")
NAME = "name"
"""In place of ``id``: what `htrmodel predict` calls a word of a store, data set, split and id: ``imgur5k/test/id``."""

# How CSV writes a field with quotation marks in it: in a TSV, which knows no quoting, hardly ever meant as it stands.
_QUOTED = re.compile(r'"(?:[^"]|"")*""(?:[^"]|"")*"')


class PredictionRow(NamedTuple):
    """One row of a file: where it stands, and its columns. `by_name`: the id is a `NAME`."""

    place: str
    id: str
    text: str
    confidence: float | None
    left_out: str | None
    by_name: bool = False


def _csv_rows(path: Path) -> Iterator[PredictionRow]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, strict=True)
        try:
            table = ((f"line {lines.line_num}", fields) for fields in lines if fields)
            yield from _table_rows(path, table)
        except csv.Error as error:
            raise BadDataError(f"{path}, line {lines.line_num}: {error}; is every quoted field closed?") from error


def _tsv_rows(path: Path) -> Iterator[PredictionRow]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = (line.removesuffix("\n").removesuffix("\r") for line in file)
        table = ((f"line {number}", line.split("\t")) for number, line in enumerate(lines, 1) if line)
        for row in _table_rows(path, table):
            if _QUOTED.fullmatch(row.text):
                raise BadDataError(
                    f"{path}, {row.place}: the text {row.text} looks quoted, but a TSV has no quoting: "
                    "write texts as they are, or write CSV or JSON Lines"
                )
            yield row


def _table_rows(path: Path, table: Iterator[tuple[str, Sequence[str]]]) -> Iterator[PredictionRow]:
    """Rows of a table of texts whose first row names the columns."""
    place, header = next(table, ("line 1", ()))
    header, by_name = _with_ids(header)
    _check_columns(f"{path}, {place}", header)
    column = {name: header.index(name) for name in (*REQUIRED, *OPTIONAL) if name in header}
    for place, fields in table:
        if len(fields) != len(header):
            raise BadDataError(f"{path}, {place}: {len(fields)} fields, but the header has {len(header)}")
        found = {name: fields[position] for name, position in column.items()}
        confidence = found.get("confidence") or None
        try:
            number = None if confidence is None else float(confidence)
        except ValueError:
            raise BadDataError(f"{path}, {place}: the confidence {confidence!r} is not a number") from None
        yield PredictionRow(place, found["id"], found["text"], number, found.get("left_out") or None, by_name)


def _jsonl_rows(path: Path) -> Iterator[PredictionRow]:
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _json_row(path, f"line {number}", strict_json.parse(line.rstrip("\r\n"), path, number))


def _json_rows(path: Path) -> Iterator[PredictionRow]:
    """The document that `htrmodel predict --json` prints; images that could not be read have no text there."""
    found = strict_json.load(path)
    if not isinstance(found, list):
        raise BadDataError(f"{path} is {type(found).__name__}, not a list of objects with id, or name, and text")
    for number, one in enumerate(found, 1):
        if not (isinstance(one, dict) and one.get("problem") and one.get("text") is None):
            yield _json_row(path, f"entry {number}", one)


def _json_row(path: Path, place: str, found: object) -> PredictionRow:
    where = f"{path}, {place}"
    if not isinstance(found, dict):
        raise BadDataError(f"{where} is {type(found).__name__}, not an object with id and text")
    names, by_name = _with_ids(list(found))
    _check_columns(where, names)
    found = dict(zip(names, found.values(), strict=True))
    for name in REQUIRED:
        if not isinstance(found[name], str):
            raise BadDataError(f'{where}: {name} is {found[name]!r}, not a text: quote it (an empty text is "")')
    confidence, left_out = found.get("confidence"), found.get("left_out")
    if confidence is not None and (isinstance(confidence, bool) or not isinstance(confidence, int | float)):
        raise BadDataError(f"{where}: confidence is {confidence!r}, not a number")
    if left_out is not None and not isinstance(left_out, str):
        raise BadDataError(f"{where}: left_out is {left_out!r}, not a text")
    try:
        score = None if confidence is None else float(confidence)
    except OverflowError:
        raise BadDataError(f"{where}: the confidence is beyond all bounds") from None
    return PredictionRow(place, found["id"], found["text"], score, left_out or None, by_name)


def _parquet_rows(path: Path) -> Iterator[PredictionRow]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(open_for_arrow(path)) as file:
            names, by_name = _with_ids(file.schema_arrow.names)
            _check_columns(str(path), names)
            known = [name for name in (*REQUIRED, *OPTIONAL) if name in names]
            table = file.read([NAME if by_name and name == "id" else name for name in known]).rename_columns(known)
            columns = {name: _parquet_column(path, name, table.column(name)) for name in known}
    except (pa.ArrowInvalid, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise BadDataError(f"{path} is not a Parquet file, or is damaged: {error}") from error
    unknown = [None] * table.num_rows
    rows = zip(*(columns.get(name, unknown) for name in (*REQUIRED, *OPTIONAL)), strict=True)
    for number, (word_id, text, confidence, left_out) in enumerate(rows, 1):
        if word_id is None or text is None:
            raise BadDataError(f"{path}, row {number}: id or text is null; an empty reading is an empty text")
        yield PredictionRow(f"row {number}", word_id, text, confidence, left_out or None, by_name)


def _parquet_column(path: Path, name: str, column: Any) -> list[Any]:
    import pyarrow as pa

    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if name == "confidence":
        right, wanted = pa.types.is_floating(kind) or pa.types.is_integer(kind), pa.float64()
    else:
        right = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
        wanted = pa.string()
    if not right and not (pa.types.is_null(kind) and name in OPTIONAL):
        what = "numbers" if name == "confidence" else "texts: numbers lose their leading zeros"
        raise BadDataError(f"{path}: column {name!r} holds {kind}; it must hold {what}")
    values: list[Any] = column.cast(wanted, safe=False).to_pylist()
    return values


def _with_ids(names: Sequence[str]) -> tuple[Sequence[str], bool]:
    """The names of columns, ``name`` as ``id`` where there is no such, and whether that was so."""
    by_name = NAME in names and "id" not in names
    return ["id" if by_name and name == NAME else name for name in names], by_name


def _check_columns(where: str, names: Sequence[str]) -> None:
    """Refuses columns that lack one that is needed, or have one that is known twice."""
    for name in (*REQUIRED, *OPTIONAL):
        if names.count(name) > 1:
            raise BadDataError(f"{where}: column {name!r} stands twice")
        if name in REQUIRED and name not in names:
            found = ", ".join(map(repr, names)) or "none"
            raise BadDataError(f"{where}: no column {name!r}; name the columns id and text (there are: {found})")


READERS: dict[str, Callable[[Path], Iterator[PredictionRow]]] = {
    ".csv": _csv_rows,
    ".tsv": _tsv_rows,
    ".jsonl": _jsonl_rows,
    ".ndjson": _jsonl_rows,
    ".json": _json_rows,
    ".parquet": _parquet_rows,
}
"""How a file is read, by its ending."""
