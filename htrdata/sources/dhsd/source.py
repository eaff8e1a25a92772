"""The source: a folder with two tables, as `htrdata.sources.folder` reads it, and val out of train; see the package."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from htrdata.errors import SourceMissingError
from htrdata.records import SPLITS, Division, Page, Reason, SourceInfo, Unit, Word, first_reason
from htrdata.sources.folder import Folder

_CORPUS = Path(__file__).parents[1] / "open_words" / "dhsd.toml"
_TABLES = ("train.csv", "test.csv")
_ID = re.compile(r"german_hw_data/(writer(?P<writer>\d{1,4})/\d{1,4}_\d{1,5})\.png")


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
    published: ClassVar[Mapping[str, Mapping[str, int]]] = {
        "train": {"words": 4_241},
        "val": {"words": 504},
        "test": {"words": 1_194},
    }

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
            BadDataError: a table is none, or damaged. A row that is wrong comes with its reason.
        """
        val = set(map(str, _list(_corpus(), "val")))
        rows: dict[tuple[str, str], list[Word]] = {}
        for page in self._tables():
            for word in page.words:
                writer = word.writer or ""
                split = "val" if page.split == "train" and writer in val else page.split or "train"
                rows.setdefault((split, writer), []).append(_own(word))
        for split, writer in sorted(rows, key=lambda key: (SPLITS.index(key[0]), key[1].zfill(4))):
            yield Page(id=f"writer{writer}_{split}", split=split, words=tuple(rows[split, writer]))

    def _tables(self) -> Iterator[Page]:
        missing = next((name for name in _TABLES if not (self.root / name).is_file()), None)
        if missing is not None:
            url = _corpus()["url"]
            raise SourceMissingError(
                f"no table {self.root / missing}: `htrdata fetch dhsd` gets it; or clone {url} and name its folder "
                "with --root"
            )
        return Folder(self.root, _TABLES, splits="given", drop_wrong=True).pages()


def _own(word: Word) -> Word:
    """The word by the id that it has in stores of ours; the name of its image says whose it is, too."""
    found = _ID.fullmatch(word.id)
    if found is None or found["writer"] != word.writer:
        return replace(word, image=None, reason=first_reason([word.reason, Reason.INVALID_ID]))
    return replace(word, id=found[1])


def _corpus() -> dict[str, object]:
    return tomllib.loads(_CORPUS.read_text(encoding="utf-8"))


def _list(given: dict[str, object], key: str) -> list[object]:
    value = given[key]
    assert isinstance(value, list)  # it is a file of ours
    return value
