"""Tables in a workbook of Excel: the sheet with columns of images and texts, or one for each split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from htrdata.errors import UsageError
from htrdata.sources.folder.columns import Columns, find_columns
from htrdata.sources.folder.rows import NOTHING, Asked, NotATableError, Row, is_image_name, split_within
from htrdata.sources.folder.sheets import Cell, Strange, sheets_of
from htrdata.sources.folder.trees import TableFile

_HEAD = 50  # rows that say what columns hold


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet that is read.

    Attributes:
        columns: what they hold.
        split: the one that its title stands for, where there are several.
        header: the number of the row that names the columns; 0 where none does.
    """

    columns: Columns
    split: str | None
    header: int


@dataclass(frozen=True, slots=True)
class SheetTable:
    """A workbook of Excel.

    Attributes:
        path: the file.
        sheets: those that are read, by their titles.
    """

    path: TableFile
    sheets: Mapping[str, _Sheet]

    fingerprint: ClassVar[str] = ""
    types: ClassVar[Mapping[str, str]] = {}
    left_out: ClassVar[tuple[str, ...]] = ()

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """The keys of `Row.extra`."""
        return tuple(dict.fromkeys(name for sheet in self.sheets.values() for name in sheet.columns.extra.values()))

    @property
    def known(self) -> frozenset[str]:
        """What it has columns of, or sheets."""
        known = frozenset(role for sheet in self.sheets.values() for role in sheet.columns.places)
        return known | {"split"} if len(self.sheets) > 1 else known

    def rows(self) -> Iterator[Row]:
        """All rows in order. Raises as `htrdata.sources.folder.rows.Table.rows` does."""
        for title, rows in sheets_of(self.path):
            sheet = self.sheets.get(title)
            if sheet is not None:
                place = f"sheet {title}: " if len(self.sheets) > 1 else ""
                yield from (_row(number, cells, sheet, place) for number, cells in rows if number != sheet.header)


def _row(number: int, cells: Sequence[Cell], sheet: _Sheet, place: str) -> Row:
    def at(column: int) -> Cell:
        return cells[column] if column < len(cells) else None

    held = {role: at(column) for role, column in sheet.columns.places.items()}
    extra = {name: text for column, name in sheet.columns.extra.items() if (text := at(column)) is not None}
    row_id, split, writer, page = (held.get(role) for role in ("id", "split", "writer", "page"))
    image, text = held["image"], held["text"]
    fault = None
    if image is None:
        fault = "it names no image"
    elif isinstance(text, Strange):
        fault = f"its text is kept as {text[:40]!r}, a number, date or error, and seen otherwise: format it as text"
    return Row(
        number,
        image or "",
        None if fault else text,
        row_id,
        split or sheet.split,
        writer,
        page,
        extra or NOTHING,
        fault=fault and place + fault,
    )


def recognise(path: TableFile, asked: Asked) -> SheetTable:
    """Tells which sheets are meant, by their first rows.

    Raises:
        NotATableError: none has images and texts.
        UsageError: several have, and are not called train, val and test; or a person must say which column is meant.
        BadDataError: it is damaged.
        MissingPackageError: openpyxl is not installed.
    """
    found: dict[str, _Sheet] = {}
    refused: list[str] = []
    for title, head in sheets_of(path, _HEAD):
        try:
            header, columns = _columns(head, asked, str(path))
        except NotATableError as error:
            refused.append(f"sheet {title}: {error}" if head else f"sheet {title} is empty")
        else:
            found[title] = _Sheet(columns, split_within(title), header)
    if not found:
        raise NotATableError("; ".join(refused) or "it has no sheets")
    if len(found) > 1 and not all(sheet.split for sheet in found.values()):
        raise UsageError(
            f"{path} has several sheets of images and texts ({', '.join(found)}): call them train, val and test, or "
            "save the one that is meant as CSV"
        )
    return SheetTable(path, found if len(found) > 1 else {title: _alone(sheet) for title, sheet in found.items()})


def _alone(sheet: _Sheet) -> _Sheet:
    """A sheet whose title says no split: where it is the only one, the name of the file does, or none."""
    return _Sheet(sheet.columns, None, sheet.header)


def _columns(head: Sequence[tuple[int, list[Cell]]], asked: Asked, place: str) -> tuple[int, Columns]:
    """The row that names the columns, or 0 where none does, and what they hold."""
    if not head:
        raise NotATableError("it is empty")
    number, names = head[0]
    if any(name is not None and is_image_name(name) for name in names):
        if asked.columns:
            return 0, find_columns([str(place + 1) for place in range(len(names))], asked.columns, (), place)
        if len(names) != 2:
            raise NotATableError(
                f"it has {len(names)} columns without names: --column image=1 --column text=2 says what they are"
            )
        image = int(not is_image_name(names[0] or ""))
        return 0, Columns({"image": image, "text": 1 - image}, {})
    rows = [[cell or "" for cell in (*row, *[None] * (len(names) - len(row)))] for _, row in head[1:]]
    return number, find_columns([name or "" for name in names], asked.columns, rows, place)
