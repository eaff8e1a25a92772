"""Workbooks of Excel as tables of images and texts."""

from __future__ import annotations

import datetime
import re
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from htrdata.errors import BadDataError, MissingPackageError, SourceMissingError, UsageError
from htrdata.records import Word
from htrdata.sources.folder import Folder, sheets
from tests import labelled_folders as made

openpyxl: Any = pytest.importorskip("openpyxl", reason="needs the extra 'sheets'")

WORDS = made.words(6)


def words_of(source: Folder) -> list[Word]:
    return [word for page in source.pages() for word in page.words]


def texts_of(source: Folder) -> dict[str, str]:
    return {word.id: word.text for word in words_of(source)}


def write(path: Path, **titled: Sequence[Sequence[object]]) -> Path:
    """A workbook with sheets by their titles; a cell may be a value and its format."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in titled.items():
        sheet = book.create_sheet(title)
        for y, row in enumerate(rows, 1):
            for x, cell in enumerate(row, 1):
                value, form = cell if isinstance(cell, tuple) else (cell, None)
                if value is not None:
                    one = sheet.cell(y, x, value)
                    if form is not None:
                        one.number_format = form
                    if isinstance(value, str) and not value.startswith("#"):
                        one.data_type = "s"  # and no formula
    book.save(path)
    return path


def rows_of(words: dict[str, str]) -> list[list[object]]:
    rows: list[list[object]] = [[*item, "anna"] for item in words.items()]
    return [["Image Name", "Transcription", "writer"], *rows]


@pytest.mark.parametrize("beside", [{}, {"Notes": [["made by", "me"]]}, {"Empty": []}])
def test_the_sheet_with_the_columns_is_read(beside: dict[str, Sequence[Sequence[object]]], tmp_path: Path) -> None:
    made.write_images(tmp_path, WORDS)
    write(tmp_path / "labels.xlsx", **beside, Sheet1=[[None], *rows_of(WORDS), [None, None], ["", ""]])
    for source in (Folder(tmp_path), Folder(tmp_path / "labels.xlsx")):
        assert texts_of(source) == WORDS
        assert {word.writer for word in words_of(source)} == {"anna"}


def test_sheets_without_names_of_columns_are_read(tmp_path: Path) -> None:
    made.write_images(tmp_path, WORDS)
    write(tmp_path / "labels.xlsx", a=[[text, name] for name, text in WORDS.items()])
    assert texts_of(Folder(tmp_path)) == WORDS


def test_sheets_of_splits_are_read_together_and_others_asked_for(tmp_path: Path) -> None:
    made.write_images(tmp_path, WORDS)
    items = list(WORDS.items())
    parts = {"Train": items[:3], "Test": items[3:5], "val": items[5:]}
    write(tmp_path / "a.xlsx", **{title: rows_of(dict(part)) for title, part in parts.items()})
    found = {word.id: page.split for page in Folder(tmp_path).pages() for word in page.words}
    assert found == {name: title.lower() for title, part in parts.items() for name, _ in part}
    write(tmp_path / "a.xlsx", page_1=rows_of(WORDS), page_2=rows_of(WORDS))
    with pytest.raises(UsageError, match=r"several sheets .*\(page_1, page_2\): call them train"):
        words_of(Folder(tmp_path))


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (1914, "1914"),
        ((7, "000"), "007"),
        ((1914, "@"), "1914"),
        ("=1+1", "=1+1"),
        (" a ", " a "),
        ((1914, "#,##0"), None),
        (3.5, None),
        (True, None),
        (datetime.datetime(1914, 8, 1), None),
        ("#N/A", None),
    ],
)
def test_what_excel_shows_otherwise_than_it_keeps_is_no_text(cell: object, text: str | None, tmp_path: Path) -> None:
    made.write_images(tmp_path, WORDS)
    table = rows_of(WORDS)
    table[1][1] = cell
    write(tmp_path / "a.xlsx", a=table)
    if text is not None:
        assert texts_of(Folder(tmp_path))["000.png"] == text
    else:
        with pytest.raises(
            BadDataError, match=r"1 line is wrong(?s:.*)line 2: its text is kept as .*format it as text"
        ):
            words_of(Folder(tmp_path))


def test_a_row_without_an_image_is_wrong_and_one_without_a_text_has_none(tmp_path: Path) -> None:
    made.write_images(tmp_path, WORDS)
    table = rows_of(WORDS)
    table[1][0], table[2][1] = None, None
    write(tmp_path / "a.xlsx", a=table)
    with pytest.raises(BadDataError, match=r"1 line is wrong(?s:.*)line 2: it names no image"):
        words_of(Folder(tmp_path))
    words = {word.id: word for word in words_of(Folder(tmp_path, drop_wrong=True))}
    assert str(words["001.png"].reason) == "missing_annotation"


def test_a_workbook_within_an_archive_is_read(tmp_path: Path) -> None:
    made.write_images(tmp_path, WORDS)
    write(tmp_path / "a.xlsx", a=rows_of(WORDS))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        for name in (*WORDS, "a.xlsx"):
            file.write(tmp_path / name, name)
    assert texts_of(Folder(tmp_path / "a.zip")) == WORDS


def test_without_openpyxl_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made.write_images(tmp_path, WORDS)
    write(tmp_path / "a.xlsx", a=rows_of(WORDS))
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    said = (
        r"a\.xlsx, unless it is saved as CSV, needs openpyxl, which is not installed: pip install 'htrdata\[sheets\]'"
    )
    for source in (Folder(tmp_path), Folder(tmp_path / "a.xlsx")):
        with pytest.raises(MissingPackageError, match=said):
            words_of(source)
    made.write_gt(tmp_path, WORDS)
    source = Folder(tmp_path)
    assert texts_of(source) == WORDS
    assert any(re.search(said, note) for note in source.notes)


@pytest.mark.parametrize("content", [b"", b"PK", b"\xd0\xcf\x11\xe0 of old or encrypted ones", "cut", "large", "other"])
def test_what_is_no_workbook_is_one_sentence(
    content: bytes | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.xlsx", a=rows_of(WORDS))
    if content == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif content == "large":
        monkeypatch.setattr(sheets, "MOST", 1000)
    elif content == "other":
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("a.txt", "a")
    else:
        assert isinstance(content, bytes)
        path.write_bytes(content)
    with pytest.raises(SourceMissingError, match=r"a\.xlsx.*: save it as CSV"):
        words_of(Folder(tmp_path))
    with pytest.raises(BadDataError, match=r"a\.xlsx.*: save it as CSV"):
        words_of(Folder(path))
