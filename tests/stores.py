"""What tests do to a store on disk: its description as plain JSON, with a digest that is right or not, and format 1."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

Place = tuple[str | int, ...]


def read_document(store: Path, name: str = "drawn") -> dict[str, Any]:
    """The description as JSON has it."""
    document: dict[str, Any] = json.loads((store / name / "dataset.json").read_text(encoding="utf-8"))
    return document


def write_document(store: Path, document: object, name: str = "drawn") -> None:
    """Puts it in the place of the description, as it is."""
    (store / name / "dataset.json").write_text(json.dumps(document), encoding="utf-8")


def digest_of(document: dict[str, Any]) -> str:
    """The digest of a description over itself, as docs/format.md tells to compute it."""
    rest = {key: value for key, value in document.items() if key != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def lie(store: Path, change: Callable[[dict[str, Any]], object], name: str = "drawn") -> None:
    """Changes the description and makes its own digest right again: only what it says of other files betrays it."""
    document = read_document(store, name)
    change(document)
    write_document(store, {**document, "digest": digest_of(document)}, name)


def places(value: object, path: Place = ()) -> Iterator[Place]:
    """Every field and entry of a JSON value, the outer ones first."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in entries:
        yield (*path, key)
        yield from places(one, (*path, key))


def value_at(document: Any, place: Place) -> Any:
    """What stands at a place."""
    for key in place:
        document = document[key]
    return document


def replaced(document: Any, path: Place, value: object) -> Any:
    """A copy with another value at a place."""
    copy = json.loads(json.dumps(document))
    at = copy
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return copy


def without(document: Any, path: Place) -> Any:
    """A copy without the field or entry at a place."""
    copy = json.loads(json.dumps(document))
    at = copy
    for key in path[:-1]:
        at = at[key]
    del at[path[-1]]
    return copy


def make_format_1(store: Path, name: str = "drawn") -> None:
    """Rewrites a data set as htrdata-store/1 had it: fewer fields, ``index`` for ``key``, no ``unit``."""
    document = read_document(store, name)
    for field in ("division", "unit", "drawn", "corrections", "alignment", "report", "pixels_depend_on", "digest"):
        del document[field]
    path = store / name / "manifest.parquet"
    table = pq.read_table(path).drop_columns(["unit"])
    table = table.rename_columns(["index" if column == "key" else column for column in table.column_names])
    pq.write_table(table, path, compression="zstd", write_page_checksum=True)
    document["format"] = "htrdata-store/1"
    document["manifest"] = {
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    write_document(store, document, name)
