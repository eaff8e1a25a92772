"""Which words are asked for, and in which order: over whole columns at once, some 0.3 s for a million words at most.

Regular expressions are RE2's: whatever is typed takes time in proportion to the text.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from htrdata.errors import UsageError
from htrdata.store.browsing.table import WordTable

ORDERS = {
    "store": ("", False),
    "rank": ("rank", False),
    "sure": ("confidence", True),
    "unsure": ("confidence", False),
    "wide": ("width", True),
    "narrow": ("width", False),
    "high": ("height", True),
    "long": ("length", True),
}
"""What words can be ordered by, other than their place in the store: a column, and whether the largest comes first."""

_KEPT_ORDERS = 16  # results remembered: 4 MB each of a million words


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for, each as a browser sends it; empty where it does not matter.

    Attributes:
        split: ``train``, ``val``, ``test`` or ``none``.
        reason: ``kept``, ``dropped`` or one reason.
        text: a regular expression that the label has a part of.
        case: ``1`` where upper and lower case are different letters.
        id: a part of the id.
        writer: who wrote it, whole.
        size: widths and heights in pixels, such as ``10-400x-64``.
        reading: a regular expression that the reading has a part of.
        differs: ``1`` for readings that are not the label, ``0`` for those that are.
        confidence: of the reading, such as ``0.9-1``.
        kind: what an audit takes the word for.
        touched: ``corrected``, ``flagged`` or ``both``: in the file of corrections.
        order: one of `ORDERS`.
    """

    split: str = ""
    reason: str = ""
    text: str = ""
    case: str = ""
    id: str = ""
    writer: str = ""
    size: str = ""
    reading: str = ""
    differs: str = ""
    confidence: str = ""
    kind: str = ""
    touched: str = ""
    order: str = "store"

    @classmethod
    def parse(cls, asked: Mapping[str, str]) -> Query:
        """What stands in an address; names that are not known are refused.

        Raises:
            UsageError: there is no such filter or order.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(asked) - known):
            raise UsageError(f"there is no filter {unknown[0]!r}")
        query = cls(**asked)
        if query.order not in ORDERS:
            raise UsageError(f"there is no order {query.order!r}")
        return query


class Index:
    """Finds words, and remembers what it found last.

    Args:
        words: all of them.
    """

    def __init__(self, words: WordTable) -> None:
        self.words = words
        self._found: OrderedDict[tuple[Query, frozenset[str]], np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, query: Query, touched: Collection[str] = ()) -> np.ndarray:
        """The places of the words that are asked for, in the order asked for: int32 [N].

        Args:
            query: what is asked for.
            touched: the ids that `Query.touched` means.

        Raises:
            UsageError: a filter is no regular expression or range, or is of a column that is not there.
        """
        key = (query, frozenset(touched) if query.touched else frozenset())
        with self._lock:
            if (found := self._found.get(key)) is not None:
                self._found.move_to_end(key)
                return found
        mask = _mask(self.words, query, key[1])
        rows = np.arange(len(self.words), dtype=np.int32) if mask is None else np.flatnonzero(mask).astype(np.int32)
        rows = self._ordered(rows, query.order)
        with self._lock:
            self._found[key] = rows
            if len(self._found) > _KEPT_ORDERS:
                self._found.popitem(last=False)
        return rows

    def _ordered(self, rows: np.ndarray, order: str) -> np.ndarray:
        name, descending = ORDERS[order]
        if not name:
            return rows
        column = pc.utf8_length(self.words.columns["label"]) if name == "length" else _column(self.words, name)
        values = column.cast(pa.float64()).to_numpy()[rows]  # nulls are NaN, and come last
        sorted_rows: np.ndarray = rows[np.argsort(-values if descending else values, kind="stable")]
        return sorted_rows


def _mask(words: WordTable, query: Query, touched: frozenset[str]) -> np.ndarray | None:
    """Which rows are wanted: bool [N]; None for all."""
    conditions = [_equal(words, "split", query.split), _equal(words, "writer", query.writer)]
    conditions += [_equal(words, "kind", query.kind), _reason(words, query.reason)]
    if query.id:
        conditions.append(pc.match_substring(words.columns["id"], query.id))
    for name, pattern in (("label", query.text), ("reading", query.reading)):
        if pattern:
            conditions.append(_matches(_column(words, name), pattern, ignore_case=query.case != "1"))
    if query.size:
        width, _, height = query.size.partition("x")
        conditions += [*_within(words, "width", width), *_within(words, "height", height)]
    conditions += _within(words, "confidence", query.confidence)
    if query.differs:
        compare = pc.equal if query.differs == "0" else pc.not_equal
        conditions.append(compare(_column(words, "reading"), words.columns["label"]))
    if query.touched:
        conditions.append(pc.is_in(words.columns["id"], value_set=pa.array(sorted(touched), pa.string())))
    mask: np.ndarray | None = None
    for condition in conditions:
        if condition is not None:
            here = np.asarray(pc.fill_null(condition, False))
            mask = here if mask is None else mask & here
    return mask


def _column(words: WordTable, name: str) -> pa.ChunkedArray:
    if name not in words:
        where = "--audit FILE" if name in ("rank", "kind") else "--predictions FILE"
        raise UsageError(f"there is no {name} of these words: give {where} to `htrdata browse`")
    return words.columns[name]


def _equal(words: WordTable, name: str, value: str) -> pa.ChunkedArray | None:
    return pc.equal(_column(words, name), value) if value else None


def _reason(words: WordTable, reason: str) -> pa.ChunkedArray | None:
    column = words.columns["reason"]
    if reason == "dropped":
        return pc.not_equal(column, "")
    return pc.equal(column, "" if reason == "kept" else reason) if reason else None


def _matches(column: pa.ChunkedArray, pattern: str, *, ignore_case: bool) -> pa.ChunkedArray:
    try:
        return pc.match_substring_regex(column, pattern, ignore_case=ignore_case)
    except pa.ArrowInvalid as error:
        said = str(error).removeprefix("Invalid regular expression: ")
        raise UsageError(f"{pattern!r} is no regular expression of RE2: {said}") from None


def _within(words: WordTable, name: str, asked: str) -> list[pa.ChunkedArray]:
    """The conditions of a range such as ``3-8``, ``3-``, ``-8`` or ``3``."""
    if not asked:
        return []
    least, dash, most = asked.partition("-")
    try:
        low = float(least) if least else None
        high = (float(most) if most else None) if dash else low
    except ValueError:
        raise UsageError(f"{asked!r} is no range of {name}: write it as 3-8, 3- or -8") from None
    column = _column(words, name)
    found = [] if low is None else [pc.greater_equal(column, low)]
    return found if high is None else [*found, pc.less_equal(column, high)]
