"""Which of the pictures that stand in more than one split are shown."""

from __future__ import annotations

from dataclasses import dataclass

from htrdata.store.description import Counts

_GROUPS, _MEMBERS = 6, 4


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures that are the same, or nearly.

    Attributes:
        how: what they have in common.
        members: split and id of each.
        of_pages: whether they may be pages; else they are words.
    """

    how: str
    members: tuple[tuple[str, str], ...]
    of_pages: bool


def groups_shown(counts: Counts) -> list[Group]:
    """Some groups of each kind: pages of one id or picture, words of one picture, and what looks nearly the same."""
    leaks = counts.leaks
    ids = [tuple((split, page) for split in splits) for page, splits in leaks.ids.items()]
    kinds = (
        ("a page under one id in more than one split", ids, True),
        ("pages with the same picture", leaks.copies, True),
        ("words with the same picture", leaks.words, False),
        ("nearly the same picture", leaks.alike, True),
    )
    return [
        Group(how, tuple(group[:_MEMBERS]), of_pages) for how, groups, of_pages in kinds for group in groups[:_GROUPS]
    ]
