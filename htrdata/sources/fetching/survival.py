"""``survival.csv``: what became of each file, a row as soon as it is known, so that a run that is ended anyhow goes on.

    file,splits,words,status,http,bytes,md5,sha256,when,detail

While a run is under way rows are added at the end, and the last one of a file counts; a run that ends by itself or by
Ctrl-C writes it anew, a row for each file in order. Where a row is damaged its file is looked at, or asked for, again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TextIO

from htrdata.errors import CannotCreateError
from htrdata.files.refusals import cannot_create
from htrdata.files.writing import write_atomically
from htrdata.labels import visible
from htrdata.sources.fetching.wanted import FileOutcome, Status, Wanted

SURVIVAL = "survival.csv"

COLUMNS = ("file", "splits", "words", "status", "http", "bytes", "md5", "sha256", "when", "detail")


class Survival:
    """The account of a data set's files; a context, within which it is open.

    Args:
        path: of the CSV.

    Attributes:
        known: what became of each file, by name, as far as anybody knows.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows = _read(path)
        self.known: dict[str, FileOutcome] = {name: outcome for name, (outcome, _) in self._rows.items()}
        self._order: dict[str, int] = {}
        self._file: TextIO | None = None

    def __enter__(self) -> Survival:
        # Without buffer: a row is in the file once it is written, whatever ends the process.
        try:
            new = not self.path.exists() or self.path.stat().st_size == 0
            self._file = self.path.open("a", encoding="utf-8", newline="")
        except OSError as error:
            raise CannotCreateError(cannot_create(self.path, error)) from error
        # A row that was cut off must not swallow the next one.
        self._file.write(_lines([COLUMNS]) if new else "\n")
        return self

    def expect(self, wanted: Iterable[Wanted]) -> None:
        """Says which files come next in the order of the table."""
        for one in wanted:
            self._order.setdefault(one.name, len(self._order))

    def add(self, wanted: Wanted, outcome: FileOutcome) -> None:
        """Takes down what became of a file."""
        assert self._file is not None
        row = _row(wanted, outcome)
        self.known[wanted.name] = outcome
        self._rows[wanted.name] = outcome, row
        self._file.write(_lines([row]))
        self._file.flush()

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        assert self._file is not None
        self._file.close()
        self._file = None
        self._tidy()

    def _tidy(self) -> None:
        """Writes a row for each file, those that nobody asked about this time last."""
        names = sorted(self._rows, key=lambda name: self._order.get(name, len(self._order)))
        write_atomically(self.path, _lines([COLUMNS, *(self._rows[name][1] for name in names)]).encode())


def read_known(root: Path) -> dict[str, FileOutcome]:
    """What an earlier run found of a data set's files, by name."""
    return {name: outcome for name, (outcome, _) in _read(root / SURVIVAL).items()}


def _row(wanted: Wanted, outcome: FileOutcome) -> tuple[str, ...]:
    numbers = ("" if number is None else str(number) for number in (outcome.http, outcome.bytes))
    words = str(wanted.words) if wanted.splits else ""
    texts = (outcome.md5, outcome.sha256, outcome.when, outcome.detail)
    return tuple(map(_harmless, (wanted.name, " ".join(wanted.splits), words, outcome.status, *numbers, *texts)))


def _harmless(text: str) -> str:
    """A text in one line that no spreadsheet takes for a formula."""
    shown = visible(text)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _read(path: Path) -> dict[str, tuple[FileOutcome, tuple[str, ...]]]:
    """The last row of each file, and what it says."""
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return {}
    found: dict[str, tuple[FileOutcome, tuple[str, ...]]] = {}
    for line in text.split("\n"):
        try:
            fields = tuple(next(csv.reader([line]), []))
            outcome = _outcome(dict(zip(COLUMNS, fields, strict=True)))
        except (ValueError, csv.Error):
            continue  # an empty line, the first one, or a row that was cut off
        found[outcome.name] = outcome, fields
    return found


def _outcome(row: Mapping[str, str]) -> FileOutcome:
    """What a row says.

    Raises:
        ValueError: it says nothing that could be.
    """
    return FileOutcome(
        name=row["file"],
        status=Status(row["status"]),
        http=int(row["http"]) if row["http"] else None,
        bytes=int(row["bytes"]) if row["bytes"] else None,
        **{name: row[name] for name in ("md5", "sha256", "when", "detail")},
    )
