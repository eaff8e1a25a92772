"""What the manifest of a build tells at large, and which of its words are worth looking at.

A million words take 2.5 s of a core, and up to 250 MB where each has a writer of its own. Which words are drawn by lot
depends on nothing but their number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from htrdata.building.memory import release_freed_memory
from htrdata.building.reporting.distributions import Distribution, distribution
from htrdata.records import SPLITS, Reason
from htrdata.store.manifest import KEPT
from htrdata.store.manifest_reader import ManifestReader

AT_RANDOM, DROPPED_AT_RANDOM, EXTREMES = 24, 6, 12
"""Words that are shown of a split, of a reason and of what is extreme."""

_AT_ONCE = 16_384  # rows: as fast as whole row groups, and with 25 MB less

_COLUMNS = ("id", "split", "status", "reason", "text", "page", "box", "outside", "width", "height", "writer")
_TOLD = (*_COLUMNS, "source_text", "shard", "key")

Name = tuple[str | None, str]
"""What tells a word: its split, and its id."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How words are dealt out to writers, or pages.

    Attributes:
        number: of writers or pages.
        largest: those with the most words, and how many these are.
        words: words of each.
        unknown: words of which it is not known.
    """

    number: int
    largest: tuple[tuple[str, int], ...]
    words: Distribution | None
    unknown: int


@dataclass(slots=True)
class Survey:
    """What the manifest tells.

    Attributes:
        lengths: characters of the kept labels.
        widths: of the crops, in pixels.
        heights: of the crops, in pixels.
        proportions: width over height of the crops.
        writers: of the kept words.
        pages: of the kept words.
        sheets: the numbers of the rows that each contact sheet has, by its name.
        dropped: the same of the words dropped for each reason.
        named: the numbers of the rows that were asked for by name.
        rows: what the manifest says of all these, by the number of the row.
    """

    lengths: Distribution | None = None
    widths: Distribution | None = None
    heights: Distribution | None = None
    proportions: Distribution | None = None
    writers: Spread | None = None
    pages: Spread | None = None
    sheets: dict[str, list[int]] = field(default_factory=dict)
    dropped: dict[Reason, list[int]] = field(default_factory=dict)
    named: dict[Name, int] = field(default_factory=dict)
    rows: dict[int, Mapping[str, Any]] = field(default_factory=dict)


def survey(manifest: Path, rare: Sequence[str], named: Collection[Name]) -> Survey:
    """Goes through a manifest.

    Args:
        manifest: its file.
        rare: characters of which a word each is wanted.
        named: words to find.
    """
    reader = ManifestReader(manifest)
    gathered = _Gathered(rare, named)
    for first, batch in reader.batches(_COLUMNS, _AT_ONCE):
        gathered.add(first, batch)
    found = gathered.survey()
    wanted = {row for rows in (*found.sheets.values(), *found.dropped.values()) for row in rows}
    found.rows = dict(_told(reader, np.array(sorted(wanted | set(found.named.values())), np.int64)))
    release_freed_memory()
    return found


def _told(reader: ManifestReader, rows: NDArray[np.int64]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for first, batch in reader.batches(_TOLD, _AT_ONCE):
        of_batch = rows[(rows >= first) & (rows < first + batch.num_rows)]
        if len(of_batch):
            yield from zip(of_batch.tolist(), batch.take(pa.array(of_batch - first)).to_pylist(), strict=True)


class _Gathered:
    """What is known of all rows so far, in arrays."""

    def __init__(self, rare: Sequence[str], named: Collection[Name]) -> None:
        self._rare = dict.fromkeys(rare, -1)
        self._names = set(named)
        self._ids = pa.array(sorted({word for _, word in named}), pa.string())
        self._named: dict[Name, int] = {}
        self._numbers: list[NDArray[np.float32]] = []
        self._kept: list[NDArray[np.int8]] = []
        self._reasons: list[NDArray[np.int8]] = []
        self._groups: dict[str, list[pa.Array]] = {"writer": [], "page": []}

    def add(self, first: int, batch: pa.RecordBatch) -> None:
        """Adds a batch whose first row has that number."""
        split, kept = _plain(batch["split"]), pc.equal(_plain(batch["status"]), KEPT)
        # Of a dropped word, or one of no split, it is -1.
        number = pc.index_in(pc.if_else(kept, split, pa.scalar(None, pa.string())), pa.array(SPLITS))
        self._kept.append(pc.fill_null(number, -1).to_numpy().astype(np.int8))
        reason = pc.index_in(batch["reason"], pa.array([str(one) for one in Reason]))
        self._reasons.append(pc.fill_null(reason, -1).to_numpy().astype(np.int8))
        columns = (
            pc.utf8_length(batch["text"]), batch["width"], batch["height"], batch["outside"],
            pc.struct_field(batch["box"], "angle"),
        )  # fmt: skip
        numbers = [pc.fill_null(pc.cast(column, pa.float32(), safe=False), 0).to_numpy() for column in columns]
        self._numbers.append(np.stack(numbers))
        for name, groups in self._groups.items():
            groups.append(_copied(batch[name].filter(kept)))
        self._find_characters(first, batch["text"])
        self._find_names(first, split, batch["id"])

    def survey(self) -> Survey:
        """What they tell."""
        kept, reasons = _joined(self._kept, np.int8), _joined(self._reasons, np.int8)
        numbers = np.concatenate([np.empty((5, 0), np.float32), *self._numbers], axis=1)
        found = Survey(named=self._named, sheets=_sheets(kept, numbers))
        found.sheets["rare"] = [row for row in self._rare.values() if row >= 0]
        for number, reason in enumerate(Reason):
            rows = np.flatnonzero(reasons == number)
            if len(rows):
                found.dropped[reason] = _lot(rows, DROPPED_AT_RANDOM)
        if (kept >= 0).any():
            length, width, height = numbers[:3, kept >= 0].astype(np.float64)
            found.lengths = distribution(length, 1)
            found.widths, found.heights = distribution(width, 10), distribution(height, 4)
            found.proportions = distribution(width / height, 0.5)
            found.writers, found.pages = (_spread(self._groups[name]) for name in ("writer", "page"))
        return found

    def _find_characters(self, first: int, texts: pa.Array) -> None:
        for character, known in self._rare.items():
            if known < 0:
                row = pc.index(pc.match_substring(texts, character), True).as_py()
                self._rare[character] = first + row if row >= 0 else -1

    def _find_names(self, first: int, splits: pa.Array, ids: pa.Array) -> None:
        for row in np.flatnonzero(pc.is_in(ids, value_set=self._ids).to_numpy(zero_copy_only=False)).tolist():
            name = splits[row].as_py(), ids[row].as_py()
            if name in self._names:
                self._named.setdefault(name, first + row)


def _sheets(kept: NDArray[np.int8], numbers: NDArray[np.float32]) -> dict[str, list[int]]:
    """The rows of the kept words that are drawn by lot, and of those at the ends."""
    sheets = {split: _lot(np.flatnonzero(kept == place), AT_RANDOM) for place, split in enumerate(SPLITS)}
    rows = np.flatnonzero(kept >= 0)
    length, width, height, outside, angle = numbers[:, rows]
    angle = np.abs((angle + 180) % 360 - 180)
    room = width / np.maximum(height, 1) / np.maximum(length, 1)
    # A full stop has hardly any room, and a dash much: of what has few characters it says little.
    said = length > 3
    sheets["crowded"] = _highest(rows[said], -room[said], EXTREMES)
    sheets["roomy"] = _highest(rows[said], room[said], EXTREMES)
    sheets["turned"] = _highest(rows[angle > 0], angle[angle > 0], EXTREMES)
    sheets["outside"] = _highest(rows[outside > 0], outside[outside > 0], EXTREMES)
    sheets["widest"] = _highest(rows, width / np.maximum(height, 1), EXTREMES)
    sheets["smallest"] = _highest(rows, -(width * height), EXTREMES)
    return sheets


def _lot(rows: NDArray[np.intp], most: int) -> list[int]:
    """Some of the rows, by lot, in order."""
    chosen = np.random.default_rng(len(rows)).permutation(len(rows))[:most]
    return sorted(rows[chosen].tolist())


def _highest(rows: NDArray[np.intp], values: NDArray[np.float32], most: int) -> list[int]:
    """The rows with the highest values, these first; of equal ones the first."""
    order = np.argsort(-values, kind="stable")[:most]
    found: list[int] = rows[order].tolist()
    return found


def _spread(groups: Sequence[pa.Array]) -> Spread:
    names = pa.chunked_array(groups, pa.string())
    counts = pc.value_counts(names.drop_null())
    names_of, words = counts.field("values"), counts.field("counts").to_numpy()
    order = np.lexsort((np.arange(len(words)), -words))[:EXTREMES].tolist()
    largest = tuple((names_of[place].as_py(), int(words[place])) for place in order)
    spread = distribution(words.astype(np.float64), 1) if len(words) else None
    return Spread(len(words), largest, spread, names.null_count)


def _plain(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column


def _copied(column: pa.Array) -> pa.Array:
    """The column by itself: nothing else of its batch stays in memory for it."""
    return pa.concat_arrays([column])


def _joined(arrays: Sequence[NDArray[np.int8]], kind: type[np.int8]) -> NDArray[np.int8]:
    return np.concatenate([np.empty(0, kind), *arrays])
