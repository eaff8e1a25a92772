"""Lists of pages, an id a line: those that several people have got, so that their figures are of the same words.

Pages of Imgur5K vanish from the web, and everybody who fetches them gets others. Whoever builds with the same list of
pages, all of which are there, builds the same store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from htrdata.errors import BadDataError, SourceMissingError
from htrdata.labels import visible
from htrdata.records import Page, Reason
from htrdata.sources.lines import read_lines


def read_page_lists(paths: Iterable[Path]) -> frozenset[str] | None:
    """The ids that stand in every one of the lists; None where there is no list.

    Raises:
        SourceMissingError: a list is not there.
        BadDataError: a list is no UTF-8 or holds no id, or the lists have none in common.
    """
    common: frozenset[str] | None = None
    for path in paths:
        try:
            ids = frozenset(line.strip() for _, line in read_lines(path))
        except (FileNotFoundError, IsADirectoryError):
            raise SourceMissingError(f"no list of pages {path}: give a file with a page id a line") from None
        if not ids:
            raise BadDataError(f"{path} lists no page: give a file with a page id a line")
        common = ids if common is None else common & ids
        if not common:
            raise BadDataError(f"no page of {path} stands in the lists before it, too: nothing would be left")
    return common


def page_digest(ids: Collection[str]) -> str:
    """SHA-256, in hex, of the ids in the order of their code points, each with a line feed: that of a sorted list."""
    return hashlib.sha256("".join(f"{page_id}\n" for page_id in sorted(set(ids))).encode()).hexdigest()


def restricted(pages: Iterable[Page], only: frozenset[str]) -> Iterator[Page]:
    """Rules out the words of pages that are not listed (``excluded_page``).

    Raises:
        BadDataError: pages are listed that do not come.
    """
    unknown = set(only)
    for page in pages:
        unknown.discard(page.id)
        # Without its image: what is built must not depend on which of the pages left out happen to be there.
        yield page if page.id in only else replace(page, image=None, reason=page.reason or Reason.EXCLUDED_PAGE)
    if unknown:
        named = ", ".join(map(visible, sorted(unknown)[:3])) + (", …" if len(unknown) > 3 else "")
        raise BadDataError(
            f"of {len(only):,} pages listed {len(unknown):,} are not in the annotations: {named}; give ids as they "
            "stand in dataset_info"
        )
