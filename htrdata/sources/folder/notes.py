"""What a person should know of how a folder was read: sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from htrdata.images.endings import unread_note
from htrdata.records import Unit
from htrdata.records.counting import plural
from htrdata.sources.folder.finding import FolderListing
from htrdata.sources.folder.readings import Reading
from htrdata.sources.folder.several_pages import several_pages
from htrdata.sources.folder.splitting import Dealt, Placed
from htrdata.sources.folder.texts_beside import TextsBeside
from htrdata.sources.unseen import UNSEEN


def notes_of(listing: FolderListing, reading: Reading, words: Sequence[Placed], unit: Unit) -> Iterator[str]:
    """What else is to be said of a folder.

    Args:
        listing: what is in it.
        reading: the tables that are read.
        words: of them.
        unit: what a person says that an image shows.
    """
    for part in reading:
        if part.table.left_out:
            yield f"{part.name}: {', '.join(part.table.left_out)} holds bytes, which no manifest can, and is left out"
    for part in reading:
        if isinstance(part.table, TextsBeside) and part.name == ".txt" and (alone := part.table.alone):
            yield f"{plural(len(alone), 'text has', 'texts have')} no image ({alone[0]}{', …' if alone[1:] else ''})"
    yield from listing.told
    if listing.looked_into:
        one = plural(len(listing.looked_into), "archive is read where it lies", "archives are read where they lie")
        yield f"{one} ({_few(listing.looked_into)})"
    if listing.archives:
        one = plural(len(listing.archives), "archive is", "archives are")
        yield (
            f"{one} not looked into ({_few(listing.archives)}), as there are images with their texts beside: "
            "name one as PATH to have it read"
        )
    if listing.unread:
        yield unread_note(listing.unread)
    named = len({word.word.image for word in words if hasattr(word.word.image, "below")})
    if 0 < named < listing.images:
        yield f"{plural(listing.images - named, 'image has', 'images have')} no text: left alone"
    unseen = [(sign[0], word.word.id) for word in words if (sign := UNSEEN.search(word.word.text.strip()))]
    if unseen:
        character, first = unseen[0]
        yield (
            f"{plural(len(unseen), 'text has', 'texts have')} signs that nobody sees, which are learnt and counted as "
            f"others are (U+{ord(character):04X} in {first}{', …' if unseen[1:] else ''}): take them out of the texts"
        )
    yield from several_pages([word.word for word in words])
    if unit == "word" and 2 * sum(" " in word.word.text.strip() for word in words) > len(words):
        yield "most texts have spaces: if these are lines, --unit line says so"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def nowhere(words: Sequence[Placed], dealt: Dealt) -> Iterator[str]:
    """What of the words is in no split, as others are, though nothing is wrong with it."""
    left = [placed.word.id for placed, split in zip(words, dealt.splits, strict=True) if _lost(placed, split)]
    if left:
        yield (
            f"{plural(len(left), 'word is', 'words are')} given no split, as others are, and left out ({left[0]}"
            f"{', …' if len(left) > 1 else ''}): give them one, or deal all out anew, such as by --splits name"
        )


def _lost(placed: Placed, split: str | None) -> bool:
    """Whether a word is left out for want of a split alone."""
    return split is None and placed.word.reason is None
