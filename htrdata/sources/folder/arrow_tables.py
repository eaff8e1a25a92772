"""Parquet and Arrow files as Hugging Face's `datasets` writes them: images in them, or the names of images.

Of a file's images none is read before a word is built, and then a few at a time: a file may be larger than memory.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from htrdata.errors import BadDataError
from htrdata.records import ImageFile
from htrdata.sources.folder.arrow_files import leaf_of, open_arrow
from htrdata.sources.folder.arrow_images import ArrowImage
from htrdata.sources.folder.columns import NAMES, Columns, find_columns, may_be_split
from htrdata.sources.folder.rows import NOTHING, Asked, NotATableError, Row

_ROWS = 4096  # of texts, read at once


@dataclass(frozen=True, slots=True)
class ArrowTable:
    """A Parquet or Arrow file.

    Attributes:
        path: the file.
        names: of its columns.
        columns: what they hold.
        images: the column of bytes, such as ``image.bytes``; None where the images are files that are named.
        image_names: the column of the names of images, such as ``image.path``; None where there is none.
        types: of further columns, and of those with a role, that are numbers or truth values.
        left_out: further columns that hold bytes, which no manifest can.
    """

    path: Path
    names: tuple[str, ...]
    columns: Columns
    images: str | None
    image_names: str | None
    types: Mapping[str, str]
    left_out: tuple[str, ...]

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """The keys of `Row.extra`."""
        return tuple(self.columns.extra.values())

    @property
    def known(self) -> frozenset[str]:
        """What it has columns of."""
        return frozenset(self.columns.places)

    @property
    def fingerprint(self) -> str:
        """Of the file, where it holds the images: its size and how it is laid out."""
        return open_arrow(self.path).fingerprint if self.images is not None else ""

    def rows(self) -> Iterator[Row]:
        """All rows in order. Raises as `htrdata.sources.folder.rows.Table.rows` does."""
        roles = {role: self.names[place] for role, place in self.columns.places.items() if role != "image"}
        wanted = dict.fromkeys([*roles.values(), *(self.names[place] for place in self.columns.extra)])
        leaves = [*wanted, *([self.image_names] if self.image_names else [])]
        number = 0
        for batch in open_arrow(self.path).batches(leaves, _ROWS):
            values = {name: _texts(batch.column(name)) for name in wanted}
            images: Sequence[str | None] = [None] * batch.num_rows
            if self.image_names:
                images = leaf_of(batch, self.image_names).to_pylist()
            for at in range(batch.num_rows):
                number += 1
                yield self._row(number, images[at], {name: column[at] for name, column in values.items()}, roles)

    def _row(self, number: int, name: str | None, held: Mapping[str, str | None], roles: Mapping[str, str]) -> Row:
        image: str | ImageFile | None = name
        row_id = held[roles["id"]] if "id" in roles else None
        if self.images is not None:
            image, row_id = ArrowImage(str(self.path), self.images, number - 1), row_id or name
        extra = {
            column: text
            for place, column in self.columns.extra.items()
            if (text := held[self.names[place]]) is not None
        }
        split, writer, page = (
            held[roles[role]] or None if role in roles else None for role in ("split", "writer", "page")
        )
        fault = "it has no image" if image is None else None
        return Row(number, image or "", held[roles["text"]], row_id, split, writer, page, extra or NOTHING, fault)


def _texts(column: pa.Array) -> list[str | None]:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    values: list[str | None] = column.to_pylist()
    if _is_text(kind):
        return values
    return [None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in values]


def recognise(path: Path, asked: Asked) -> ArrowTable:
    """Tells what a Parquet or Arrow file holds.

    Raises:
        NotATableError: it has no column of images, or none of texts.
        UsageError: a person must say which columns are meant.
        BadDataError: the file is damaged.
    """
    schema = open_arrow(path).schema
    columns = find_columns(schema.names, asked.columns, _split_values(path, schema), str(path))
    text = schema.field(columns.places["text"])
    if not _is_text(text.type):
        raise NotATableError(
            f"its column {text.name} is of {text.type}, not of texts: --column text=NAME names another one"
        )
    images, image_names = _image_columns(path, schema.field(columns.places["image"]))
    binary = [place for place in columns.extra if _holds_bytes(schema.field(place).type)]
    extra = {place: name for place, name in columns.extra.items() if place not in binary}
    named = {**{place: role for role, place in columns.places.items() if role != "image"}, **extra}
    types = {name: kind for place, name in named.items() if (kind := _number_type(schema.field(place).type))}
    return ArrowTable(
        path,
        tuple(schema.names),
        Columns(columns.places, extra),
        images,
        image_names,
        types,
        tuple(schema.names[place] for place in binary),
    )


def _split_values(path: Path, schema: pa.Schema) -> list[list[object]]:
    """The first rows, of which those columns have values that may be of splits."""
    read = [field.name for field in schema if may_be_split(field.name) and _is_text(field.type)]
    first = next(open_arrow(path).batches(read, _ROWS), None) if read else None
    if first is None:
        return []
    values = {name: _texts(first.column(name)) for name in read}
    return [[values[name][at] if name in values else None for name in schema.names] for at in range(first.num_rows)]


def _image_columns(path: Path, field: pa.Field) -> tuple[str | None, str | None]:
    """The leaf of bytes and that of names of the column of images."""
    kind = field.type
    if _is_text(kind):
        return None, field.name
    if _holds_bytes(kind) and not pa.types.is_nested(kind):
        return field.name, None
    if pa.types.is_struct(kind) and "bytes" in (names := [kind.field(i).name for i in range(kind.num_fields)]):
        name = f"{field.name}\0path" if "path" in names else None
        # Data sets that were not made to be passed on have the paths of files in place of their bytes.
        bytes_leaf = f"{field.name}\0bytes"
        return (None if name and open_arrow(path).is_empty(bytes_leaf) else bytes_leaf), name
    raise NotATableError(
        f"its column {field.name} is of {kind}: bytes, bytes with a path, or the names of files are read"
    )


def images_within(path: Path) -> Iterator[tuple[str, ArrowImage]]:
    """The images that a Parquet or Arrow file holds, whether or not it has their texts: a name and the image of each.

    Raises:
        BadDataError: it is damaged, or holds no images.
    """
    file = open_arrow(path)
    field = next((field for field in file.schema if field.name.strip().lower() in NAMES["image"]), None)
    try:
        images, names = _image_columns(path, field) if field is not None else (None, None)
    except NotATableError as error:
        raise BadDataError(f"{path}: {error}") from error
    if images is None:
        raise BadDataError(
            f"{path} holds no images: none of its columns {', '.join(file.schema.names)} has their bytes"
        )
    given: Iterable[str | None] = itertools.repeat(None, file.rows)
    if names is not None:
        given = (name for batch in file.batches([names], _ROWS) for name in leaf_of(batch, names).to_pylist())
    return ((name or f"row {row + 1}", ArrowImage(str(path), images, row)) for row, name in enumerate(given))


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _holds_bytes(kind: pa.DataType) -> bool:
    if pa.types.is_nested(kind):
        return any(_holds_bytes(kind.field(i).type) for i in range(kind.num_fields))
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
        or pa.types.is_binary_view(kind)
    )


def _number_type(kind: pa.DataType) -> str | None:
    """The name of a type of numbers or truth values, from whose texts the values can be made again."""
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_float32(kind) or pa.types.is_float64(kind):
        return str(kind)
    return None
