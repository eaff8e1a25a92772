"""Pages and writers in more than one split: what a model saw in training must not be what it is judged by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from htrdata.records import SPLITS, Leaks, Page, Reason


def find_leaks(pages: Iterable[Page]) -> Leaks:
    """Finds the ids, the writers and, by MD5 where the source gives it, the bytes that are in more than one split."""
    ids, writers = _Places(), _Places()
    pages_of_md5: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for page in pages:
        if page.split is not None:
            ids.add(page.id, page.split)
            for writer in dict.fromkeys(word.writer for word in page.words if word.writer is not None):
                writers.add(writer, page.split)
            if page.md5 is not None:
                pages_of_md5[page.md5].add((page.split, page.id))
    copies = [
        tuple(sorted(group, key=lambda page: (SPLITS.index(page[0]), page[1])))
        for group in pages_of_md5.values()
        if len({split for split, _ in group}) > 1 and len({page_id for _, page_id in group}) > 1
    ]
    return Leaks(ids.in_several, tuple(copies), writers.in_several)


class _Places:
    """The splits that names are in: a set for those alone that are in several, of a million pages or more."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._several: dict[str, set[str]] = {}

    def add(self, name: str, split: str) -> None:
        first = self._first.setdefault(name, split)
        if first != split:
            self._several.setdefault(name, {first}).add(split)

    @property
    def in_several(self) -> dict[str, tuple[str, ...]]:
        """The names that are in several splits, in the order in which they came, with the splits in theirs."""
        listed = (name for name in self._first if name in self._several)
        return {name: tuple(sorted(self._several[name], key=SPLITS.index)) for name in listed}


def drop_leaked(pages: Sequence[Page]) -> list[Page]:
    """Marks as duplicates the pages of train that also stand in val or test, and those of val that stand in test."""
    splits: dict[str, set[str]] = defaultdict(set)
    for page in pages:
        if page.split is not None:
            for key in _keys(page):
                splits[key].add(page.split)

    def leaked(page: Page) -> bool:
        later = SPLITS[SPLITS.index(page.split) + 1 :] if page.split is not None else ()
        return any(not splits[key].isdisjoint(later) for key in _keys(page))

    return [replace(page, reason=page.reason or Reason.DUPLICATE_PAGE) if leaked(page) else page for page in pages]


def _keys(page: Page) -> list[str]:
    return [f"id {page.id}"] + ([f"md5 {page.md5}"] if page.md5 is not None else [])
