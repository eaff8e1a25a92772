"""Workbooks of Excel (``.xlsx``), as cells that a person sees; read by openpyxl, which the extra ``sheets`` brings."""

from __future__ import annotations

import datetime
import itertools
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree.ElementTree import ParseError

from htrdata.errors import BadDataError, importing
from htrdata.sources.folder.trees import TableFile

MOST = 1 << 28
"""Bytes that all of a workbook may unpack to."""

_PLAIN = ("General", "0", "@")  # formats by which a whole number is shown as it is
_PADDED = re.compile("0{2,30}")

# What openpyxl and zipfile raise on malformed files.
_MALFORMED = (zipfile.BadZipFile, zlib.error, ParseError, EOFError, OSError, *(AttributeError, TypeError, ValueError))

Cell = str | None
"""What a cell says; None where nothing."""

Numbered = tuple[int, list[Cell]]
"""A row: its number from 1, and its cells."""


class Strange(str):
    """What stands in a cell that is no text, where a text may have been meant: what is kept is not what is seen."""

    __slots__ = ()


def sheets_of(file: TableFile, most: int | None = None) -> list[tuple[str, list[Numbered]]]:
    """The sheets of a workbook, each by its title, with its rows that are not empty.

    Args:
        file: the workbook.
        most: rows of each sheet that are read; None for all.

    Raises:
        MissingPackageError: openpyxl is not installed.
        BadDataError: it is no workbook, damaged, or larger than any table.
        OSError: it cannot be read.
    """
    with importing(f"{file}, unless it is saved as CSV,", "sheets"):
        import openpyxl
    with _named_errors(file), file.open("rb") as opened:
        with zipfile.ZipFile(opened) as archive:
            size = sum(info.file_size for info in archive.infolist())
        if size > MOST:
            raise BadDataError(f"{file} unpacks to {size:,} bytes, more than {MOST:,}: save it as CSV")
        book = openpyxl.load_workbook(opened, read_only=True, data_only=True)
        found = []
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # some programs write wrong ones
            found.append((sheet.title, list(itertools.islice(_rows(sheet), most))))
        book.close()
    return found


def _rows(sheet: Any) -> Iterator[Numbered]:
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells = list(map(_seen, row))
        while cells and cells[-1] is None:
            del cells[-1]
        if cells:
            yield number, cells


def _seen(cell: Any) -> Cell:
    """What a person sees in a cell. Of a number or a date that depends on the language, and on more: what is kept."""
    value, form = cell.value, getattr(cell, "number_format", "General")
    if value is None or isinstance(value, str):
        return Strange(value) if value and cell.data_type == "e" else value or None
    if isinstance(value, int) and not isinstance(value, bool):
        if _PADDED.fullmatch(form):
            return f"{value:0{len(form)}d}"
        return str(value) if form in _PLAIN else Strange(value)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return Strange(value.isoformat())
    return Strange(value)


@contextmanager
def _named_errors(file: TableFile) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a workbook has besides cells
            yield
    except BadDataError:
        raise
    except (*_MALFORMED, LookupError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise BadDataError(
            f"{file} is damaged, has a password, or is no workbook of Excel ({error}): save it as CSV"
        ) from error
