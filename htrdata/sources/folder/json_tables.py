"""Tables as JSON: JSON Lines with an object for each row, or a document that `rows_of` finds them in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from htrdata.errors import BadDataError
from htrdata.files import strict_json
from htrdata.files.strict_json import Json
from htrdata.sources.folder.columns import find_columns
from htrdata.sources.folder.json_rows import are_texts, rows_of
from htrdata.sources.folder.rows import NOTHING, Asked, NotATableError, Row
from htrdata.sources.folder.text_files import find_encoding, head_lines, not_in, numbered_lines
from htrdata.sources.folder.trees import TableFile


@dataclass(frozen=True, slots=True)
class JsonTable:
    """A table as JSON.

    Attributes:
        path: the file.
        encoding: of the file.
        lines: whether each line is an object; otherwise all of it is one document.
        keys: what the keys of an object are, by role; none where the document is docTR's.
        extra: the names of further keys in a manifest.
        types: ``json`` for what is never a text, by role or by the name of a further key.
    """

    path: TableFile
    encoding: str
    lines: bool
    keys: Mapping[str, str]
    extra: Mapping[str, str]
    types: Mapping[str, str]

    fingerprint: ClassVar[str] = ""
    left_out: ClassVar[tuple[str, ...]] = ()

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """The keys of `Row.extra`."""
        return tuple(self.extra.values())

    @property
    def known(self) -> frozenset[str]:
        """What it has keys for."""
        return frozenset(self.keys or ("image", "text"))

    def rows(self) -> Iterator[Row]:
        """All rows in order. Raises as `htrdata.sources.folder.rows.Table.rows` does."""
        for number, found in self._objects():
            if isinstance(found, str):
                yield Row(number, "", None, fault=found)
            else:
                yield self._row(number, found)

    def _objects(self) -> Iterator[tuple[int, Mapping[str, Json] | str]]:
        if not self.lines:
            try:
                text = self.path.read_bytes().decode(self.encoding)
            except UnicodeDecodeError as error:
                raise not_in(self.path, self.encoding) from error
            yield from enumerate(map(_checked, rows_of(strict_json.parse(text, self.path)) or ()), 1)
            return
        for number, line in numbered_lines(self.path, self.encoding):
            try:
                yield number, _checked(strict_json.parse(line, self.path, number))
            except BadDataError as error:
                yield number, str(error).removeprefix(f"{self.path}, line {number}, ")

    def _row(self, number: int, found: Mapping[str, Json]) -> Row:
        keys = self.keys or {"image": "image", "text": "text"}
        held = {role: found.get(key) for role, key in keys.items()}
        extra = {self.extra[key]: _as_text(found[key]) for key in self.extra if found.get(key) is not None}
        image, text = held["image"], held["text"]
        fault = None
        if not isinstance(image, str):
            fault = f"{keys['image']} is {json.dumps(image)[:80]}, not the name of an image"
        elif not isinstance(text, str | None):
            fault = f"{keys['text']} is {json.dumps(text)[:80]}, not a text"
        row_id, split, writer, page = (
            None if (value := held.get(role)) is None else _as_text(value) or None
            for role in ("id", "split", "writer", "page")
        )
        return Row(
            number,
            image if isinstance(image, str) else "",
            text if isinstance(text, str) else None,
            row_id,
            split,
            writer,
            page,
            extra or NOTHING,
            fault=fault,
        )


def _checked(value: Json) -> Mapping[str, Json] | str:
    return value if isinstance(value, dict) else f"it is no JSON object but {json.dumps(value)[:80]}"


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def recognise(path: TableFile, asked: Asked) -> JsonTable:
    """Tells how a JSON file is laid out. Raises as `htrdata.sources.folder.text_tables.recognise` does."""
    encoding = find_encoding(path, asked.encoding)
    lines = head_lines(path, encoding)
    if path.suffix.lower() != ".json":
        objects = [_loose(line) for line in lines]
        return _with_keys(path, encoding, True, [one for one in objects if isinstance(one, dict)], asked)
    document = strict_json.parse(path.read_bytes().decode(encoding, "replace"), path)
    found = rows_of(document)
    if found is None:
        raise NotATableError("it is neither an array of objects nor an object with texts by the names of images")
    if are_texts(document):
        return JsonTable(path, encoding, False, {}, {}, {})
    return _with_keys(path, encoding, False, [one for one in found if isinstance(one, dict)], asked)


def _loose(line: str) -> Json:
    try:
        value: Json = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value


def _with_keys(path: TableFile, encoding: str, lines: bool, objects: list[dict[str, Json]], asked: Asked) -> JsonTable:
    if not objects:
        raise NotATableError("no line of it is a JSON object")
    # Of all of them: one may lack what another has, and what is a number in one may be a text in another.
    texts: dict[str, bool] = {}
    for one in _all(path, encoding) if lines else objects:
        for key, value in one.items():
            if value is not None:
                texts[key] = texts.get(key, False) or isinstance(value, str)
    names = list(dict.fromkeys([*(key for one in objects for key in one), *texts]))
    rows = [[one.get(name) for name in names] for one in objects]
    columns = find_columns(names, asked.columns, rows, str(path))
    keys = {role: names[place] for role, place in columns.places.items()}
    extra = {names[place]: name for place, name in columns.extra.items()}
    named = {**{key: role for role, key in keys.items()}, **extra}
    types = {name: "json" for key, name in named.items() if not texts.get(key, True)}
    return JsonTable(path, encoding, lines, keys, extra, types)


def _all(path: TableFile, encoding: str) -> Iterator[dict[str, Json]]:
    for _, line in numbered_lines(path, encoding):
        found = _loose(line)
        if isinstance(found, dict):
            yield found
