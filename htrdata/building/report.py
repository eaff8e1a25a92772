"""The report of a build for a terminal, from its description; `htrdata.building.reporting` makes the page."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping

from htrdata.building.leaks import leak_lines
from htrdata.building.published_counts import difference_lines
from htrdata.labels import CHARSETS, named
from htrdata.records import Reason, how_drawn
from htrdata.records.counting import plural
from htrdata.store.description import Counts, Description, SplitCounts

_UNKNOWN_NOTE = "--charset FILE takes them in; --on-unknown simplify or strip keeps words without them"
_OUTSIDE_NOTE = "outside: kept labels with characters that AttentionHTR's two charsets lack"


def summary(counts: Counts) -> str:
    """The counts of a data set, or of what a build would make, as text of at most 80 columns.

    Args:
        counts: what ``dataset.json`` says, or `htrdata.building.describing.describe_counts` of a build that was not
            made.
    """
    remarks = [_OUTSIDE_NOTE, *division_lines(counts)]
    remarks += [f"{split}: not built, there are no words for it" for split in counts.missing_splits]
    remarks += drawn_lines(counts)
    remarks += corrected_lines(counts)
    remarks += unannotated_lines(counts)
    remarks += resized_lines(counts)
    remarks += _unknown_characters(counts)
    remarks += difference_lines(counts.differences)
    remarks += leak_lines(counts)
    lines = list(_table(counts))
    for remark in remarks:
        indent = " " * (len(remark) - len(remark.lstrip()) + 2)
        lines += textwrap.wrap(remark, width=80, subsequent_indent=indent, break_on_hyphens=False)
    if isinstance(counts, Description):
        lines.append(f"content digest {counts.content_digest}")
    return "\n".join(lines)


def corrected_lines(counts: Counts) -> list[str]:
    """What to say of labels that were put right before the build."""
    if counts.corrections is None:
        return []
    flagged = sum(split.dropped.get(Reason.FLAGGED, 0) for split in counts.splits.values())
    of_these = f", {flagged:,} of them flagged and left out" if flagged else ""
    return [f"corrections: {plural(counts.corrections.words, 'word')}{of_these}; the manifest has both texts"]


def _table(counts: Counts) -> Iterator[str]:
    rows = table_rows(counts.splits)
    width = max(len(label) for label in (counts.name, *(label for label, _ in rows)))
    columns = [*counts.splits, "all"] if len(counts.splits) > 1 else list(counts.splits)
    yield f"{counts.name:{width}}" + "".join(f"{name:>10}" for name in columns)
    for label, numbers in rows:
        total = counts.pages if label == "pages" else sum(numbers)  # a page may stand in several splits
        cells = [*numbers, total] if len(counts.splits) > 1 else numbers
        yield f"{label:{width}}" + "".join(f"{count:>10,}" for count in cells)


def table_rows(splits: Mapping[str, SplitCounts]) -> list[tuple[str, list[int]]]:
    """The lines of the table of counts: a name and one count per split."""
    found = list(splits.values())
    rows = [
        ("pages", [split.pages for split in found]),
        ("words", [split.words for split in found]),
        ("kept", [split.kept for split in found]),
        ("dropped", [split.words - split.kept for split in found]),
    ]
    for reason in Reason:
        counts = [split.dropped.get(reason, 0) for split in found]
        if any(counts):
            rows.append((f"  {reason}", counts))
    for name in CHARSETS:
        rows.append((f"outside {name}", [split.labels_outside.get(name, 0) for split in found]))
    return rows


def division_lines(counts: Counts) -> list[str]:
    """How the pages were dealt out, where that is a choice."""
    return [] if counts.division.scheme == "published" else [f"splits: {counts.division}"]


def drawn_lines(counts: Counts) -> list[str]:
    """What to say of words that are not, or not as they are, people's handwriting."""
    return [how_drawn(counts.drawn)] if counts.drawn else []


def unannotated_lines(counts: Counts) -> list[str]:
    """What to say of pages that are listed for a split, and of which the annotations know nothing."""
    listed = []
    for split, missing in counts.unannotated.items():
        annotated = counts.splits[split].pages if split in counts.splits else 0
        listed.append(f"{split} {missing:,} of {missing + annotated:,}")
    return [f"listed for a split, but without annotations: {', '.join(listed)} pages"] if listed else []


def resized_lines(counts: Counts) -> list[str]:
    """What to say of pictures of another size than their annotations are for."""
    words = sum(split.dropped.get(Reason.SIZE_MISMATCH, 0) for split in counts.splits.values())
    if not words:
        return []
    told = f"size_mismatch: {plural(words, 'word')} on pictures of"
    if "scaled" in counts.settings:
        return [f"{told} other proportions than theirs"]
    return [f"{told} another size than theirs; --scaled takes pictures that are copies of the same proportions"]


def _unknown_characters(counts: Counts) -> list[str]:
    total: Counter[str] = Counter()
    for split in counts.splits.values():
        total.update(split.unknown_characters)
    if not total:
        return []
    listed = [f"{named(c)} {n}" for c, n in sorted(total.items(), key=lambda item: (-item[1], item[0]))]
    shown = "  ".join(listed[:12])
    more = f"  and {len(listed) - 12} more" if len(listed) > 12 else ""
    return [f"characters outside the charset, with words: {shown}{more}", _UNKNOWN_NOTE]
