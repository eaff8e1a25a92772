"""Counts over batches: each split for itself, and all of them together."""

from __future__ import annotations

from htrdata.building.counts import Tally
from htrdata.building.describing import split_counts
from htrdata.building.manifest_writer import to_batch
from htrdata.building.page_cutting import ManifestRow
from htrdata.records import Reason, Word


def row(split: str | None, text: str | None, reason: Reason | None = None, unknown: str = "") -> ManifestRow:
    return ManifestRow("p", split, Word("w", text or "?"), reason, text, unknown)


def test_counts_add_up_over_batches_with_several_splits() -> None:
    tally = Tally()
    first = [row("test", "Été"), row("train", "one"), row("train", None, Reason.OUT_OF_CHARSET, "ßßœ")]
    second = [row(None, None, Reason.NOT_IN_SPLIT), row("train", "I,", unknown="ß"), row("test", None, Reason.TOO_LONG)]
    for rows in (first, second, []):
        tally.add(to_batch(rows, "d", "word", []))
    assert list(tally.splits) == ["train", "test", None]
    train, test, none = tally.splits.values()
    assert (train.words, train.kept, train.dropped) == (3, 2, {"out_of_charset": 1})
    assert train.unknown == {"ß": 3, "œ": 1}
    assert train.characters == dict.fromkeys("oneI,", 1)
    assert (test.words, test.kept, test.dropped) == (2, 1, {"too_long": 1})
    assert test.characters == {"É": 1, "t": 1, "é": 1}
    assert (none.words, none.kept, none.dropped) == (1, 0, {"not_in_split": 1})
    # Lower case counts as known where the charset folds it; the comma is in one of the two.
    assert [split_counts(1, counts).labels_outside for counts in (train, test, none)] == [
        {"alnum": 1, "printable": 0},
        {"alnum": 1, "printable": 1},
        {"alnum": 0, "printable": 0},
    ]
    total = tally.total
    assert (total.words, total.kept) == (6, 3)
    counts = split_counts(4, total)
    assert (counts.pages, counts.words, counts.kept) == (4, 6, 3)
    assert list(counts.dropped.items()) == [("not_in_split", 1), ("too_long", 1), ("out_of_charset", 1)]
    assert list(counts.unknown_characters.items()) == [("ß", 3), ("œ", 1)]
    assert counts.labels_outside == {"alnum": 2, "printable": 1}
