"""The source; the package's docstring has the layout."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from htrdata.errors import BadDataError, SourceMissingError
from htrdata.files.on_disk import FileOnDisk
from htrdata.files.regular import read_regular
from htrdata.records import SPLITS, Division, Page, Reason, SourceInfo, Unit, Word

_CORPUS = Path(__file__).parents[1] / "open_words" / "dhsd.toml"
MOST = 64 << 20
"""Bytes of a table; that of train has some four hundred thousand."""

_COLUMNS = ["file_name", "text", "writer_id"]

# Names of strangers become paths.
_FILE = re.compile(r"german_hw_data/writer(?P<writer>\d{1,4})/\d{1,4}_\d{1,5}\.png")


@dataclass(frozen=True, slots=True)
class Dhsd:
    """The data set below a root folder.

    Attributes:
        root: the folder with ``train.csv``.
    """

    root: Path

    name: ClassVar[str] = "dhsd"
    extra_columns: ClassVar[tuple[str, ...]] = ()
    settings: ClassVar[Mapping[str, str]] = {}
    unit: ClassVar[Unit] = "word"
    drawn: ClassVar[str | None] = None
    published: ClassVar[Mapping[str, Mapping[str, int]]] = {"test": {"words": 1_194}}

    @property
    def info(self) -> SourceInfo:
        """What it is and on what terms."""
        given = _corpus()
        return SourceInfo(*(str(given[key]) for key in ("title", "url", "licence", "citation")))

    @property
    def division(self) -> Division:
        """The published tables, and val out of train by writer."""
        return Division(self.info.title, "published", {"val": " ".join(map(str, _list(_corpus(), "val")))})

    def pages(self) -> Iterator[Page]:
        """Yields a page for each writer and split, split by split; its words bring their own images.

        Raises:
            SourceMissingError: a table is missing.
            BadDataError: a table is not what its format promises.
        """
        val = set(map(str, _list(_corpus(), "val")))
        rows: dict[tuple[str, str], list[Word]] = {}
        seen: set[str] = set()
        for table in ("train", "test"):
            for name, text, writer in _rows(self.root / f"{table}.csv"):
                split = "val" if table == "train" and writer in val else table
                word = _word(self.root, name, text, writer, duplicate=name in seen)
                seen.add(name)
                rows.setdefault((split, writer), []).append(word)
        for split, writer in sorted(rows, key=lambda key: (SPLITS.index(key[0]), key[1].zfill(4))):
            yield Page(id=f"writer{writer}_{split}", split=split, words=tuple(rows[split, writer]))


def _word(root: Path, name: str, text: str, writer: str, *, duplicate: bool) -> Word:
    found = _FILE.fullmatch(name)
    if found is None or found["writer"] != writer:
        return Word(name, text, reason=Reason.INVALID_ID, writer=writer)
    return Word(
        id=name.removeprefix("german_hw_data/").removesuffix(".png"),
        text=text,
        image=FileOnDisk(root / name),
        reason=Reason.DUPLICATE_ID if duplicate else None,
        writer=writer,
    )


def _rows(path: Path) -> Iterator[tuple[str, str, str]]:
    try:
        text = read_regular(path, MOST).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDataError(f"{path} is not UTF-8: byte {error.start:,} ({error.reason})") from error
    except FileNotFoundError:
        url = _corpus()["url"]
        raise SourceMissingError(
            f"no table {path}: `htrdata fetch dhsd` gets it; or clone {url} and name its folder with --root"
        ) from None
    table = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        if next(table, None) != _COLUMNS:
            raise BadDataError(f"{path}, line 1: its columns are not {','.join(_COLUMNS)}")
        for row in table:
            if len(row) != len(_COLUMNS):
                raise BadDataError(f"{path}, line {table.line_num}: {len(row)} columns, not {len(_COLUMNS)}")
            yield row[0], row[1], row[2]
    except csv.Error as error:
        raise BadDataError(f"{path}, line {table.line_num}: {error}") from error


def _corpus() -> dict[str, object]:
    return tomllib.loads(_CORPUS.read_text(encoding="utf-8"))


def _list(given: dict[str, object], key: str) -> list[object]:
    value = given[key]
    assert isinstance(value, list)  # it is a file of ours
    return value
