"""What stands in more than one split: put together from plan and parts, and told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized

from htrdata.building.copies import Copies
from htrdata.building.grouping import Groups, joined, ordered
from htrdata.building.plan import Plan
from htrdata.labels import legible
from htrdata.records import Leaks
from htrdata.store.description import Compared, Counts


def leaks_of(plan: Plan, copies: Copies | None) -> Leaks:
    """The overlaps of the splits, under the ids that the manifest has.

    Args:
        plan: what ids, writers and digests of the source tell.
        copies: what the pictures tell; None where they were not looked at.
    """
    found = copies or Copies()
    given = [[(split, legible(page)) for split, page in group] for group in plan.leaks.copies]
    return Leaks(
        ids={legible(page): splits for page, splits in plan.leaks.ids.items()},
        copies=_united([*given, *found.pages]) if found.pages else tuple(map(tuple, given)),
        writers={legible(writer): splits for writer, splits in plan.leaks.writers.items()},
        words=found.words,
        alike=found.alike,
    )


def compared_in(plan: Plan, copies: Copies | None) -> tuple[Compared, ...]:
    """What was compared between the splits."""
    return (*plan.compared, "pictures") if copies is not None else plan.compared


def _united(groups: Sequence[Sequence[tuple[str, str]]]) -> Groups:
    """Groups of which no two have a member in common."""
    members = sorted({member for group in groups for member in group})
    number = {member: i for i, member in enumerate(members)}
    pairs = [(number[group[0]], number[member]) for group in groups for member in group[1:]]
    return ordered([[members[i] for i in group] for group in joined(pairs)])


def leak_lines(counts: Counts) -> list[str]:
    """What to say of pages, words and writers that stand in more than one split."""
    leaks, lines = counts.leaks, []
    if leaks.ids:
        lines.append(f"in more than one split: {_count(leaks.ids, 'page id')} ({_some(leaks.ids)})")
    for what, groups in (("pages", leaks.copies), ("words", leaks.words)):
        if groups:
            lines.append(f"the same picture in more than one split: {_grouped(what, groups)}")
    if lines:
        takes = "has taken" if counts.options.dedup else "takes"
        lines.append(f"--dedup {takes} such pages and words from train and val; dataset.json lists them")
    if leaks.alike:
        lines.append(
            f"nearly the same picture in more than one split, as copies encoded anew are: "
            f"{_grouped('pages or words', leaks.alike)}; look at some, dataset.json lists them"
        )
    if leaks.writers:
        lines.append(f"in more than one split: {_count(leaks.writers, 'writer')} ({_some(leaks.writers)})")
    return lines


def clean_lines(counts: Counts) -> list[str]:
    """What to say of what was compared between the splits, and not found in two of them."""
    leaks, compared = counts.leaks, counts.compared
    without = []
    if not (leaks.ids or leaks.copies):
        without += ["page"] if "pages" in compared else []
        without += ["group of words that its source keeps together"] if "groups" in compared else []
    if "writers" in compared and not leaks.writers:
        without.append("writer")
    lines = [f"No {' and no '.join(without)} stands in more than one split."] if without else []
    if compared and "writers" not in compared:
        lines.append("Who wrote is not known of all words: whether a writer stands in more than one split is not told.")
    if "pictures" in compared and not (leaks.copies or leaks.words or leaks.alike):
        lines.append("No picture stands in more than one split under two names, neither exactly nor nearly.")
    return lines


def _grouped(what: str, groups: Groups) -> str:
    named = [" = ".join(f"{split}/{own_id}" for split, own_id in group) for group in groups]
    return f"{_count(named, 'group')} of {what} ({_some(named)})"


def _count(things: Sized, name: str) -> str:
    return f"{len(things):,} {name}{'' if len(things) == 1 else 's'}"


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:2]) + (", …" if len(listed) > 2 else "")
