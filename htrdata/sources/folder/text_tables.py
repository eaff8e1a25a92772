"""Tables as text: gt.txt with tabs, as clova's tools, PaddleOCR and EasyOCR take it, and CSV or TSV with a header."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from htrdata.errors import BadDataError, UsageError
from htrdata.sources.folder.columns import Columns, find_columns
from htrdata.sources.folder.icdar_tables import IcdarTable, are_icdar
from htrdata.sources.folder.listed_names import names_images, names_listed
from htrdata.sources.folder.rows import NOTHING, Asked, NotATableError, Row, Table
from htrdata.sources.folder.spaced_tables import SpacedTable, are_spaced
from htrdata.sources.folder.text_files import find_encoding, head_lines, is_in, not_in, numbered_lines, open_text
from htrdata.sources.folder.trees import TableFile

QUOTE = '"'
_SEPARATORS = ("\t", ",", ";", "|")
_SPOKEN = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar", " ": "space"}

# Excel's own first line, which says what separates columns.
_EXCEL = re.compile('"?sep=.?"?')

# A line of IAM's words.txt or lines.txt.
_IAM = re.compile(r"[a-z]\d\d-\d{3}[a-z]?(?:-\d\d){1,2} (?:ok|err) \d+ .*")

# A path that may hold spaces, the ending of an image, spaces, a text.
_WITH_SPACE = re.compile(r"(?i)(\S.*?\.(?:png|jpe?g|tiff?|webp|bmp|gif))\s+(\S.*)")

# What `csv` writes, where a text has quotes, and nobody by hand: quoted, with the quotes within doubled.
_STRAY = "a quote stands within a field that is not quoted: double it and quote the field, or give --quoting none"
_DOUBLED = re.compile(r'"(?:[^"]|"")*""(?:[^"]|"")*"')


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table as text.

    Attributes:
        path: the file.
        encoding: of the file.
        separator: between its columns.
        quoted: whether its fields may be quoted, as `csv` writes them; otherwise a quote is a quote.
        decided: whether a person has said so.
        header: whether its first line names the columns.
        width: how many columns it has.
        columns: what they hold.
        numbered: whether a person names the column of images by its number: then its first line may name none.
        lists: whether there are lists of images where one is wanted.
    """

    path: TableFile
    encoding: str
    separator: str
    quoted: bool
    decided: bool
    header: bool
    width: int
    columns: Columns
    numbered: bool = False
    lists: bool = False

    fingerprint: ClassVar[str] = ""
    types: ClassVar[Mapping[str, str]] = {}
    left_out: ClassVar[tuple[str, ...]] = ()

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """The keys of `Row.extra`."""
        return tuple(self.columns.extra.values())

    @property
    def known(self) -> frozenset[str]:
        """What it has columns of."""
        return frozenset(self.columns.places)

    def rows(self) -> Iterator[Row]:
        """All rows in order. Raises as `htrdata.sources.folder.rows.Table.rows` does."""
        lines = self._quoted_lines() if self.quoted else self._plain_lines()
        waits_for_names = self.header
        for number, cells, fault in lines:
            if number == 1 and _EXCEL.fullmatch(self.separator.join(cells).strip()):
                continue
            if waits_for_names:
                waits_for_names = False
                if self.numbered and len(cells) == self.width:
                    yield replace(self._row(number, cells), perhaps_names=True)
                continue
            if fault is None and len(cells) != self.width:
                fault = self._misshapen(cells)
            if fault is not None:
                yield Row(number, "", None, fault=fault)
                continue
            row = self._row(number, cells)
            yield from self._each(row, cells[self.columns.places["image"]]) if self.lists else [row]

    def _each(self, row: Row, image: str) -> Iterator[Row]:
        """A row for each image that one lists. Being variants of one picture, they stay together as a page does."""
        names = names_listed(image)
        page = row.page or (names or [image])[0]
        if names is None:
            yield replace(row, page=page)
        else:
            yield from (replace(row, image=name, id=None, page=page) for name in names)

    def _row(self, number: int, cells: Sequence[str]) -> Row:
        columns = self.columns
        held = {role: cells[place] for role, place in columns.places.items()}
        extra = {name: cells[place] for place, name in columns.extra.items()} if columns.extra else NOTHING
        row_id, split, writer, page = (held.get(role) or None for role in ("id", "split", "writer", "page"))
        return Row(number, held["image"], held["text"], row_id, split, writer, page, extra)

    def _misshapen(self, cells: Sequence[str]) -> str:
        shown = self.separator.join(cells).strip()[:80]
        if self.width == 2 and self.separator in "\t ":
            return f"it is not a path, one {_SPOKEN[self.separator]} and a text: {shown!r}"
        return f"it has {len(cells)} columns, not {self.width}: {shown!r}"

    def _plain_lines(self) -> Iterator[tuple[int, list[str], str | None]]:
        for number, line in numbered_lines(self.path, self.encoding):
            if self.separator == " ":
                found = _WITH_SPACE.fullmatch(line.strip())
                yield number, list(found.groups()) if found else [line], None
            else:
                if not self.decided and '""' in line:
                    self._refuse_doubled(number, line)
                yield number, line.split(self.separator), None

    def _refuse_doubled(self, number: int, line: str) -> None:
        if doubled := next(filter(_DOUBLED.fullmatch, line.split(self.separator)), None):
            raise UsageError(
                f"{self.path}, line {number}: {doubled} may be those very signs, or "
                f"{doubled[1:-1].replace(2 * QUOTE, QUOTE)} as csv writes it: say which with --quoting none or "
                "--quoting csv"
            )

    def _quoted_lines(self) -> Iterator[tuple[int, list[str], str | None]]:
        consumed: list[str] = []  # of the file for the row at hand
        field = re.compile(rf'(\A|{re.escape(self.separator)})"(?:[^"]|"")*"(?={re.escape(self.separator)}|\r|\n|\Z)')
        try:
            with open_text(self.path, self.encoding, newline="") as file:
                table = csv.reader(_noted(file, consumed), delimiter=self.separator, strict=True)
                for cells in table:
                    raw, number = "".join(consumed), table.line_num - len(consumed) + 1
                    consumed.clear()
                    if "".join(cells).strip():  # Excel writes rows that were once filled, and are empty now
                        yield number, cells, _STRAY if QUOTE in raw and QUOTE in field.sub(r"\1", raw) else None
        except csv.Error as error:
            raise BadDataError(
                f"{self.path}, line {table.line_num - len(consumed) + 1}: its quotes are not as csv writes them "
                f"({error}): correct them, or, where quotes stand for themselves, give --quoting none"
            ) from error
        except UnicodeError as error:
            raise not_in(self.path, self.encoding) from error


def _noted(lines: Iterable[str], consumed: list[str]) -> Iterator[str]:
    for line in lines:
        consumed.append(line)
        yield line


def recognise(path: TableFile, asked: Asked) -> Table:
    """Tells how a text is laid out, by its first lines.

    Raises:
        NotATableError: it is no table of images and texts; the message says why.
        UsageError: it is one, but a person must say what is meant.
    """
    encoding = find_encoding(path, asked.encoding)
    lines = head_lines(path, encoding)
    if lines and _EXCEL.fullmatch(lines[0].strip(" ;,|\t")):
        del lines[0]
    if not lines:
        raise NotATableError("it is empty, or no text")
    by_format = path.suffix.lower() in (".csv", ".tsv", ".tab")
    quoted = asked.quoting == "csv" if asked.quoting else by_format or _all_quoted(lines)
    why = (
        "no line of it is the name of an image, a tab and a text, and its first one names no columns; where names of "
        "images have no endings, --column image=1 --column text=2 says so"
    )
    if not by_format and not asked.columns and are_spaced(lines):
        return SpacedTable(path, encoding)
    if not by_format and not asked.columns and asked.quoting is None and are_icdar(lines):
        return IcdarTable(path, encoding)
    for separator in _SEPARATORS:
        cells, *others = (_cells(line, separator, quoted) for line in lines)
        form = (path, encoding, separator, quoted, asked.quoting is not None)
        if len(cells) > 1 and not any(map(names_images, cells)):
            try:
                columns = find_columns(cells, asked.columns, others, str(path))
            except NotATableError as error:
                why = str(error) if by_format or asked.columns else why
                continue
            image = asked.columns.get("image")
            return TextTable(*form, True, len(cells), columns, numbered=image is not None and image not in cells)
        if named := [row for row in (cells, *others) if len(row) > 1 and any(map(names_images, row))]:
            # A text with a tab, in one line or another, is wrong there.
            width = Counter(map(len, named)).most_common(1)[0][0]
            places = _places([row for row in named if len(row) == width], asked, str(path))
            lists = any(names_listed(row[places.places["image"]]) for row in named if len(row) == width)
            return TextTable(*form, False, width, places, lists=lists)
    if all(map(_WITH_SPACE.fullmatch, map(str.strip, lines))):
        return TextTable(path, encoding, " ", False, True, False, 2, Columns({"image": 0, "text": 1}, {}))
    if not is_in(path, encoding):
        raise not_in(path, encoding)
    if any(map(_IAM.fullmatch, lines)):
        why = "it looks like IAM's own list: `htrdata iam` reads it, with its images"
    raise NotATableError(why)


def _all_quoted(lines: Sequence[str]) -> bool:
    """Whether each line is one of quoted fields alone, with tabs between them, as pandas writes them if asked to."""
    return all(re.fullmatch('"(?:[^"]|"")*"(?:\t"(?:[^"]|"")*")+', line) for line in lines)


def _places(rows: Sequence[Sequence[str]], asked: Asked, place: str) -> Columns:
    """The columns of a table without a header, of which only one holds the names of images."""
    width = len(rows[0])
    if asked.columns:
        numbers = [str(number + 1) for number in range(width)]
        images = [number for number, cell in zip(numbers, rows[0], strict=True) if names_images(cell)]
        found = {"image": images[0]} if len(images) == 1 else {}
        return find_columns(numbers, {**found, **asked.columns}, (), place)
    if width > 2 and any(any(row[2:]) for row in rows):
        raise NotATableError(
            f"it has {width} columns without names: --column image=1 --column text=2 says what they are"
        )
    image = int(sum(names_images(row[0]) for row in rows) < sum(names_images(row[1]) for row in rows))
    return Columns({"image": image, "text": 1 - image}, {})


def _cells(line: str, separator: str, quoted: bool) -> list[str]:
    if not quoted:
        return line.split(separator)
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return [line]
