"""What a description says that the rows of its manifest tell, too: pages, labels and sizes.

Stores of format 1 have no digest of their description: there it is all that tells of a change in these fields.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from htrdata.labels import CHARSETS, Charset
from htrdata.records import Reason
from htrdata.store.columns import counted, numbers, strings
from htrdata.store.description import Description
from htrdata.store.manifest import KEPT

_AGAIN = {Reason.DUPLICATE_ID, Reason.DUPLICATE_PAGE}


def misdescribed(about: Description, manifest: pa.Table) -> Iterator[str]:
    """Where pages and labels of the manifest are not as described, a sentence each.

    Args:
        about: the description.
        manifest: with the columns ``split``, ``status``, ``page`` and ``text``.
    """
    yield from _pages(about, manifest)
    kept = manifest.filter(pc.equal(manifest["status"], strings([KEPT])[0]))
    yield from _labels(about, kept)


def too_high(about: Description, manifest: pa.Table) -> Iterator[str]:
    """Whether crops are higher than any that the described options make.

    Args:
        about: the description.
        manifest: with the columns ``status`` and ``height``.
    """
    kept = pc.equal(manifest["status"], strings([KEPT])[0])
    heights = manifest["height"].filter(kept).combine_chunks()
    if heights.null_count or (len(heights) and not 0 < numbers(heights).max() <= (about.options.height or 2**31)):
        yield f"{about.name}: the manifest has crops higher than the option height, {about.options.height}"


def _pages(about: Description, manifest: pa.Table) -> Iterator[str]:
    pages = Counter(split or "none" for (split, page), _ in counted(manifest, ["split", "page"]) if page is not None)
    for split, counts in about.splits.items():
        # A page that comes a second time counts again, and its words are dropped.
        again = not _AGAIN.isdisjoint(counts.dropped)
        if pages[split] > counts.pages or (pages[split] < counts.pages and not again):
            yield f"{about.name}: the manifest has {pages[split]:,} pages in {split}, recorded are {counts.pages:,}"
    if (everywhere := len(counted(manifest, ["page"]))) != about.pages:
        yield f"{about.name}: the manifest has {everywhere:,} pages, recorded are {about.pages:,}"


def _labels(about: Description, kept: pa.Table) -> Iterator[str]:
    """Compares each label once, however many words have it."""
    options = about.options
    charset = None if options.charset is None else Charset("", options.charset.characters, options.charset.folds_case)
    outside: dict[str, Counter[str]] = defaultdict(Counter)
    strange = too_long = 0
    for (split, text), count in counted(kept, ["split", "text"]):
        for name, known in CHARSETS.items():
            outside[split or "none"][name] += count if known.missing(text or "") else 0
        strange += count if charset is not None and charset.missing(text or "") else 0
        too_long += count if options.max_length is not None and len(text or "") > options.max_length else 0
    for split, counts in about.splits.items():
        found, recorded = {name: outside[split][name] for name in CHARSETS}, dict(counts.labels_outside)
        if found != recorded:
            yield f"{about.name}: labels outside of charsets in {split} are {found}, recorded are {recorded}"
    if strange:
        yield f"{about.name}: {strange:,} labels have characters outside of the charset that is recorded"
    if too_long:
        yield f"{about.name}: {too_long:,} labels are longer than the option max_length, {options.max_length}"
