"""Which pages a document has, as a METS file beside them lists them (Library of Congress, METS 1.12).

Transkribus and eScriptorium write one: its ``fileSec`` has a name for each file, and a ``structMap`` a ``div`` for each
page that points to the page's files, its picture and its ALTO or PAGE.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from htrdata.sources.names import alike
from htrdata.sources.xml.tree import children, local

_TOLD = 5  # pages that are spelled out


@dataclass(frozen=True, slots=True)
class Mets:
    """A METS file.

    Attributes:
        below: its path in the export.
        pages: the names of the files of each page, in order; the last parts of their paths, in lower case.
    """

    below: PurePosixPath
    pages: tuple[tuple[str, ...], ...]

    def missing(self, found: Collection[PurePosixPath]) -> list[str]:
        """The pages that no file was found for, each by the name of its ALTO or PAGE file, or of its picture.

        Args:
            found: the ALTO and PAGE files of the export, by their paths.
        """
        near = [one for one in found if one.is_relative_to(self.below.parent)]
        names, stems = {alike(one.name) for one in near}, {alike(one.stem) for one in near}
        return [_name(page) for page in self.pages if not _is_there(page, names, stems)]

    def remark(self, found: Collection[PurePosixPath]) -> str | None:
        """What a person should know of it: a sentence; None where all of its pages are there."""
        missing = self.missing(found)
        if not missing:
            return None
        more = f" and {len(missing) - _TOLD:,} more" if len(missing) > _TOLD else ""
        return (
            f"{self.below} lists {len(self.pages):,} pages, and of {len(missing):,} there is no ALTO or PAGE file: "
            f"{', '.join(missing[:_TOLD])}{more}; export the document again with its transcriptions, or leave them out"
        )


def read_mets(root: Element, below: PurePosixPath) -> Mets:
    """Takes the pages from a METS file; there are none where it has no ``structMap`` that points to files."""
    places = {file.get("ID", ""): _place(file) for file in root.iter() if local(file) == "file"}
    longest: list[tuple[str, ...]] = []
    for structure in root.iter():
        if local(structure) == "structMap":
            longest = max(longest, list(_pages(structure, places)), key=len)
    return Mets(below, tuple(longest))


def _place(file: Element) -> str:
    """The last part of where a file is, in lower case; empty where it is not said."""
    for location in children(file, "FLocat"):
        link = next((value for name, value in location.items() if name.rpartition("}")[2] == "href"), "")
        return alike(unquote(re.split(r"[\\/]", link)[-1]))
    return ""


def _pages(structure: Element, places: dict[str, str]) -> Iterator[tuple[str, ...]]:
    for div in structure.iter():
        if local(div) != "div":
            continue
        pointers = [one for pointer in children(div, "fptr") for one in pointer.iter()]
        names = [places.get(one.get("FILEID", ""), "") for one in pointers]
        if named := tuple(name for name in dict.fromkeys(names) if name):
            yield named


def _is_there(page: Sequence[str], names: set[str], stems: set[str]) -> bool:
    written = [name for name in page if name.endswith(".xml")]
    return not names.isdisjoint(written) if written else any(PurePosixPath(name).stem in stems for name in page)


def _name(page: Sequence[str]) -> str:
    return next((name for name in page if name.endswith(".xml")), page[0])
