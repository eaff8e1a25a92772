"""Pages and writers in more than one split: what a model saw in training must not be what it is judged by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from htrdata.records import SPLITS, Leaks, Page, Reason


def find_leaks(pages: Iterable[Page]) -> Leaks:
    """Finds the ids, the writers and, by MD5 where the source gives it, the bytes that are in more than one split."""
    splits_of_id: dict[str, set[str]] = defaultdict(set)
    splits_of_writer: dict[str, set[str]] = defaultdict(set)
    pages_of_md5: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for page in pages:
        if page.split is not None:
            splits_of_id[page.id].add(page.split)
            for writer in dict.fromkeys(word.writer for word in page.words if word.writer is not None):
                splits_of_writer[writer].add(page.split)
            if page.md5 is not None:
                pages_of_md5[page.md5].add((page.split, page.id))
    copies = [
        tuple(sorted(group, key=lambda page: (SPLITS.index(page[0]), page[1])))
        for group in pages_of_md5.values()
        if len({split for split, _ in group}) > 1 and len({page_id for _, page_id in group}) > 1
    ]
    return Leaks(_in_several(splits_of_id), tuple(copies), _in_several(splits_of_writer))


def _in_several(splits: dict[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(sorted(found, key=SPLITS.index)) for name, found in splits.items() if len(found) > 1}


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
