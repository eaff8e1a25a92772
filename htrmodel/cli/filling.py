"""What ``--xml`` of ``htrmodel predict`` and ``align`` does once it has a reader: fills the files of an export."""

from __future__ import annotations

import hashlib
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from htrdata.building.shares import Share
from htrdata.cli.console import echo, progress_bar
from htrdata.errors import BadDataError, UsageError
from htrdata.records.counting import plural
from htrmodel import starter
from htrmodel.cli.signals import StopSignals

if TYPE_CHECKING:
    from htrdata.records import Unit
    from htrmodel.reader import WordReader
    from htrmodel.runtime.exported_pages import ExportedPage
    from htrmodel.runtime.filled_exports import Filled, Progress, Stop
    from htrmodel.runtime.word_places import Boxes


def fill_pages(
    reader: WordReader,
    language: str,
    places: tuple[Path, ...],
    out: Path,
    unit: Unit,
    part: str | None,
    boxes: Boxes | None,
    batch_size: int,
    images: Path | None = None,
    scaled: bool = False,
) -> None:
    """Reads exports and writes their files anew; says what came of it, and ends the program where it was told to.

    Args:
        reader: what reads; its name is its file, or that of a starter.
        language: what helps it, for the record of the folder; empty for nothing.
        places: the exports.
        out: the folder of the results.
        unit: what is read.
        part: ``I/N`` for a share of the pages; None for all.
        boxes: what is placed besides; None for nothing.
        batch_size: how many lines are read at once.
        images: where the pictures are; None for in the exports.
        scaled: whether they may be reduced, or enlarged, copies of those that coordinates are for.

    Raises:
        UsageError: a model of words shall read lines, words shall be placed that are read by themselves, the part is
            none, or the folder has another run's pages.
        BadDataError: pages could not be read.
        HtrError: as `htrmodel.runtime.filled_exports` does.
    """
    from htrmodel.runtime.filled_exports import fill_export

    _check(reader, unit, boxes)
    about = {"checkpoint": _digest(reader), "unit": unit, "language": language}

    def fill(pages: Sequence[ExportedPage], stop: Stop, progress: Progress) -> Filled:
        return fill_export(
            reader,
            pages,
            out,
            unit,
            boxes=boxes,
            batch_size=batch_size,
            scaled=scaled,
            say=_say,
            stop=stop,
            progress=progress,
        )

    _write(places, images, out, part, about if boxes is None else {**about, "boxes": boxes}, fill, _read)


def place_words(
    reader: WordReader,
    places: tuple[Path, ...],
    out: Path,
    part: str | None,
    boxes: Boxes,
    batch_size: int,
    images: Path | None = None,
    scaled: bool = False,
) -> None:
    """Finds the words of exports that are transcribed and writes their files anew, like `fill_pages`.

    Raises:
        UsageError: the reader cannot align, the part is none, or the folder has another run's pages.
        BadDataError: pages could not be read.
        HtrError: as `htrmodel.runtime.filled_exports` does.
    """
    from htrmodel.alignment.fitted import check_aligns
    from htrmodel.runtime.filled_exports import place_export

    check_aligns(reader.config, reader.name)

    def place(pages: Sequence[ExportedPage], stop: Stop, progress: Progress) -> Filled:
        return place_export(
            reader, pages, out, boxes, batch_size=batch_size, scaled=scaled, say=_say, stop=stop, progress=progress
        )

    _write(places, images, out, part, {"checkpoint": _digest(reader), "aligned": boxes}, place, _placed)


def _write(
    places: tuple[Path, ...],
    images: Path | None,
    out: Path,
    part: str | None,
    about: dict[str, str],
    work: Callable[[Sequence[ExportedPage], Stop, Progress], Filled],
    told: Callable[[Filled], str],
) -> None:
    from htrmodel.runtime.exported_pages import find_pages, prepare

    pages = find_pages(places, out, images)
    if part is not None:
        pages = list(Share.parse(part).every(pages))
    prepare(out, about, places, pages)
    with StopSignals() as stop, progress_bar() as progress:
        filled = work(pages, stop, lambda done, total: progress("pages", done, total))
    echo(_summary(filled, f"{out}: {told(filled)}"))
    if stop.received is not None and filled.stopped:
        again = shlex.join(["htrmodel", *sys.argv[1:]])
        echo(f"stopped; the same command goes on with the pages that are missing:\n  {again}", err=True)
        sys.exit(128 + stop.received)
    if filled.bad:
        raise BadDataError(f"{len(filled.bad):,} of {plural(len(pages), 'page')} could not be read")


def _check(reader: WordReader, unit: Unit, boxes: Boxes | None) -> None:
    if unit == "line" and not reader.config.reads_lines:
        raise UsageError(
            f"{reader.name} reads words, and these are lines: --checkpoint starter-lines reads them; --unit word reads "
            "words, where the files have boxes of them"
        )
    if boxes is not None and unit == "word":
        raise UsageError("--boxes places the words of lines, and --unit word reads boxes that are there: leave one out")


def _say(sentence: str) -> None:
    echo(sentence, err=True)


def _digest(reader: WordReader) -> str:
    """SHA-256, in hex, of the file that is read with: where a starter is named that may be its graph."""
    with starter.find_checkpoint(reader.name).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(filled: Filled) -> str:
    return f"{plural(filled.lines, 'line')} of {plural(filled.pages, 'page')} read"


def _placed(filled: Filled) -> str:
    unsure = f" ({filled.unsure:,} of them unsure)" if filled.unsure else ""
    where = f"{plural(filled.lines, 'line')} of {plural(filled.pages, 'page')}"
    return f"{plural(filled.words, 'word')}{unsure} of {where} placed"


def _summary(filled: Filled, done: str) -> str:
    parts = [done]
    if filled.there:
        parts.append(f"{plural(filled.there, 'page was', 'pages were')} there already")
    parts += [
        f"{plural(count, 'line left as it is', 'lines left as they are')}, {reason}"
        for reason, count in filled.left.most_common()
    ]
    if filled.unplaced:
        parts.append(f"{plural(filled.unplaced, 'line')} whose words could not be placed")
    if filled.others:
        parts.append(f"{plural(filled.others, 'XML file')} of other kinds passed")
    if filled.bad:
        parts.append(f"{plural(len(filled.bad), 'bad page')} passed")
    return "; ".join(parts)
