"""Which annotations of IAM are taken where there are several: those that cover the most forms; what differs is said."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from htrdata.errors import BadDataError
from htrdata.records import Box, Unit, Word
from htrdata.sources.iam.annotations import Annotations, Digests, Listing, ascii_listing, png_listing, xml_listing
from htrdata.sources.iam.files import IamFiles
from htrdata.sources.iam.names import Kind

Forms = dict[str, list[Word]]
"""The words, or lines, of each form."""

_NEAR = 4  # pixels; the lists have boxes that are not quite those of the components


@dataclass(slots=True)
class Chosen:
    """The annotations that are taken.

    Attributes:
        kind: which ones.
        forms: what they say, in the order of the forms; None once somebody has taken it.
        remarks: which ones they are, and how others differ from them: a sentence each.
    """

    kind: Annotations
    forms: Forms | None
    remarks: tuple[str, ...]


def choose(files: IamFiles, unit: Unit, asked: Annotations | Literal["auto"], pixels: Kind) -> Chosen | None:
    """Reads the annotations: those that are asked for, else those that cover the most forms.

    Args:
        files: what there is.
        unit: what is read of it.
        asked: which ones; ``auto`` compares those that are there.
        pixels: which images are taken: these are looked into in any case.

    Returns:
        None where there are none.

    Raises:
        BadDataError: a file is not what its format promises.
    """
    listings = [listing for listing in _listings(files, unit, asked, pixels) if listing.forms]
    if not listings:
        return None
    taken = max(listings, key=lambda listing: listing.forms)  # of those that cover as many the first
    forms: Forms = {}
    digests: Digests = {}
    for form, word in _read(taken, listings, {}, digests):
        forms.setdefault(form, []).append(word)
    remarks = [f"annotations: {taken.name}, of {taken.forms:,} forms"]
    for other in (listing for listing in listings if listing is not taken):
        theirs: Digests = {}
        rows = (word for _, word in _read(other, listings, digests, theirs))
        same = (form for form in forms if form in theirs and theirs[form] == digests.get(form))
        remarks.append(f"{other.name}, of {other.forms:,} forms, {_compared(forms, rows, same, unit)}")
    if pixels != "forms":
        bare = files.seen(pixels) - {word.id for own in forms.values() for word in own}
        remarks += [f"images of {pixels} that they know nothing of: {len(bare):,} ({min(bare)})"] if bare else []
    return Chosen(taken.kind, dict(sorted(forms.items())), tuple(remarks))


def _listings(files: IamFiles, unit: Unit, asked: Annotations | Literal["auto"], pixels: Kind) -> Iterator[Listing]:
    xml = xml_listing(files, unit) if asked in ("auto", "xml") else None
    ascii = ascii_listing(files, unit) if asked in ("auto", "ascii") else None
    others = any(listing is not None and listing.forms for listing in (xml, ascii))
    if xml is not None:
        yield xml
    if asked == "png" or (asked == "auto" and (pixels != "forms" or not others)):
        # To look into all of words.tgz takes time: not for a comparison alone.
        compared = others and asked == "auto"
        kinds: tuple[Kind, ...] = (pixels,) if compared else ("words", "lines")
        yield png_listing(files.samples(kinds, of_all=not compared), unit)
    if ascii is not None:
        yield ascii


def _read(
    listing: Listing, listings: Sequence[Listing], known: Mapping[str, bytes], digests: Digests
) -> Iterator[tuple[str, Word]]:
    """The words of a listing; where a file is damaged, the message names what else there is."""
    try:
        yield from listing.read(known, digests)
    except BadDataError as error:
        others = " or ".join(f"--annotations {other.kind}" for other in listings if other is not listing)
        raise BadDataError(f"{error}; to do without, give {others}" if others else str(error)) from error


def _compared(forms: Forms, rows: Iterable[Word], same: Iterable[str], unit: Unit) -> str:
    """What other annotations say of the words of forms.

    Args:
        forms: the words that are taken.
        rows: the words of the other annotations.
        same: forms that are left out there, as they are the same; asked for when all rows have been taken.
        unit: what the words are.
    """
    words = {word.id: word for own in forms.values() for word in own}
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    both = differing = 0
    for there in rows:
        here = words.get(there.id)
        found = [(f"{unit}s that only they have", "")] if here is None else list(_differences(here, there, unit))
        both += here is not None
        differing += here is not None and bool(found)
        for what, how in found:
            counts[what] += 1
            examples.setdefault(what, there.id + how)
    both += sum(len(forms[form]) for form in same)
    told = f"say the same of {both - differing:,} of {both:,} {unit}s that both have"
    if both < len(words):
        told += f"; {unit}s that they lack: {len(words) - both:,}"
    return told + "".join(f"; {what}: {count:,} ({examples[what]})" for what, count in counts.items())


def _differences(here: Word, there: Word, unit: Unit) -> Iterator[tuple[str, str]]:
    """In what two annotations of a word differ, and how."""
    one, two = here.text, there.text
    if unit == "line":  # lists have a space before each mark
        one, two = one.replace(" ", ""), two.replace(" ", "")
    if one != two:
        yield "other texts", f": {there.text!r}, not {here.text!r}"
    if here.extra != there.extra:
        for name, value in here.extra.items():
            if there.extra[name] != value:
                yield f"other {name}", f": {there.extra[name]}, not {value}"
    if here.writer != there.writer and None not in (here.writer, there.writer):
        yield "other writers", f": {there.writer}, not {here.writer}"
    if _apart(here.box, there.box) > _NEAR:
        yield f"boxes more than {_NEAR} pixels away", ""


def _apart(here: Box | None, there: Box | None) -> float:
    """How far apart two boxes are, in pixels, in that of their measures that differs most."""
    if here is None or there is None:
        return 0 if here is there else math.inf
    one, two = (here.xc, here.yc, here.w, here.h), (there.xc, there.yc, there.w, there.h)
    return max(abs(a - b) for a, b in zip(one, two, strict=True))
