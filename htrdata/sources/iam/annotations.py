"""The annotations of IAM, each kind by itself: how much it covers, and what it says of words or lines."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from htrdata.errors import BadDataError
from htrdata.records import Unit, Word
from htrdata.sources.iam.embedded import Samples
from htrdata.sources.iam.files import IamFiles, read_bounded
from htrdata.sources.iam.lists import ids, read_words, read_writers
from htrdata.sources.iam.names import FORM_ID, LINE_ID, WORD_ID
from htrdata.sources.iam.xml import read_form

Annotations = Literal["xml", "png", "ascii"]
"""Files of forms, the same in the images of words, or lists; the first of those that cover as many forms is taken."""

Digests = dict[str, bytes]
"""Of the XML of forms: where two are the same there is no need to compare their words."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Annotations of one kind, before they are read.

    Attributes:
        kind: which one.
        name: what messages call them.
        forms: how many forms they cover.
        read: yields the id of a form and a word of it, all words of all forms. It takes digests of XML: forms that have
            one of these are left out; and a place for those of all forms.
    """

    kind: Annotations
    name: str
    forms: int
    read: Callable[[Mapping[str, bytes], Digests], Iterator[tuple[str, Word]]]


def xml_listing(files: IamFiles, unit: Unit) -> Listing:
    """The files of forms."""
    forms = files.ids("xml")
    return Listing("xml", "the XML files", len(forms), lambda known, digests: _xml(files.xml(), unit, known, digests))


def png_listing(samples: Samples, unit: Unit) -> Listing:
    """The XML in images."""
    name = "the XML in the images"
    return Listing("png", name, len(samples), lambda known, digests: _xml(samples.forms(), unit, known, digests))


def ascii_listing(files: IamFiles, unit: Unit) -> Listing:
    """The list with the most forms, and the most rows, of those that begin as a list of IAM does."""
    best: tuple[int, int] = (0, 0)
    chosen: tuple[str, bytes] = ("", b"")
    id_of_row = WORD_ID if unit == "word" else LINE_ID
    for file in files.listing("words" if unit == "word" else "lines"):
        data = read_bounded(file)
        rows = list(ids(data))
        if not rows or not id_of_row.fullmatch(rows[0]):
            first = repr(rows[0][:40]) if rows else "nothing"
            files.passed.append(f"{file.name} begins with {first}, not with a {unit} of IAM")
            continue
        covers = (len({row.rsplit("-", 2 if unit == "word" else 1)[0] for row in rows}), len(rows))
        passed = file.name if covers <= best else chosen[0]
        if passed:
            files.passed.append(f"{passed} lists no more than {chosen[0] if covers <= best else file.name}")
        if covers > best:
            best, chosen = covers, (file.name, data)
    name, data = chosen

    def read(_known: Mapping[str, bytes], _digests: Digests) -> Iterator[tuple[str, Word]]:
        for word in read_words(data, name, _writers(files), unit):
            yield word.id.rsplit("-", 2 if unit == "word" else 1)[0], word

    return Listing("ascii", name, best[0], read)


def _writers(files: IamFiles) -> dict[str, str]:
    writers: dict[str, str] = {}
    for file in files.listing("forms"):
        data = read_bounded(file)
        first = next(ids(data), "")
        if FORM_ID.fullmatch(first):
            writers = {**read_writers(data, file.name), **writers}
        else:
            files.passed.append(f"{file.name} begins with {first[:40]!r}, not with a form of IAM")
    return writers


def _xml(
    forms: Iterator[tuple[str, str, bytes]], unit: Unit, known: Mapping[str, bytes], digests: Digests
) -> Iterator[tuple[str, Word]]:
    for form, name, data in forms:
        digests[form] = hashlib.sha256(data).digest()
        if known.get(form) == digests[form]:
            continue
        found, words = read_form(data, name, unit)
        if found != form:
            raise BadDataError(f"{name} is the annotation of another form, {found!r}")
        for word in words:
            yield form, word
