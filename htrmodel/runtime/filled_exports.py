"""ALTO and PAGE files, as tools exported them, with what was read of their lines: written page by page.

Each page is there as a whole or not at all, so that a run that was killed goes on where it was, and several machines
share one export. A hidden file in the folder says what the pages were read with.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from htrdata.errors import BadDataError, CannotCreateError, SourceMissingError, StorageError, UsageError
from htrdata.files.regular import real_path
from htrdata.files.writing import make_folder, remove_unfinished, write_atomically
from htrdata.images.codec import ImageError, decode
from htrdata.records import Unit
from htrdata.sources.xml.export import MOST
from htrdata.sources.xml.files import ExportedFile, exported_files
from htrdata.sources.xml.filling import XmlPage
from htrdata.sources.xml.image_names import Pictures
from htrdata.sources.xml.tree import local, read_tree
from htrmodel.reader import WordReader
from htrmodel.runtime.page_lines import read_lines
from htrmodel.runtime.word_places import Boxes

RECORD = ".htrmodel-predict.json"
"""In the folder of the pages: what they were read with."""

ROOTS = ("alto", "PcGts")
"""Root elements of the files that are pages."""


@dataclass(frozen=True, slots=True)
class ExportedPage:
    """A page to read.

    Attributes:
        file: its XML.
        below: its path below the folder of the results.
        pictures: among which its picture is.
    """

    file: ExportedFile
    below: PurePosixPath
    pictures: Pictures


@dataclass
class Filled:
    """What became of an export.

    Attributes:
        pages: written now.
        there: pages that were there already.
        lines: read now.
        left: how many lines were left as they are, by reason.
        unplaced: how many of those that were read have words that could not be placed.
        bad: pages that could not be read, each with its problem.
        others: XML files that are neither ALTO nor PAGE.
        stopped: whether it was told to stop.
    """

    pages: int = 0
    there: int = 0
    lines: int = 0
    left: Counter[str] = field(default_factory=Counter)
    unplaced: int = 0
    bad: list[str] = field(default_factory=list)
    others: int = 0
    stopped: bool = False


def find_pages(places: Sequence[Path]) -> list[ExportedPage]:
    """Finds the XML files in exports, in the order of their paths.

    Args:
        places: files, folders, or zip archives as they were exported.

    Raises:
        SourceMissingError: there is nothing, or no XML file.
        UsageError: two files would be written to one place.
        BadDataError: an archive is damaged.
    """
    found: dict[PurePosixPath, ExportedPage] = {}
    for place in places:
        for page in _at(place):
            if page.below in found:
                other = found[page.below].file.file.name
                raise UsageError(
                    f"{other} and {page.file.file.name} have one name: read them into folders of their own"
                )
            found[page.below] = page
    if not found:
        raise SourceMissingError(
            f"no XML file in {', '.join(map(str, places))}: name a folder or zip as it was exported"
        )
    return [found[below] for below in sorted(found)]


def _at(place: Path) -> list[ExportedPage]:
    if place.suffix.lower() == ".xml" and place.is_file():
        around = real_path(place).parent
        if around.name.lower() in ("page", "alto"):  # the pictures are beside that folder, or in it
            around = around.parent
        files = exported_files(around)
        mine = [one for one in files if (around / one.below).samefile(place)]
        return [ExportedPage(one, PurePosixPath(place.name), Pictures(files)) for one in mine[:1]]
    files = exported_files(place)
    pictures = Pictures(files)
    xml = [one for one in files if one.below.suffix.lower() == ".xml" and not one.is_leftover]
    return [ExportedPage(one, one.below, pictures) for one in xml]


def prepare(out: Path, about: dict[str, str], places: Sequence[Path]) -> None:
    """Makes the folder of the results, or makes sure that it is that of the same run.

    Args:
        out: the folder.
        about: what pages are read with.
        places: where they come from.

    Raises:
        UsageError: the folder is one of the places, or has pages that were read with something else.
        CannotCreateError: it cannot be made.
        StorageError: it cannot be written to.
    """
    if any(place.is_dir() and real_path(place) == real_path(out) for place in places):
        raise UsageError(f"--out {out} is the export itself: its files stay as they are; name another folder")
    try:
        make_folder(out)
    except OSError as error:
        raise CannotCreateError(f"cannot create {out}: {error.strerror}") from error
    record = out / RECORD
    try:
        known = json.loads(record.read_text(encoding="utf-8"))
    except FileNotFoundError:
        write_atomically(record, json.dumps(about, sort_keys=True).encode())
        return
    except (OSError, ValueError) as error:
        raise StorageError(f"cannot read {record}: {error}") from error
    if known != about:
        differing = ", ".join(key for key in sorted({*known, *about}) if known.get(key) != about.get(key))
        raise UsageError(f"{out} has pages that were read with another {differing}: name another folder, or remove it")


def fill_export(
    reader: WordReader,
    pages: Sequence[ExportedPage],
    out: Path,
    unit: Unit,
    *,
    boxes: Boxes | None = None,
    batch_size: int = 32,
    say: Callable[[str], object] = lambda sentence: None,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Filled:
    """Reads pages and writes their files; a bad page is named and passed.

    Args:
        reader: what reads.
        pages: see `find_pages`.
        out: a folder that was prepared.
        unit: see `htrmodel.runtime.page_lines.read_lines`.
        boxes: see there.
        batch_size: how many lines are read at once.
        say: told of bad pages.
        stop: asked before each page.
        progress: told how many pages are done, and how many there are.

    Raises:
        CannotCreateError: a folder or a file cannot be created.
        StorageError: writing failed.
    """
    filled = Filled()
    for number, page in enumerate(pages):
        progress(number, len(pages))
        if stop():
            filled.stopped = True
            break
        try:
            _fill(reader, page, out / page.below, _How(unit, boxes, batch_size), filled)
        except (BadDataError, SourceMissingError, ImageError) as error:
            name = page.file.file.name
            filled.bad.append(str(error) if str(error).startswith(name) else f"{name}: {error}")
            say(f"passed: {filled.bad[-1]}")
    else:
        progress(len(pages), len(pages))
    return filled


class _How(NamedTuple):
    """How pages are read."""

    unit: Unit
    boxes: Boxes | None
    batch_size: int


def _fill(reader: WordReader, page: ExportedPage, target: Path, how: _How, filled: Filled) -> None:
    data = _data(page)
    name = page.file.file.name
    if local(read_tree(data, name)) not in ROOTS:
        filled.others += 1
        return
    if target.exists():
        filled.there += 1
        return
    xml = XmlPage(data, name)
    picture = page.pictures.find(page.file.below, xml.written.image_name)
    if picture is None:
        told = f" ({xml.written.image_name})" if xml.written.image_name else ""
        raise SourceMissingError(f"{name}: its picture{told} is not in the export, or more than one could be meant")
    try:
        pixels = decode(picture.read(), "grey")
    except OSError as error:
        raise SourceMissingError(f"{name}: cannot read its picture {picture.name}: {error.strerror}") from error
    except ImageError as error:
        raise BadDataError(f"{name}: its picture {picture.name}: {error}") from error
    read = read_lines(reader, xml.written, pixels, how.unit, how.batch_size, how.boxes)
    xml.fill(read.lines)
    try:
        make_folder(target.parent)
    except OSError as error:
        raise CannotCreateError(f"cannot create {target.parent}: {error.strerror}") from error
    remove_unfinished(target)
    write_atomically(target, xml.data)
    filled.pages += 1
    filled.lines += len(read.lines)
    filled.left += read.left
    filled.unplaced += read.unplaced


def _data(page: ExportedPage) -> bytes:
    name = page.file.file.name
    try:
        if (page.file.file.size() or 0) > MOST:
            raise BadDataError(f"{name} has more than {MOST:,} bytes, which is too much for a page of ALTO or PAGE")
        return page.file.file.read()
    except OSError as error:
        raise BadDataError(f"cannot read {name}: {error.strerror}") from error
