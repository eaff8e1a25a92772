"""ALTO and PAGE files, as tools exported them, with what was read of their lines, or where their words stand.

Each page is there as a whole or not at all, so that a run that was killed goes on where it was, and several machines
share one export.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from htrdata.errors import BadDataError, CannotCreateError, SourceMissingError
from htrdata.files.refusals import cannot_create, refusal
from htrdata.files.writing import make_folder, remove_unfinished, write_atomically
from htrdata.images.codec import ImageError, decode
from htrdata.images.endings import formats_of
from htrdata.records import Unit
from htrdata.sources.xml.filling import XmlPage
from htrdata.sources.xml.scaling import Size
from htrdata.sources.xml.tree import local, read_tree
from htrmodel.reader import WordReader
from htrmodel.runtime.exported_pages import ROOTS, ExportedPage, data_of
from htrmodel.runtime.page_lines import Pixels, read_lines
from htrmodel.runtime.placed_lines import place_lines
from htrmodel.runtime.word_places import Boxes


@dataclass
class LineCounts:
    """What became of lines.

    Attributes:
        lines: how many were filled.
        words: how many were placed, where they were placed and not read.
        unsure: how many of those have a score below `htrdata.sources.xml.export.LEAST_SCORE`.
        left: how many lines were left as they are, by reason.
        unplaced: how many lines have words that could not be placed.
    """

    lines: int = 0
    words: int = 0
    unsure: int = 0
    left: Counter[str] = field(default_factory=Counter)
    unplaced: int = 0

    def add(self, other: LineCounts) -> None:
        """Counts those of a page, too."""
        self.lines += other.lines
        self.words += other.words
        self.unsure += other.unsure
        self.left += other.left
        self.unplaced += other.unplaced


@dataclass
class Filled(LineCounts):
    """What became of an export; the lines are those of pages that were written now.

    Attributes:
        pages: written now.
        there: pages that were there already.
        bad: pages that could not be read, each with its problem.
        others: XML files that are neither ALTO nor PAGE.
        stopped: whether it was told to stop.
    """

    pages: int = 0
    there: int = 0
    bad: list[str] = field(default_factory=list)
    others: int = 0
    stopped: bool = False


PageWork = Callable[[XmlPage, Pixels], LineCounts]
"""Puts into a page, whose picture is given as uint8 [H, W], what it shall get."""

Say = Callable[[str], object]
Stop = Callable[[], bool]
Progress = Callable[[int, int], None]


def fill_export(
    reader: WordReader,
    pages: Sequence[ExportedPage],
    out: Path,
    unit: Unit,
    *,
    boxes: Boxes | None = None,
    batch_size: int = 32,
    scaled: bool = False,
    say: Say = lambda sentence: None,
    stop: Stop = lambda: False,
    progress: Progress = lambda done, total: None,
) -> Filled:
    """Reads pages and writes their files; a bad page is named and passed.

    Args:
        reader: what reads.
        pages: see `htrmodel.runtime.exported_pages.find_pages`.
        out: a folder that was prepared.
        unit: see `htrmodel.runtime.page_lines.read_lines`.
        boxes: see there.
        batch_size: how many lines are read at once.
        scaled: whether pictures may be reduced, or enlarged, copies of those that coordinates are for.
        say: told of bad pages.
        stop: asked before each page.
        progress: told how many pages are done, and how many there are.

    Raises:
        CannotCreateError: a folder or a file cannot be created.
        StorageError: writing failed.
    """

    def work(xml: XmlPage, picture: Pixels) -> LineCounts:
        read = read_lines(reader, xml.written, picture, unit, batch_size, boxes)
        xml.fill(read.lines)
        return LineCounts(len(read.lines), left=read.left, unplaced=read.unplaced)

    return _write_pages(pages, out, work, scaled, say, stop, progress)


def place_export(
    reader: WordReader,
    pages: Sequence[ExportedPage],
    out: Path,
    boxes: Boxes,
    *,
    batch_size: int = 32,
    scaled: bool = False,
    say: Say = lambda sentence: None,
    stop: Stop = lambda: False,
    progress: Progress = lambda done, total: None,
) -> Filled:
    """Places the words of transcribed pages and writes their files; texts stay, and so do words that are there.

    Args:
        reader: see `htrmodel.runtime.word_places.words_on_page`.
        pages: as of `fill_export`, like what follows.
        out: see there.
        boxes: what gets places.
        batch_size: see there.
        scaled: see there.
        say: see there.
        stop: see there.
        progress: see there.

    Raises:
        UsageError: the reader cannot place words.
        CannotCreateError: a folder or a file cannot be created.
        StorageError: writing failed.
    """

    def work(xml: XmlPage, picture: Pixels) -> LineCounts:
        placed = place_lines(reader, xml, picture, boxes, batch_size)
        xml.place(placed.lines)
        words = sum(map(len, placed.lines.values()))
        return LineCounts(len(placed.lines), words, placed.unsure, placed.left, placed.unplaced)

    return _write_pages(pages, out, work, scaled, say, stop, progress)


def _write_pages(
    pages: Sequence[ExportedPage],
    out: Path,
    work: PageWork,
    scaled: bool,
    say: Say,
    stop: Stop,
    progress: Progress,
) -> Filled:
    filled = Filled()
    for number, page in enumerate(pages):
        progress(number, len(pages))
        if stop():
            filled.stopped = True
            break
        try:
            _write_page(page, out / page.below, work, scaled, filled)
        except (BadDataError, SourceMissingError, ImageError) as error:
            name = page.file.file.name
            filled.bad.append(str(error) if str(error).startswith(name) else f"{name}: {error}")
            say(f"passed: {filled.bad[-1]}")
    else:
        progress(len(pages), len(pages))
    return filled


def _write_page(page: ExportedPage, target: Path, work: PageWork, scaled: bool, filled: Filled) -> None:
    data = data_of(page)
    name = page.file.file.name
    if local(read_tree(data, name)) not in ROOTS:
        filled.others += 1
        return
    if target.exists():
        filled.there += 1
        return
    xml = XmlPage(data, name)
    picture = _picture(page, xml)
    xml.fit(Size(picture.shape[1], picture.shape[0]), scaled)
    counts = work(xml, picture)
    try:
        make_folder(target.parent)
    except OSError as error:
        raise CannotCreateError(cannot_create(target.parent, error)) from error
    remove_unfinished(target)
    write_atomically(target, xml.data)
    filled.pages += 1
    filled.add(counts)


def _picture(page: ExportedPage, xml: XmlPage) -> Pixels:
    name = page.file.file.name
    picture = page.pictures.find(page.file.below, xml.written.image_name)
    if picture is None:
        told = f" ({xml.written.image_name})" if xml.written.image_name else ""
        raise SourceMissingError(
            f"{name}: its picture{told} is not in the export, or more than one could be meant: put it beside this "
            "file, or name its folder with --images"
        )
    try:
        return decode(picture.read(), "grey", formats_of(picture.name))
    except OSError as error:
        raise SourceMissingError(
            f"{name}: cannot read its picture {picture.name}: {refusal(error, picture.name)}"
        ) from error
    except ImageError as error:
        raise BadDataError(f"{name}: its picture {picture.name}: {error}") from error
