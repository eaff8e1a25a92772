"""Counts over the words of a build: kept and dropped by reason, and what lies outside the charsets of the field."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import pyarrow as pa

from htrdata.labels import CHARSETS
from htrdata.records import SPLITS
from htrdata.store.manifest import KEPT

_CHARACTERS = {name: frozenset(charset.characters) for name, charset in CHARSETS.items()}


@dataclass(slots=True)
class SplitTally:
    """Counts of one split.

    Attributes:
        words: annotated words.
        kept: words in the shards.
        dropped: words that are not, by reason.
        unknown: characters outside the charset of the build, with the words that have them.
        characters: the characters of the kept labels, with the times they occur.
        outside: of the kept labels, how many each named charset lacks a character of.
    """

    words: int = 0
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    characters: Counter[str] = field(default_factory=Counter)
    outside: Counter[str] = field(default_factory=Counter)


class Tally:
    """Counts over batches of words that have the columns of a part; images may be missing."""

    def __init__(self) -> None:
        self._splits: dict[str | None, SplitTally] = defaultdict(SplitTally)

    def add(self, words: pa.RecordBatch) -> None:
        """Counts a batch."""
        kept: dict[str | None, list[str]] = defaultdict(list)
        columns = (words.column(name).to_pylist() for name in ("split", "status", "reason", "text", "unknown"))
        for split, status, reason, text, unknown in zip(*columns, strict=True):
            counts = self._splits[split]
            counts.words += 1
            if unknown:
                counts.unknown.update(unknown)
            if status == KEPT:
                kept[split].append(text)
            else:
                counts.dropped[reason] += 1
        for split, labels in kept.items():
            counts = self._splits[split]
            counts.kept += len(labels)
            counts.characters.update("".join(labels))
            for name, charset in CHARSETS.items():
                known = _CHARACTERS[name]
                counts.outside[name] += sum(not known.issuperset(charset.fold(label)) for label in labels)

    @property
    def splits(self) -> dict[str | None, SplitTally]:
        """The splits that have words, in their order; the words of no split last, under None."""
        return {split: self._splits[split] for split in (*SPLITS, None) if split in self._splits}

    @property
    def total(self) -> SplitTally:
        """The sums over all splits."""
        total = SplitTally()
        for counts in self._splits.values():
            total.words += counts.words
            total.kept += counts.kept
            for name in ("dropped", "unknown", "characters", "outside"):
                getattr(total, name).update(getattr(counts, name))
        return total
