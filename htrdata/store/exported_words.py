"""The words of a data set as they go out again: their columns under the names that others know, and their images."""

from __future__ import annotations

import functools
import itertools
import json
import sys
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from htrdata.errors import BadDataError, UsageError
from htrdata.files import strict_json
from htrdata.files.strict_json import Json
from htrdata.records import SPLITS
from htrdata.store.manifest import manifest_schema, own_name
from htrdata.store.manifest_reader import ManifestReader
from htrdata.store.reading import Dataset
from htrdata.store.selecting import Condition, kept_rows
from htrdata.store.shards import Shard

TYPES = "types"
"""The setting of a source that says, as a JSON object, which of its columns held numbers or truth values."""

_IMAGE_NAME = r"(?i)[^/]\.(png|jpe?g|tiff?|webp|bmp|gif)$"
_OWN = frozenset(manifest_schema(()).names)


@dataclass(frozen=True, slots=True)
class ExportedWord:
    """One word.

    Attributes:
        text: its label.
        image: its image, encoded.
        columns: what else is known of it, under the names of `ExportedWords.columns`.
    """

    text: str
    image: bytes
    columns: Mapping[str, Json]


class ExportedWords:
    """The kept words of a data set that meet some conditions.

    Args:
        dataset: the data set.
        conditions: all of which must hold.

    Attributes:
        counts: how many words each split has, of those that have any.
        columns: the names of what is known besides image and text, in order: ``id`` first; ``writer`` and ``page``
            where any is known, ``source_text`` where it differs from a label; then those of the source.
        types: what they are of: a name of Arrow's, or ``json``, of those that are no texts.
        named: whether all ids are names of images, which then need no other one.

    Raises:
        UsageError: no word meets the conditions, or they ask for what no column has.
        BadDataError: the data set is damaged.
    """

    def __init__(self, dataset: Dataset, conditions: Sequence[Condition] = ()) -> None:
        self.dataset = dataset
        self._conditions = conditions
        self._manifest = ManifestReader(dataset.manifest_path)
        extra = [name for name in self._manifest.names() if name not in _OWN]
        self.named = True
        self.counts, present = self._look(["writer", "page", "source_text", *extra])
        if not self.counts:
            raise UsageError(f"no kept word of {dataset.name} meets {self._said}: loosen the conditions")
        taken = {"image", "text", "file_name", "id", *(name for name in present if name in _OWN)}
        self._names = {name: name if own_name(name) in taken else own_name(name) for name in ("id", *present)}
        self.columns = list(self._names.values())
        self.types = {self._names[name]: kind for name, kind in self._types().items() if name in self._names}

    def of(self, split: str, positions: Container[int] | None = None) -> Iterator[ExportedWord]:
        """The words of a split, in order.

        Args:
            split: of the data set.
            positions: of the words that are wanted, counted from 0 among those of the split; None for all.

        Raises:
            BadDataError: a shard or the manifest is damaged.
        """
        shards: dict[str, Shard] = {}
        numbers = itertools.count()
        wanted = range(sys.maxsize) if positions is None else positions
        makers = {name: _maker(self.types.get(shown)) for name, shown in self._names.items()}
        for rows in kept_rows(self._manifest, split, self._conditions, ["text", "shard", "key", *self._names]):
            for row in rows.to_pylist():
                if next(numbers) not in wanted:
                    continue
                folder = row["shard"]
                if folder not in shards:
                    shards[folder] = Shard(self.dataset.store / folder)
                columns = {
                    shown: None if row[name] is None else makers[name](row[name]) for name, shown in self._names.items()
                }
                yield ExportedWord(row["text"], shards[folder].image(row["key"]), columns)

    def _look(self, names: list[str]) -> tuple[dict[str, int], list[str]]:
        """How many words there are by split, and which columns say anything of them."""
        counts: dict[str, int] = {}
        present: set[str] = set()
        for split in SPLITS:
            for rows in kept_rows(self._manifest, split, self._conditions, ["id", "text", *names]):
                counts[split] = counts.get(split, 0) + rows.num_rows
                named = pc.match_substring_regex(rows.column("id"), _IMAGE_NAME)
                self.named = self.named and pc.all(named).as_py()
                for name in names:
                    same = {"page": "id", "source_text": "text"}.get(name)
                    column = rows.column(name)
                    if column.null_count < len(column) and (same is None or not column.equals(rows.column(same))):
                        present.add(name)
        return counts, [name for name in names if name in present]

    def _types(self) -> dict[str, str]:
        settings = self.dataset.description.settings
        try:
            found = strict_json.parse(settings.get(TYPES, "{}"), f"what types the columns of {self.dataset.name} have")
        except BadDataError as error:
            raise BadDataError(f"{error}; build it again") from error
        if not isinstance(found, dict):
            raise BadDataError(f"what types the columns of {self.dataset.name} have is no object: build it again")
        return {str(name): str(kind) for name, kind in found.items()}

    @property
    def _said(self) -> str:
        conditions = (f"{one.column}{one.relation}{','.join(one.values)}" for one in self._conditions)
        return " and ".join(conditions) or "the wish for any"


def _maker(kind: str | None) -> Callable[[str], Json]:
    """What makes a value of its text."""
    if kind is None:
        return str
    return functools.partial(_value, kind)


def _value(kind: str, text: str) -> Json:
    value: Json = json.loads(text)
    return float(value) if kind in ("float", "double") and isinstance(value, int) else value
