"""Which kept words of a data set are meant, by conditions on the columns of its manifest."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from htrdata.errors import UsageError
from htrdata.store.manifest import KEPT
from htrdata.store.manifest_reader import ManifestReader

_FORM = re.compile(r"\s*(\w+)\s*(!=|<=|>=|=|<|>|~)\s*(.*?)\s*", re.DOTALL)
_ORDER: dict[str, Callable[[pa.Array, pa.Scalar], pa.Array]] = {
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on a column.

    Attributes:
        column: of the manifest.
        relation: ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, or ``~``: a regular expression (RE2) is found in it.
        values: what it is compared with: of ``=`` one of them must hold, of ``!=`` none; of the others there is one.
    """

    column: str
    relation: str
    values: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Reads a condition such as ``writer=anna,berta``, ``split!=test`` or ``width>=32``.

        Raises:
            UsageError: it is none.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise UsageError(
                f"{text!r} is no condition: give a column, one of = != < <= > >= ~, and what to compare with"
            )
        column, relation, rest = found.groups()
        several = relation in ("=", "!=")
        return cls(column, relation, tuple(map(str.strip, rest.split(","))) if several else (rest,))

    def holds(self, column: pa.Array) -> pa.BooleanArray:
        """Where it holds, of a column with these values; of ``!=`` also where there is none.

        Raises:
            UsageError: the column has values of another kind.
        """
        values: pa.Array
        if self.relation == "~":
            return self._found_in(column)
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            column, values = column.cast(pa.float64()), pa.array(map(self._number, self.values), pa.float64())
        elif not pa.types.is_string(column.type):
            raise UsageError(f"the column {self.column} is neither of texts nor of numbers: take another one")
        elif self.relation in _ORDER:
            raise UsageError(f"the column {self.column} has texts: compare it with = or !=, not with {self.relation}")
        else:
            values = pa.array(self.values, pa.string())
        if self.relation in _ORDER:
            return pc.fill_null(_ORDER[self.relation](column, values[0]), False)
        within = pc.is_in(column, value_set=values)
        return within if self.relation == "=" else pc.invert(within)

    def _found_in(self, column: pa.Array) -> pa.BooleanArray:
        if not pa.types.is_string(column.type):
            raise UsageError(f"the column {self.column} has no texts, in which {self.values[0]!r} could be found")
        try:
            return pc.fill_null(pc.match_substring_regex(column, self.values[0]), False)
        except pa.ArrowInvalid as error:
            raise UsageError(f"{self.values[0]!r} is no regular expression: {error}") from None

    def _number(self, text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise UsageError(f"{text!r} is no number, which the column {self.column} has: mend the condition") from None


def kept_rows(
    manifest: ManifestReader, split: str, conditions: Sequence[Condition], columns: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    """The rows of the kept words of a split that meet all conditions, in order, in batches that are not empty.

    Args:
        manifest: of the data set.
        split: of the data set.
        conditions: on any of its columns.
        columns: what is asked of the words; nothing is dictionary-encoded.

    Raises:
        UsageError: there is no such column, or it has values of another kind than a condition.
        BadDataError: the manifest is damaged.
    """
    needed = dict.fromkeys([*columns, "split", "status", *(condition.column for condition in conditions)])
    for _, batch in manifest.batches(list(needed)):
        plain = {name: _plain(batch.column(name)) for name in needed}
        chosen = pc.and_(pc.equal(plain["status"], KEPT), pc.equal(plain["split"], split))
        for condition in conditions:
            chosen = pc.and_(chosen, condition.holds(plain[condition.column]))
        rows = pa.RecordBatch.from_arrays([plain[name] for name in columns], names=list(columns)).filter(chosen)
        if rows.num_rows:
            yield rows


def _plain(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column
