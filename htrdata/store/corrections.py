"""Corrections of labels: a CSV of ``id``, ``old``, ``new`` and ``when``, as `htrdata browse` writes and builds read it.

``old`` is the transcription as the source has it, the manifest's ``source_text``; ``new`` is what it should be. Where
``new`` is empty, the word is flagged: its label is wrong, nobody can say what is right, and builds leave it out. The
lines count in order: a later one of the same word starts from what the one before has made of it. ``when`` is for
people; it may be missing.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from htrdata.errors import BadDataError, SourceMissingError, StorageError
from htrdata.files.refusals import refusal
from htrdata.files.regular import read_regular
from htrdata.labels import visible

COLUMNS = ("id", "old", "new", "when")
FLAGGED = ""
"""Of `Correction.new`: that the label is wrong, and no other one is known."""

MOST = 1 << 28
"""Bytes of the file; a million corrections have some sixty million."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What one line says.

    Attributes:
        id: of the word, as the manifest has it.
        old: its text before.
        new: its text after; `FLAGGED` where none is known.
        when: a time, for people.
        line: where it ends in the file, from 1; 0 of one that is in none.
    """

    id: str
    old: str
    new: str
    when: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class CorrectionFile:
    """All that a file says.

    Attributes:
        path: of the file.
        sha256: of its bytes, in hex.
        corrections: its lines, in order.
    """

    path: Path
    sha256: str
    corrections: tuple[Correction, ...]


def read_corrections(path: Path) -> CorrectionFile:
    """Reads a file of corrections.

    Raises:
        SourceMissingError: there is no such file.
        StorageError: it cannot be read.
        BadDataError: it is no such CSV in UTF-8; the message has the line.
    """
    try:
        data = read_regular(path, MOST)
    except FileNotFoundError:
        raise SourceMissingError(
            f"no corrections at {path}: `htrdata browse` writes them, a CSV with the columns {', '.join(COLUMNS)}"
        ) from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {refusal(error, path)}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadDataError(f"{path}, line {line}: this is not UTF-8: save it as UTF-8") from None
    return CorrectionFile(path, hashlib.sha256(data).hexdigest(), tuple(_parsed(path, text)))


def _parsed(path: Path, text: str) -> list[Correction]:
    table = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: list[Correction] = []
    width = 0
    try:
        for cells in table:
            if not cells:
                continue
            if not width:
                width = _checked_header(path, cells)
            elif len(cells) != width:
                raise BadDataError(
                    f"{path}, line {table.line_num}: {len(cells)} columns stand here, not {width}: "
                    f"{visible(','.join(cells))[:80]!r}; quote what has commas"
                )
            else:
                word, old, new = cells[:3]
                found.append(Correction(word, old, new, "".join(cells[3:]), table.line_num))
    except csv.Error as error:
        raise BadDataError(f"{path}, line {table.line_num}: this is no CSV ({error}): correct its quotes") from None
    if not width:
        raise BadDataError(f"{path} is empty: its first line names the columns {', '.join(COLUMNS)}")
    return found


def _checked_header(path: Path, cells: Sequence[str]) -> int:
    if tuple(cells) not in (COLUMNS, COLUMNS[:3]):
        raise BadDataError(
            f"{path}, line 1: the columns are {', '.join(cells)[:80]!r}, not {', '.join(COLUMNS)} "
            f"({COLUMNS[3]} may be missing), with commas between them"
        )
    return len(cells)


def as_csv(corrections: Sequence[Correction]) -> bytes:
    """The content of a file with these corrections, in order."""
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows((one.id, one.old, one.new, one.when) for one in corrections)
    return text.getvalue().encode("utf-8")
