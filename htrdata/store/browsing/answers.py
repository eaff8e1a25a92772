"""What the page is told: words of a list, one word whole, what there is to filter by, what a correction has done."""

from __future__ import annotations

import math
from dataclasses import dataclass

from htrdata.errors import OutOfRangeError
from htrdata.files.strict_json import Json
from htrdata.records import Box
from htrdata.store.browsing.correcting import CorrectionLog
from htrdata.store.browsing.filtering import Index, Query
from htrdata.store.browsing.pictures import PageImages, WordImages
from htrdata.store.browsing.table import WordTable
from htrdata.store.corrections import FLAGGED, Correction
from htrdata.store.reading import Dataset

MOST_ROWS = 500
"""Words that are told at once."""

_MOST_WRITERS = 500
_LISTED = ("id", "split", "label", "reason", "width", "height", "reading", "confidence", "rank", "kind")


@dataclass(frozen=True)
class Answers:
    """All that a page can ask about a data set.

    Attributes:
        dataset: whose words they are.
        words: its rows.
        index: finds some of them.
        images: of the words.
        pages: that they stand on; None where they are not at hand.
        log: the corrections.
    """

    dataset: Dataset
    words: WordTable
    index: Index
    images: WordImages
    pages: PageImages | None
    log: CorrectionLog

    @property
    def name(self) -> str:
        """That of the data set."""
        return self.dataset.name

    def about(self) -> dict[str, Json]:
        """What there is: counts of splits, reasons, writers and kinds, and which filters mean something."""
        writers = {name: count for name, count in self.words.counts("writer").items() if name}
        reasons = self.words.counts("reason")
        return {
            "name": self.name,
            "words": len(self.words),
            "kept": reasons.get("", 0),
            "splits": dict(self.words.counts("split")),
            "reasons": {reason: count for reason, count in reasons.items() if reason},
            "writers": dict(list(writers.items())[:_MOST_WRITERS]),
            "count_of_writers": len(writers),
            "readings": "reading" in self.words,
            "confidences": "confidence" in self.words,
            "kinds": dict(self.words.counts("kind")) if "kind" in self.words else {},
            "audited": "rank" in self.words,
            "pages": self.pages is not None,
            "corrections": self._corrections(),
        }

    def listed(self, query: Query, first: int, count: int) -> dict[str, Json]:
        """Some of the words that are asked for: their number, and a row for each, by column.

        Raises:
            UsageError: as `Index.find`.
        """
        found = self.index.find(query, self._touched(query.touched))
        chosen = found[max(0, first) : max(0, first) + min(count, MOST_ROWS)]
        values = self.words.rows(chosen)
        columns: dict[str, Json] = {name: list(map(_json, values[name])) for name in _LISTED if name in values}
        columns["row"] = chosen.tolist()
        columns["now"] = [self.log.latest(str(word)) for word in values["id"]]
        return {"total": len(found), "first": first, "columns": columns}

    def place(self, query: Query, row: int) -> int | None:
        """Where a row stands among the words that are asked for, from 0; None where it is not one of them."""
        places = (self.index.find(query, self._touched(query.touched)) == row).nonzero()[0]
        return int(places[0]) if len(places) else None

    def word(self, row: int) -> dict[str, Json]:
        """All that is known of a word: its row of the manifest, what was read, and what the corrections make of it.

        Raises:
            OutOfRangeError: there is no such row.
        """
        self._check(row)
        known = self.words.whole_row(row)
        source = str(known["source_text"])
        shown: dict[str, Json] = {name: _json(value) for name, value in known.items() if value is not None}
        for name in ("reading", "confidence", "rank", "score", "kind"):
            if name in self.words:
                shown[name] = _json(self.words.value(name, row))
        now = self.log.text(str(known["id"]), source)
        page = self.pages is not None and _box(known) is not None and self.pages.has(str(known["page"]))
        return {"row": row, "known": shown, "now": now, "changed": now != source, "page": page}

    def image(self, row: int) -> bytes | None:
        """The encoded image of a word: as in the shard, or, of a dropped one, cut from the page; None for neither."""
        self._check(row)
        shard, key = self.words.value("shard", row), self.words.value("key", row)
        if isinstance(shard, str) and isinstance(key, int):
            return self.images.encoded(shard, key)
        return self.page(row, 0.25, marked=False)

    def page(self, row: int, margin: float, *, marked: bool = True) -> bytes | None:
        """What stands around a word on its page, see `PageImages.around`; None where the page is not at hand."""
        self._check(row)
        known = self.words.whole_row(row)
        page, box = str(known["page"]), _box(known)
        if self.pages is None or box is None or not self.pages.has(page):
            return None
        return self.pages.around(page, box, margin, marked=marked)

    def correct(self, row: int, new: str) -> dict[str, Json]:
        """Corrects a word, or flags it where `new` is empty. Raises as `CorrectionLog.correct`."""
        self._check(row)
        known = self.words.whole_row(row)
        return self._done(self.log.correct(str(known["id"]), str(known["source_text"]), new))

    def undo(self) -> dict[str, Json]:
        """Takes the last correction back. Raises as `CorrectionLog.undo`."""
        return self._done(self.log.undo())

    def _done(self, line: Correction | None) -> dict[str, Json]:
        if line is None:
            return {"corrections": self._corrections(), "line": None}
        told: dict[str, Json] = {"id": line.id, "old": line.old, "new": line.new, "now": self.log.latest(line.id)}
        return {"corrections": self._corrections(), "line": told}

    def _corrections(self) -> dict[str, Json]:
        states = self.log.ids.values()
        flagged = sum(state == FLAGGED for state in states)
        return {"file": str(self.log.path), "lines": len(self.log), "words": len(states), "flagged": flagged}

    def _touched(self, which: str) -> list[str]:
        chosen = {"corrected": (False,), "flagged": (True,), "both": (False, True)}.get(which, ())
        return [word for word, state in self.log.ids.items() if (state == FLAGGED) in chosen]

    def _check(self, row: int) -> None:
        if not 0 <= row < len(self.words):
            raise OutOfRangeError(f"there is no word {row:,}: they are counted from 0 to {len(self.words) - 1:,}")


def _box(known: dict[str, object]) -> Box | None:
    box = known.get("box")
    if not isinstance(box, dict):
        return None
    sides = [box[side] for side in ("xc", "yc", "w", "h", "angle")]
    found = Box(*sides)
    sound = all(isinstance(side, float) and math.isfinite(side) for side in sides) and found.w > 0 and found.h > 0
    return found if sound else None


def _json(value: object) -> Json:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): _json(one) for name, one in value.items()}
    assert value is None or isinstance(value, str | int)
    return value
