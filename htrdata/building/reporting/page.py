"""Writes the page of a build: gathers what it shows, and renders it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from htrdata.building.counts import Tally
from htrdata.building.leaks import clean_lines, leak_lines
from htrdata.building.plan import Plan
from htrdata.building.published_counts import difference_lines
from htrdata.building.report import (
    corrected_lines,
    division_lines,
    drawn_lines,
    resized_lines,
    table_rows,
    unannotated_lines,
)
from htrdata.building.reporting.captions import DOUBTS, SHEETS, SHOWN_EARLIER, caption
from htrdata.building.reporting.characters import RARE, characters_of
from htrdata.building.reporting.examples import pages_named, pages_of_rows, pictures_of
from htrdata.building.reporting.overlaps import Group, groups_shown
from htrdata.building.reporting.reasons import command_of, told_of
from htrdata.building.reporting.survey import Survey, survey
from htrdata.files.writing import replace_durably
from htrdata.records import SPLITS, Page
from htrdata.store.description import Counts, RecordedOptions, ShardRecord
from htrdata.store.digests import content_digest
from htrdata.store.html_pages.pictures import Picture, Shown, picture_of
from htrdata.store.html_pages.rendering import render
from htrdata.store.shards import Shard
from htrdata.workers import run_all

_AT_ONCE = 4
"""Pages of which a worker cuts examples in one go."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What the page is of.

    Attributes:
        plan: of the build.
        counts: of the data set.
        tally: what was counted of its words.
        shards: of the data set, by folder below the store, in order.
        manifest: its file.
        store: the folder below which the shards stand.
    """

    plan: Plan
    counts: Counts
    tally: Tally
    shards: Mapping[str, ShardRecord]
    manifest: Path
    store: Path


def write_report(path: Path, built: Reported, executor: Executor) -> None:
    """Writes the report as one HTML page of at most 5 MB that needs nothing else.

    What it shows depends on the data set alone: equal builds give equal bytes, whatever the number of workers.

    Args:
        path: of the page.
        built: what it is of.
        executor: reads the manifest, and opens some of the source's images once more.
    """
    counts = built.counts
    characters = characters_of(built.tally)
    groups = groups_shown(counts)
    names = {member for group in groups for member in group.members}
    # A worker does it: the memory for it would add to that of the plan.
    found = executor.submit(survey, built.manifest, characters.rarest, names).result()
    shown = _shown(built, found, executor)
    pages = _pages(built.plan, [group for group in groups if group.of_pages], executor)
    overlaps = [(group, _members(group, found, shown, pages)) for group in groups]
    page = render(
        "htrdata.building",
        "report.html",
        **_of_counts(built),
        **_of_words(found, shown),
        characters=characters,
        overlaps=overlaps,
        dropped=[(one, told_of(one, built.plan), _all(counts, one), rows) for one, rows in found.dropped.items()],
    )
    replace_durably(path, page.encode())


def _of_counts(built: Reported) -> dict[str, object]:
    """What the page shows of the counts, and of what the data set is made from."""
    counts = built.counts
    return {
        "counts": counts,
        "word": counts.unit,
        "splits": _splits(counts),
        "rows": table_rows(counts.splits),
        "leaks": leak_lines(counts),
        "clean": clean_lines(counts),
        "drawn": drawn_lines(counts),
        "remarks": _remarks(counts),
        "resplit": command_of(built.plan, "--resplit random", f"{counts.name}_random"),
        "dedup": command_of(built.plan, "--dedup", f"{counts.name}_dedup"),
        "options": _options(counts.options),
        "content_digest": content_digest({folder: shard.content_digest for folder, shard in built.shards.items()}),
    }


def _of_words(found: Survey, shown: Mapping[int, Shown]) -> dict[str, object]:
    """What the page shows of single words, and of all together."""
    others = [name for name in SHEETS if name not in SHOWN_EARLIER and found.sheets[name]]
    return {
        "found": found,
        "of": lambda rows: [shown[row] for row in rows],
        "example": next(shown[row].id for split in SPLITS for row in found.sheets[split]),
        "rare_below": RARE,
        "doubts": {name: SHEETS[name] for name in DOUBTS},
        "sheets": [(*SHEETS[name], found.sheets[name]) for name in others],
        "random": [(split, found.sheets[split]) for split in SPLITS if found.sheets[split]],
    }


def _remarks(counts: Counts) -> list[str]:
    said = [*division_lines(counts), *corrected_lines(counts), *unannotated_lines(counts), *resized_lines(counts)]
    return [*said, *difference_lines(counts.differences)]


def _splits(counts: Counts) -> list[tuple[str, int, int, float]]:
    """Of each split the name, the kept and the dropped words, and the share of the kept ones."""
    return [(name, one.kept, one.words - one.kept, one.kept / one.words) for name, one in counts.splits.items()]


def _all(counts: Counts, reason: str) -> int:
    return sum(split.dropped.get(reason, 0) for split in counts.splits.values())


def _shown(built: Reported, found: Survey, executor: Executor) -> dict[int, Shown]:
    """The words to show by their rows: those kept out of the shards, those dropped out of the source."""
    kept = {row: (str(word["shard"]), int(word["key"])) for row, word in found.rows.items() if word["shard"]}
    pictures: dict[int, Picture | None] = {}
    for folder in dict.fromkeys(folder for folder, _ in kept.values()):
        shard = Shard(built.store / folder)
        pictures |= {row: picture_of(shard.image(key)) for row, (of, key) in kept.items() if of == folder}
    dropped = dict(pages_of_rows(built.plan, (row for row in found.rows if row not in kept)))
    pictures |= dict(zip(dropped, _cut(dropped.values(), executor), strict=True))
    return {row: caption(word, pictures[row]) for row, word in found.rows.items()}


def _cut(pages: Iterable[Page], executor: Executor) -> list[Picture | None]:
    """Pictures of words or pages, in order; workers cut them."""
    listed = list(pages)
    jobs = [(first, listed[first : first + _AT_ONCE]) for first in range(0, len(listed), _AT_ONCE)]
    found = dict(run_all(executor, _cut_some, jobs, waiting=len(jobs) + 1))
    return [picture for first, _ in jobs for picture in found[first]]


def _cut_some(first: int, pages: list[Page]) -> tuple[int, list[Picture | None]]:
    return first, pictures_of(pages)


def _pages(plan: Plan, groups: list[Group], executor: Executor) -> dict[tuple[str, str], Shown]:
    """Pages that stand in more than one split, as they look."""
    found = pages_named(plan, {member for group in groups for member in group.members})
    pictures = _cut(found.values(), executor)
    return {
        name: Shown(name[1], None, picture, (name[0],)) for name, picture in zip(found, pictures, strict=True)
    }  # fmt: skip


def _members(
    group: Group, found: Survey, shown: Mapping[int, Shown], pages: Mapping[tuple[str, str], Shown]
) -> list[Shown]:
    members = []
    for split, name in group.members:
        word = shown.get(found.named.get((split, name), -1))
        missing = Shown(name, None, None, (split, "no longer part of the data set"))
        members.append(pages.get((split, name)) or word or missing)
    return members


def _options(options: RecordedOptions) -> list[tuple[str, object]]:
    named = {field.name: getattr(options, field.name) for field in dataclasses.fields(options)}
    charset = named.pop("charset")
    named["normalise"] = ", ".join(options.normalise) or "none"
    return [*named.items(), ("charset", "all" if charset is None else charset.name)]
