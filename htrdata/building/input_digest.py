"""The digest over all that a source says, taken of its pages as they go by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from htrdata.errors import BadDataError
from htrdata.records import Page

LONGEST_NAME = 10_000
"""Characters of an id, a writer, or a column of a source."""


def digested(pages: Iterable[Page], add: Callable[[bytes], None]) -> Iterator[Page]:
    """Adds to a digest everything that the source says, and the sizes of the images, but not where they lie.

    Each page then goes on to whoever is next, who must take them all. A source that makes its words when they are
    looked at makes them for both, but one right after the other: what it remembers of the page it need not make again.

    Args:
        pages: of a source.
        add: to the digest, in pieces.

    Raises:
        BadDataError: a name is longer than `LONGEST_NAME`.
    """
    for page in pages:
        _refuse_long_names(page, page.id)
        if page.words:
            size = page.image.size() if page.image is not None else None
            known_page = (page.id, page.split, page.md5, page.reason, size)
            add(repr(known_page if page.size is None else (*known_page, page.size)).encode())
        for word in page.words:
            _refuse_long_names(page, word.id, word.writer, *word.extra.values())
            size = word.image.size() if word.image is not None else None
            box = word.box and (word.box.xc, word.box.yc, word.box.w, word.box.h, word.box.angle)
            known = (word.id, word.text, box, word.reason, word.writer, size, sorted(word.extra.items()))
            add(repr(known if word.ink_threshold is None else (*known, word.ink_threshold)).encode())
            if word.outline is not None:
                add(word.outline.packed)
            if word.baseline is not None:
                add(b"baseline" + word.baseline.packed)
        yield page


def _refuse_long_names(page: Page, *names: str | None) -> None:
    """Each row of the manifest has the names of its page, writer and so on: a long one would be there a thousand times.

    Raises:
        BadDataError: a name is longer than `LONGEST_NAME`.
    """
    for name in names:
        if name is not None and len(name) > LONGEST_NAME:
            raise BadDataError(
                f"page {page.id[:40]!r} has a name of {len(name):,} characters, {name[:40]!r}…: ids, writers and "
                f"columns have at most {LONGEST_NAME:,}; correct it in the source"
            )
