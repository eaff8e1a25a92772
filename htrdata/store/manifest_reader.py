"""Reads a manifest, whole or in pieces, without pandas; the columns have their present names.

Of a store of format 1, ``index`` is read as ``key``, and ``unit`` is ``word``. Columns of the source that have one of
these names there come as ``source_key`` and ``source_unit``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from htrdata.errors import BadDataError, NotEnoughMemoryError, OutOfRangeError, UsageError, lacks_memory
from htrdata.files.arrow_files import open_for_arrow
from htrdata.files.regular import check_regular
from htrdata.store.columns import codes, select, strings
from htrdata.store.manifest import INDEX_OF_FORMAT_1, KEPT, manifest_schema

_ENCODED = ("split", "status", "shard")  # few values: batches have them as dictionaries
_NEW = ("key", "unit")
_TYPES = {field.name: field.type for field in manifest_schema(())} | {INDEX_OF_FORMAT_1: pa.int32()}


class ManifestReader:
    """A manifest on disk.

    Args:
        path: of the file, which is opened whenever something is asked for.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def batches(self, columns: Sequence[str], rows: int = 65_536) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Reads columns in pieces, each with the number of its first row, counted from 0.

        ``split``, ``status`` and ``shard`` are dictionary-encoded.

        Raises:
            UsageError: there is no such column.
            BadDataError: the file is missing or damaged.
        """
        first = 0
        try:
            # Without threads and read-ahead: as fast, since something is done in between, and with less memory.
            with self._opened(read_dictionary=list(_ENCODED), pre_buffer=False) as file:
                names = self._names(file, columns)
                wanted = [name for name in names.values() if name is not None]
                for batch in file.iter_batches(rows, columns=wanted, use_threads=False):
                    yield first, _named(batch, names)
                    first += batch.num_rows
        except KeyError as error:  # of `read_dictionary`
            raise self.damaged(f"it has no column {error}") from error

    def names(self) -> list[str]:
        """The names of all columns, in order. Raises as `batches` does."""
        with self._opened() as file:
            return list(self._names(file, None))

    def table(self, columns: Sequence[str] | None = None, *, use_threads: bool = True) -> pa.Table:
        """Reads all columns, or some of them; nothing is dictionary-encoded. Raises as `batches` does.

        Args:
            columns: their names; None for all.
            use_threads: whether several cores may work at it.
        """
        with self._opened(pre_buffer=use_threads) as file:
            names = self._names(file, columns)
            wanted = [name for name in names.values() if name is not None]
            return _named(file.read(wanted, use_threads=use_threads), names)

    def row(self, number: int) -> dict[str, object]:
        """All that is said of one word, by the number of its row, counted from 0; no more than its row group is read.

        Raises:
            OutOfRangeError: there is no such row.
            BadDataError: the file is missing or damaged.
        """
        with self._opened(pre_buffer=False) as file:
            names = self._names(file, None)
            left = number
            for group in range(file.metadata.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                if 0 <= left < rows:
                    found = _named(file.read_row_group(group, use_threads=False).slice(left, 1), names)
                    row: dict[str, object] = found.to_pylist()[0]
                    return row
                left -= rows
            raise OutOfRangeError(f"{self.path} has no row {number}: they are counted from 0 to {number - left - 1}")

    def kept_ids(self, split: str) -> list[str]:
        """The ids of the words of a split that are in shards, in their order. Raises as `batches` does."""
        ids: list[str] = []
        for _, batch in self.batches(["id", "split", "status"]):
            ids += select(batch["id"], rows_with(batch, split, KEPT)).to_pylist()
        return ids

    def damaged(self, what: str) -> BadDataError:
        """The error that says that the manifest is not what it should be, and what is wrong."""
        return BadDataError(
            f"{self.path} is missing or damaged ({what}): `htrdata verify` says more; build {self.path.parent.name} "
            "again"
        )

    @contextmanager
    def _opened(self, **options: Any) -> Iterator[pq.ParquetFile]:
        try:
            check_regular(self.path)
            with pq.ParquetFile(open_for_arrow(self.path), page_checksum_verification=True, **options) as file:
                yield file
        except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
            if lacks_memory(error):
                raise NotEnoughMemoryError.of(error) from error
            raise self.damaged(str(error)) from error

    def _names(self, file: pq.ParquetFile, columns: Sequence[str] | None) -> dict[str, str | None]:
        """The columns asked for, each with its name in the file; None of one that is not there, but known."""
        schema = file.schema_arrow
        there = schema.names
        old = INDEX_OF_FORMAT_1 in there
        for name, kind in _TYPES.items():
            if name in there and not (old and name in _NEW) and _plain(schema.field(name).type) != kind:
                raise self.damaged(f"its column {name} is of the type {schema.field(name).type}, not {kind}")
        names: dict[str, str | None] = {name: name for name in there}
        if old:
            names = {}
            for name in there:
                names["key" if name == INDEX_OF_FORMAT_1 else f"source_{name}" if name in _NEW else name] = name
                if name == "image_sha256":
                    names["unit"] = None
        if missing := sorted(set(columns or ()) - names.keys()):
            raise UsageError(f"{self.path} has no column {', '.join(missing)}: it has {', '.join(names)}")
        return names if columns is None else {name: names[name] for name in columns}


def rows_with(batch: pa.RecordBatch, split: str, status: str) -> NDArray[np.bool_]:
    """Which rows of a batch that has these columns are of a split and status."""
    of_split = codes(batch["split"], {split: 0}) == 0
    chosen: NDArray[np.bool_] = of_split & (codes(batch["status"], {status: 0}) == 0)
    return chosen


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _named(rows: pa.RecordBatch | pa.Table, names: dict[str, str | None]) -> pa.RecordBatch | pa.Table:
    """The columns under their present names, in the order asked for."""
    columns = {
        name: strings(["word"] * rows.num_rows) if there is None else rows.column(there)
        for name, there in names.items()
    }
    return type(rows).from_arrays(list(columns.values()), names=list(columns))
