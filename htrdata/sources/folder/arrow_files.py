"""Files of Arrow's formats, read in small pieces: Parquet, and Arrow's own as a file or as a stream."""

from __future__ import annotations

import bisect
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

IMAGES_AT_ONCE = 16
"""How many are read at once; of photographs of pages they are some ten megabytes."""


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
        return _is_empty(self.batches([leaf], IMAGES_AT_ONCE), leaf)

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
