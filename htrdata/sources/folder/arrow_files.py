"""Files of Arrow's formats, read in small pieces: Parquet, and Arrow's own as a file or as a stream."""

from __future__ import annotations

import bisect
import functools
import hashlib
import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from htrdata.errors import BadDataError
from htrdata.files.arrow_files import map_for_arrow, open_for_arrow

_IMAGES = 16  # read at once; of photographs of pages they are some ten megabytes


class ArrowFile(Protocol):
    """A file of one table.

    A leaf is the name of a column; or that of a column of structs, the character NUL, and the name of a field.
    """

    @property
    def schema(self) -> pa.Schema:
        """Its columns."""

    @property
    def fingerprint(self) -> str:
        """Differs where the file is another one, as far as that can be known without reading all of it."""

    @property
    def rows(self) -> int:
        """How many rows it has."""

    def is_empty(self, leaf: str) -> bool:
        """Whether a leaf is null in all rows."""

    def batches(self, leaves: Sequence[str], rows: int, first: int = 0) -> Iterator[pa.RecordBatch]:
        """Some leaves of the rows from one on, in pieces.

        Raises:
            BadDataError: the file is damaged.
        """


@dataclass(frozen=True, slots=True)
class ArrowImage:
    """An image that stands in a row of such a file.

    Attributes:
        file: the path.
        leaf: of its bytes.
        row: its row, from 0.
    """

    file: str
    leaf: str
    row: int

    @property
    def name(self) -> str:
        """The file and the row."""
        return f"{self.file}, row {self.row + 1:,}"

    def size(self) -> int | None:
        """0: it is not known before the image is read."""
        return 0

    def read(self) -> bytes:
        """The bytes; whoever goes through the rows in order reads the file once.

        Raises:
            OSError: the file cannot be read; FileNotFoundError where the row has no image.
        """
        data = _reader(self.file, self.leaf, os.getpid()).at(self.row)
        if data is None:
            raise FileNotFoundError(f"{self.name} has no image")
        return data


def open_arrow(path: Path) -> ArrowFile:
    """Opens a file.

    Raises:
        BadDataError: it is none of these formats, or damaged.
    """
    with path.open("rb") as file:
        head = file.read(6)
    return _Parquet(path) if head.startswith(b"PAR1") else _Ipc(path, stream=head != b"ARROW1")


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # Arrow does not look at the names of columns
        raise BadDataError(f"{path} is damaged, or no Parquet or Arrow file ({error}): copy it again") from error


@dataclass(frozen=True, slots=True)
class _Parquet:
    path: Path

    @property
    def schema(self) -> pa.Schema:
        with _named_errors(self.path), pq.ParquetFile(open_for_arrow(self.path)) as file:
            return _legible(file.schema_arrow)

    @property
    def fingerprint(self) -> str:
        # As bytes: of a damaged footer Arrow's own view of it can end the process.
        with _named_errors(self.path), self.path.open("rb") as file:
            file.seek(-8, os.SEEK_END)
            length = int.from_bytes(file.read(4), "little")
            file.seek(-min(length + 8, self.path.stat().st_size), os.SEEK_END)
            return _digest(self.path, hashlib.sha256(file.read(length)).hexdigest())

    @property
    def rows(self) -> int:
        with _named_errors(self.path), pq.ParquetFile(open_for_arrow(self.path)) as file:
            count: int = file.metadata.num_rows
        return count

    def is_empty(self, leaf: str) -> bool:
        return _is_empty(self.batches([leaf], _IMAGES), leaf)

    def batches(self, leaves: Sequence[str], rows: int, first: int = 0) -> Iterator[pa.RecordBatch]:
        with (
            _named_errors(self.path),
            pq.ParquetFile(open_for_arrow(self.path), buffer_size=1 << 20, pre_buffer=False) as file,
        ):
            ends = list(itertools.accumulate(file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)))
            group = bisect.bisect_right(ends, first)
            skipped = first - (ends[group - 1] if group else 0)
            names = [leaf.replace("\0", ".") for leaf in leaves]
            # Not by threads, and a buffer for each column: of a row group of any size only some megabytes are held.
            groups = range(group, file.num_row_groups)
            for batch in (
                file.iter_batches(rows, row_groups=list(groups), columns=names, use_threads=False) if groups else ()
            ):
                if skipped < batch.num_rows:
                    yield _sound(batch.slice(skipped))
                skipped = max(0, skipped - batch.num_rows)


@dataclass(frozen=True, slots=True)
class _Ipc:
    path: Path
    stream: bool

    @property
    def schema(self) -> pa.Schema:
        with _named_errors(self.path), map_for_arrow(self.path) as source:
            return _legible(self._open(source).schema)

    @property
    def fingerprint(self) -> str:
        rows = [batch.num_rows for batch in self.batches([], 0)]
        return _digest(self.path, repr((self.schema.to_string(), rows)))

    @property
    def rows(self) -> int:
        return sum(batch.num_rows for batch in self.batches([], 0))

    def is_empty(self, leaf: str) -> bool:
        return _is_empty(self.batches([leaf], 0), leaf)

    def batches(self, leaves: Sequence[str], rows: int, first: int = 0) -> Iterator[pa.RecordBatch]:
        """The pieces are those of the file; they are mapped, not read."""
        with _named_errors(self.path), map_for_arrow(self.path) as source:
            opened = self._open(source)
            pieces = opened if self.stream else map(opened.get_batch, range(opened.num_record_batches))
            for batch in pieces:
                if first < batch.num_rows:
                    names = list(dict.fromkeys(leaf.partition("\0")[0] for leaf in leaves))
                    yield _sound(batch.select(names).slice(first))
                first = max(0, first - batch.num_rows)

    def _open(self, source: pa.MemoryMappedFile) -> pa.ipc.RecordBatchReader:
        return pa.ipc.open_stream(source) if self.stream else pa.ipc.open_file(source)


def _sound(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch, none of whose offsets lead outside of it and whose texts are UTF-8: a damaged one ends the process."""
    batch.validate(full=True)
    return batch


def _legible(schema: pa.Schema) -> pa.Schema:
    """The schema, all of whose names are UTF-8 without NUL; others raise `UnicodeDecodeError` or `ArrowInvalid`."""
    fields = list(schema)
    while fields:
        field = fields.pop()
        if "\0" in field.name:
            raise pa.ArrowInvalid(f"a column is called {field.name!r}")
        fields += [field.type.field(number) for number in range(field.type.num_fields)]
    return schema


def _is_empty(batches: Iterator[pa.RecordBatch], leaf: str) -> bool:
    return all(leaf_of(batch, leaf).null_count == batch.num_rows for batch in batches)


def _digest(path: Path, about: str) -> str:
    return hashlib.sha256(f"{path.stat().st_size} {about}".encode()).hexdigest()


def leaf_of(batch: pa.RecordBatch, leaf: str) -> pa.Array:
    """A leaf of a batch that has it."""
    name, _, field = leaf.partition("\0")
    column = batch.column(name)
    return pc.struct_field(column, field) if field else column


class _Reader:
    """Goes through the images of a file, in order, and begins anew where it is asked for an earlier one."""

    def __init__(self, path: str, leaf: str) -> None:
        self._file, self._leaf = open_arrow(Path(path)), leaf
        self._batches: Iterator[pa.RecordBatch] = iter(())
        self._first = self._end = 0
        self._images: pa.Array | None = None

    def at(self, row: int) -> bytes | None:
        if self._images is None or row < self._first or row - self._end > _FAR:
            self._batches = self._file.batches([self._leaf], _IMAGES, row)
            self._first = self._end = row
        while row >= self._end:
            batch = next(self._batches, None)
            if batch is None:
                raise FileNotFoundError(f"there is no row {row + 1:,}: the file has changed")
            self._first, self._end = self._end, self._end + batch.num_rows
            self._images = leaf_of(batch, self._leaf)
        assert self._images is not None  # a row was looked for
        data: bytes | None = self._images[row - self._first].as_py()
        return data


_FAR = 1000
"""Rows that are rather read and passed over than looked for."""


@functools.lru_cache(4)
def _reader(path: str, leaf: str, _process: int) -> _Reader:
    return _Reader(path, leaf)
