"""The lines of an export that was filled: what was read, how sure, and their crops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import BadDataError
from htrdata.images.codec import decode
from htrdata.images.endings import formats_of
from htrdata.sources.xml.filling import XmlPage
from htrdata.sources.xml.image_names import Pictures
from htrdata.sources.xml.scaling import Scale, Size, scale_of
from htrdata.sources.xml.tree import local, read_tree
from htrdata.sources.xml.written import Written, WrittenPage
from htrmodel.runtime.exported_pages import ROOTS, ExportedPage, find_pages
from htrmodel.runtime.page_lines import cut_out


@dataclass(frozen=True, slots=True)
class FilledLine:
    """A line with a text and a confidence.

    Attributes:
        page: path of its file, below the export.
        document: the folder that it is in; of a file in no folder, the file.
        id: of the line in its file.
        text: what was read.
        confidence: of a character in the mean, 0 to 1.
        place: where it is on the page.
        written: what its file says of that page.
    """

    page: ExportedPage
    document: str
    id: str
    text: str
    confidence: float
    place: Written
    written: WrittenPage

    @property
    def name(self) -> str:
        """Page and line."""
        return f"{self.page.below.with_suffix('')}/{self.id}"


def filled_lines(places: Sequence[Path]) -> list[FilledLine]:
    """Reads all lines that have a confidence.

    Args:
        places: what ``predict --xml`` has written.

    Raises:
        HtrError: as `htrmodel.runtime.exported_pages.find_pages`; or a file is damaged.
        BadDataError: no line has a confidence.
    """
    found = []
    for page in find_pages(places):
        name = page.file.file.name
        data = page.file.file.read()
        if local(read_tree(data, name)) not in ROOTS:
            continue
        xml = XmlPage(data, name)
        folders = [part for part in page.below.parts[:-1] if part.lower() not in ("page", "alto")]
        document = folders[-1] if folders else page.below.stem
        for number, (line, sure) in enumerate(zip(xml.written.lines, xml.confidences, strict=True)):
            if sure is not None:
                line_id = line.id or f"line_{number}"
                found.append(FilledLine(page, document, line_id, line.text, sure, line, xml.written))
    if not found:
        raise BadDataError(
            f"no line in {', '.join(map(str, places))} has a confidence: `htrmodel predict --xml` gives them"
        )
    return found


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a line has no crop: a few words that follow "without"."""

    why: str


def crops(
    lines: Sequence[FilledLine], pictures: Pictures | None, scaled: bool = False
) -> list[NDArray[np.uint8] | Missing]:
    """The pictures of lines, uint8 [H, W]; or why there is none.

    Args:
        lines: of filled files.
        pictures: among which those of the pages are; None for beside the files.
        scaled: whether they may be reduced, or enlarged, copies of those that coordinates are for.
    """
    opened: dict[str, tuple[NDArray[np.uint8] | None, Scale | None]] = {}
    found: list[NDArray[np.uint8] | Missing] = []
    for line in lines:
        key = line.page.below.as_posix()
        if key not in opened:
            opened = {key: _opened(line, pictures, scaled)}  # one page at a time in memory
        page, scale = opened[key]
        if page is None or scale is None:
            found.append(
                Missing("a picture") if page is None else Missing("a picture of the size that their file says")
            )
            continue
        place = scale.line(line.place)
        cut = cut_out(page, place, place.baseline)
        found.append(cut if isinstance(cut, np.ndarray) else Missing("a place on the page"))
    return found


def _opened(line: FilledLine, pictures: Pictures | None, scaled: bool) -> tuple[NDArray[np.uint8] | None, Scale | None]:
    file = (pictures or line.page.pictures).find(line.page.below, line.written.image_name)
    if file is None:
        return None, None
    page = decode(file.read(), "grey", formats_of(file.name))
    return page, scale_of(line.written, Size(page.shape[1], page.shape[0]), scaled)
