"""The report of a build: a table for the terminal and a page for the browser, both from its description."""

from __future__ import annotations

import base64
import dataclasses
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import jinja2

from htrdata.building.leaks import clean_lines, leak_lines
from htrdata.building.published_counts import difference_lines
from htrdata.files.writing import replace_durably
from htrdata.labels import CHARSETS
from htrdata.records import SPLITS, Reason
from htrdata.store.description import Counts, Description, RecordedOptions, ShardRecord, SplitCounts
from htrdata.store.digests import content_digest
from htrdata.store.shards import Shard

_CROPS_PER_SPLIT = 24

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
    remarks += _corrected(counts)
    remarks += unannotated_lines(counts)
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


def _corrected(counts: Counts) -> list[str]:
    if counts.corrections is None:
        return []
    flagged = sum(split.dropped.get(Reason.FLAGGED, 0) for split in counts.splits.values())
    of_these = f", {flagged:,} of them flagged and left out" if flagged else ""
    return [f"corrections: {counts.corrections.words:,} words{of_these}; the manifest has both texts"]


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
    return [f"drawn by a program: {counts.drawn}; this is no handwriting of people"] if counts.drawn else []


def unannotated_lines(counts: Counts) -> list[str]:
    """What to say of pages that are listed for a split, and of which the annotations know nothing."""
    listed = []
    for split, missing in counts.unannotated.items():
        annotated = counts.splits[split].pages if split in counts.splits else 0
        listed.append(f"{split} {missing:,} of {missing + annotated:,}")
    return [f"listed for a split, but without annotations: {', '.join(listed)} pages"] if listed else []


def _unknown_characters(counts: Counts) -> list[str]:
    total: Counter[str] = Counter()
    for split in counts.splits.values():
        total.update(split.unknown_characters)
    if not total:
        return []
    listed = [f"{c} {n}" for c, n in sorted(total.items(), key=lambda item: (-item[1], item[0]))]
    shown = "  ".join(listed[:12])
    more = f"  and {len(listed) - 12} more" if len(listed) > 12 else ""
    return [f"characters outside the charset, with words: {shown}{more}", _UNKNOWN_NOTE]


def write_report(path: Path, counts: Counts, shards: Mapping[str, ShardRecord], store: Path) -> None:
    """Writes the report as one HTML page that needs nothing else: counts, leaks, and crops from the shards.

    Args:
        path: of the page.
        counts: of the data set.
        shards: of the data set, by folder below the store, in order.
        store: the folder below which the shards stand.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("htrdata.building"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    page = environment.get_template("report.html").render(
        counts=counts,
        rows=table_rows(counts.splits),
        note=_OUTSIDE_NOTE,
        divided=division_lines(counts),
        drawn=drawn_lines(counts),
        unannotated=unannotated_lines(counts),
        leaks=[*leak_lines(counts), *clean_lines(counts)],
        differences=difference_lines(counts.differences),
        crops={split: list(_crops(split, shards, store)) for split in SPLITS if split in counts.splits},
        options=_options(counts.options),
        content_digest=content_digest({folder: shard.content_digest for folder, shard in shards.items()}),
    )
    replace_durably(path, page.encode())


def _options(options: RecordedOptions) -> list[tuple[str, object]]:
    named = {field.name: getattr(options, field.name) for field in dataclasses.fields(options)}
    charset = named.pop("charset")
    named["normalise"] = ", ".join(options.normalise) or "none"
    return [*named.items(), ("charset", "all" if charset is None else charset.name)]


def _crops(split: str, shards: Mapping[str, ShardRecord], store: Path) -> Iterator[tuple[str, str]]:
    """Some words of a split, evenly spread: the crop as a data URL, and the label."""
    folders = [folder for folder, shard in shards.items() if shard.split == split]
    words = sum(shards[folder].words for folder in folders)
    wanted = range(0, words, max(1, -(-words // _CROPS_PER_SPLIT)))
    before = 0
    for folder in folders:
        shard = Shard(store / folder)
        for position in wanted:
            if before <= position < before + len(shard):
                image = shard.image(position - before + 1)
                kind = "png" if image.startswith(b"\x89PNG") else "jpeg"
                label = shard.label(position - before + 1)
                yield f"data:image/{kind};base64,{base64.b64encode(image).decode()}", label
        before += len(shard)
