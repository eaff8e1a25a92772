"""The report of a build: a table for the terminal and a page for the browser, both from ``dataset.json``."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Iterator, Sequence, Sized
from pathlib import Path
from typing import Any

import jinja2

from htrdata.building.published_counts import difference_lines
from htrdata.labels import CHARSETS
from htrdata.records import SPLITS, Reason
from htrdata.store.shards import Shard

_CROPS_PER_SPLIT = 24

_OUTSIDE_NOTE = "outside: kept labels with characters that AttentionHTR's two charsets lack"


def summary(document: dict[str, Any]) -> str:
    """The counts of a data set, or of what a build would make, as text of at most 80 columns.

    Args:
        document: ``dataset.json``, or what `htrdata.building.describing.describe_counts` gives of a build that was not
            made.
    """
    remarks = [_OUTSIDE_NOTE]
    remarks += [f"{split}: not built, there are no words for it" for split in document["missing_splits"]]
    remarks += _unknown_characters(document)
    remarks += difference_lines(document["differences"])
    remarks += leak_lines(document)
    lines = list(_table(document))
    for remark in remarks:
        indent = " " * (len(remark) - len(remark.lstrip()) + 2)
        lines += textwrap.wrap(remark, width=80, subsequent_indent=indent, break_on_hyphens=False)
    if "content_digest" in document:
        lines.append(f"content digest {document['content_digest']}")
    return "\n".join(lines)


def _table(document: dict[str, Any]) -> Iterator[str]:
    splits: dict[str, Any] = document["splits"]
    rows = table_rows(splits)
    width = max(len(label) for label in (document["name"], *(label for label, _ in rows)))
    columns = [*splits, "all"] if len(splits) > 1 else list(splits)
    yield f"{document['name']:{width}}" + "".join(f"{name:>10}" for name in columns)
    for label, counts in rows:
        total = document["pages"] if label == "pages" else sum(counts)  # a page may stand in several splits
        cells = [*counts, total] if len(splits) > 1 else counts
        yield f"{label:{width}}" + "".join(f"{count:>10,}" for count in cells)


def table_rows(splits: dict[str, Any]) -> list[tuple[str, list[int]]]:
    """The lines of the table of counts: a name and one count per split."""
    found = list(splits.values())
    rows = [(name, [split[name] for split in found]) for name in ("pages", "words", "kept")]
    rows.append(("dropped", [split["words"] - split["kept"] for split in found]))
    for reason in Reason:
        counts = [split["dropped"].get(reason, 0) for split in found]
        if any(counts):
            rows.append((f"  {reason}", counts))
    for name in CHARSETS:
        rows.append((f"outside {name}", [split["labels_outside"][name] for split in found]))
    return rows


def _unknown_characters(document: dict[str, Any]) -> list[str]:
    total: dict[str, int] = {}
    for split in document["splits"].values():
        for character, count in split["unknown_characters"].items():
            total[character] = total.get(character, 0) + count
    if not total:
        return []
    listed = [f"{c} {n}" for c, n in sorted(total.items(), key=lambda item: (-item[1], item[0]))]
    shown = "  ".join(listed[:12])
    more = f"  and {len(listed) - 12} more" if len(listed) > 12 else ""
    return [f"characters outside the charset, with words: {shown}{more}"]


def leak_lines(document: dict[str, Any]) -> list[str]:
    """What to say of pages and writers that stand in more than one split."""
    leaks = document["leaks"]
    lines = []
    if leaks["ids"]:
        lines.append(f"in more than one split: {_count(leaks['ids'], 'page id')} ({_some(leaks['ids'])})")
    if leaks["copies"]:
        named = [" = ".join(f"{split}/{page}" for split, page in group) for group in leaks["copies"]]
        lines.append(f"the same bytes in more than one split: {_count(named, 'group')} of pages ({_some(named)})")
    if lines:
        takes = "has taken" if document["options"]["dedup"] else "takes"
        lines.append(f"--dedup {takes} such pages from train and val; dataset.json lists them")
    if leaks["writers"]:
        lines.append(f"in more than one split: {_count(leaks['writers'], 'writer')} ({_some(leaks['writers'])})")
    return lines


def _count(things: Sized, name: str) -> str:
    return f"{len(things):,} {name}{'' if len(things) == 1 else 's'}"


def _some(names: Sequence[str] | dict[str, Any]) -> str:
    return ", ".join(list(names)[:2]) + (", …" if len(names) > 2 else "")


def write_report(path: Path, document: dict[str, Any], store: Path) -> None:
    """Writes the report as one HTML page that needs nothing else: counts, leaks, and crops from the shards.

    Args:
        path: of the page.
        document: ``dataset.json``.
        store: the folder below which the shards stand.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("htrdata.building"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    page = environment.get_template("report.html").render(
        document=document,
        rows=table_rows(document["splits"]),
        note=_OUTSIDE_NOTE,
        leaks=leak_lines(document),
        differences=difference_lines(document["differences"]),
        crops={split: list(_crops(document, split, store)) for split in SPLITS if split in document["splits"]},
    )
    path.write_text(page, encoding="utf-8")


def _crops(document: dict[str, Any], split: str, store: Path) -> Iterator[tuple[str, str]]:
    """Some words of a split, evenly spread: the crop as a data URL, and the label."""
    shards = [folder for folder, shard in document["shards"].items() if shard["split"] == split]
    words = sum(document["shards"][folder]["words"] for folder in shards)
    wanted = range(0, words, max(1, -(-words // _CROPS_PER_SPLIT)))
    before = 0
    for folder in shards:
        shard = Shard(store / folder)
        for position in wanted:
            if before <= position < before + len(shard):
                image = shard.image(position - before + 1)
                kind = "png" if image.startswith(b"\x89PNG") else "jpeg"
                label = shard.label(position - before + 1)
                yield f"data:image/{kind};base64,{base64.b64encode(image).decode()}", label
        before += len(shard)
