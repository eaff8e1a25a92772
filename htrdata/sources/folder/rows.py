"""What every kind of table gives: rows of images and texts, as they stand there, with what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from htrdata.images.endings import ENDINGS_OF_FILES, UNREAD, ending_of
from htrdata.records import ImageFile, Reason
from htrdata.sources.folder.trees import TableFile

NOTHING: Mapping[str, str] = {}
"""The further columns of a row that has none: one for all of them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        number: of its line, or of itself where the table has no lines, from 1.
        image: the name of its image as it stands there, or the image itself where the table holds it.
        text: its transcription; None where there is none.
        id: of its own; None where the table gives none.
        split: as the table calls it, or as the place of the table does.
        writer: who wrote it.
        page: what it was cut from.
        extra: further columns, by their names in a manifest.
        fault: what is wrong with it, in words; None where nothing is.
        reason: of the fault.
        perhaps_names: whether it may be the names of the columns: it is no row unless its image is there.
    """

    number: int
    image: str | ImageFile
    text: str | None
    id: str | None = None
    split: str | None = None
    writer: str | None = None
    page: str | None = None
    extra: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    fault: str | None = None
    reason: Reason = Reason.INVALID_ID
    perhaps_names: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person says of the tables, where they do not say it themselves.

    Attributes:
        columns: the names of columns, or their numbers from 1, by what they hold: see `htrdata.sources.folder.columns`.
        encoding: of texts; None for UTF-8, or UTF-16 where they are that.
        quoting: ``csv`` or ``none``: whether quotes are those of the format, or of the texts; None to see by the file.
    """

    columns: Mapping[str, str]
    encoding: str | None = None
    quoting: str | None = None


class Table(Protocol):
    """A file with rows."""

    @property
    def path(self) -> Path | TableFile:
        """Where it is."""

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """The keys of `Row.extra`."""

    @property
    def known(self) -> frozenset[str]:
        """What it has columns of: ``image``, ``text``, ``split``, ``writer``, ``page``, ``id``."""

    @property
    def fingerprint(self) -> str:
        """Of the file, where it holds images besides the rows; empty where it does not."""

    @property
    def types(self) -> Mapping[str, str]:
        """What values were that rows have as texts: ``int64``, or ``json``, by role or name of a further column."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Columns that no row has, since they hold bytes."""

    def rows(self) -> Iterator[Row]:
        """All rows in order.

        Raises:
            BadDataError: the file is damaged, so that what follows cannot be read.
        """


class ImagesAndTexts:
    """What a `Table` that has these two alone says of itself."""

    __slots__ = ()

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def known(self) -> frozenset[str]:
        """Images and texts."""
        return frozenset(("image", "text"))

    @property
    def fingerprint(self) -> str:
        """None: its images are files of their own."""
        return ""

    @property
    def types(self) -> Mapping[str, str]:
        """None: all are texts."""
        return NOTHING

    @property
    def left_out(self) -> tuple[str, ...]:
        """None."""
        return ()


class NotATableError(Exception):
    """The file is not what a reader reads; the message says why."""


Recognise = Callable[[TableFile, Asked], Table]
"""Opens a table; raises NotATableError, or HtrError where it is one that needs a person to say something."""


def is_image_name(name: str) -> bool:
    """Whether a name ends as those of images do, be they such as can be read here or not."""
    return ending_of(name) in _IMAGES


_IMAGES = ENDINGS_OF_FILES | UNREAD.keys()
_TOKEN = re.compile("[a-z]+")

HELD_OUT = "eval"
"""What some call val and others test: which one, the other names beside it say; see `meant`."""

_SPLITS = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "vld", "dev", "development"), "val"),
    **dict.fromkeys(("test", "testing", "tst"), "test"),
    **dict.fromkeys(("eval", "evaluation"), HELD_OUT),
}


def split_named(name: str) -> str | None:
    """The split that a word of a table or a folder's whole name stands for; None for any other.

    It is train, val, test or `HELD_OUT`.
    """
    return _SPLITS.get(name.strip().lower())


def split_within(name: str) -> str | None:
    """The split that a part of a name, between other signs than letters, stands for; None where none or several do."""
    found = {_SPLITS[token] for token in _TOKEN.findall(name.lower()) if token in _SPLITS}
    return found.pop() if len(found) == 1 else None


def meant(split: str | None, beside: Container[str | None]) -> str | None:
    """What a split is that is called eval: val where there is a test beside it, else test; any other is itself."""
    if split != HELD_OUT:
        return split
    return "val" if "test" in beside else "test"


def without_split(name: str) -> str:
    """A name without what stands for a split, and without the numbers of parts."""
    return _TOKEN.sub(
        lambda match: "" if match[0] in _SPLITS else match[0], re.sub("[0-9]+(-of-[0-9]+)?", "", name.lower())
    )
