"""Arrow columns as numpy arrays and back, without pandas.

pyarrow imports pandas as soon as it converts a value from Python or numpy, or an array to numpy (``pa.array``,
``pc.equal(column, "kept")``, ``column.to_numpy()``): 0.3 s and 40 MB, more than reading the labels of a million words
takes. Going through the buffers does not. Arrays are [N], one value for each row of a column.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Column = TypeVar("Column", pa.Array, pa.RecordBatch)


def numbers(column: pa.Array) -> NDArray[np.int32]:
    """The values of an int32 column, read-only and not copied; anything where it is null."""
    if not len(column):
        return np.empty(0, np.int32)
    return np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column)]


def truths(column: pa.BooleanArray) -> NDArray[np.bool_]:
    """The values of a column of booleans without nulls: bool."""
    if not len(column):
        return np.empty(0, np.bool_)
    bits = np.frombuffer(column.buffers()[1], np.uint8)
    end = column.offset + len(column)
    return np.unpackbits(bits, count=end, bitorder="little")[column.offset :].view(np.bool_)


def strings(texts: Sequence[str]) -> pa.StringArray:
    """A column of strings."""
    encoded = [text.encode() for text in texts]
    ends = pa.py_buffer(np.cumsum([0, *map(len, encoded)], dtype=np.int32))
    return pa.Array.from_buffers(pa.string(), len(encoded), [None, ends, pa.py_buffer(b"".join(encoded))])


def codes(column: pa.DictionaryArray, of: dict[str, int]) -> NDArray[np.int32]:
    """Numbers for the strings of a dictionary-encoded column: those that a dict gives, -1 for others and for null."""
    code_of = np.array([of.get(value, -1) for value in column.dictionary.to_pylist()] or [-1], np.int32)
    valid = truths(column.is_valid())
    return np.where(valid, code_of[np.where(valid, numbers(column.indices), 0)], -1)


def counted(table: pa.Table, names: Sequence[str]) -> list[tuple[tuple[str | None, ...], int]]:
    """How many rows have each combination of the texts, or nulls, of some columns.

    Raises:
        ValueError: they could have more combinations than an int64 counts.
    """
    columns = [table[name].combine_chunks().dictionary_encode("encode") for name in names]
    if not table.num_rows:
        return []
    places = np.ravel_multi_index([numbers(column.indices) for column in columns], [len(c.dictionary) for c in columns])
    _, rows, counts = np.unique(places, return_index=True, return_counts=True)
    texts = [column.dictionary.to_pylist() for column in columns]
    kinds = zip(*(numbers(column.indices)[rows].tolist() for column in columns), strict=True)
    return [
        (tuple(text[at] for text, at in zip(texts, kind, strict=True)), count)
        for kind, count in zip(kinds, counts.tolist(), strict=True)
    ]


def select(column: Column, mask: NDArray[np.bool_]) -> Column:
    """The rows of an array or record batch where the mask is true."""
    bits = pa.py_buffer(np.packbits(mask, bitorder="little"))
    return column.filter(pa.Array.from_buffers(pa.bool_(), len(mask), [None, bits]))


def take(column: Column, rows: NDArray[np.integer]) -> Column:
    """The rows of an array or record batch at some positions, counted from 0."""
    positions = pa.py_buffer(np.ascontiguousarray(rows, np.int64))
    return column.take(pa.Array.from_buffers(pa.int64(), len(rows), [None, positions]))
