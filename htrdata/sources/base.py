"""What a source is: a reader of a data set as its authors publish it. It yields pages of words and never writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from htrdata.records import DRAWN as DRAWN
from htrdata.records import DRAWN_PICTURE as DRAWN_PICTURE
from htrdata.records import Division as Division
from htrdata.records import Page
from htrdata.records import SourceInfo as SourceInfo
from htrdata.records import Unit as Unit

ALIGNMENT = "alignment"
"""The setting of a source that holds the SHA-256 of the file that says where each label stands, where it has one."""


Progress = Callable[[str, int, int], None]
"""Called while a source is read with what is being looked at, how much of it was, and how much there is; 0: unknown."""


class Source(Protocol):
    """A data set on disk."""

    @property
    def name(self) -> str:
        """The default name of the data set in a store: letters, digits and ``_``."""

    @property
    def info(self) -> SourceInfo:
        """What it is and on what terms."""

    @property
    def unit(self) -> Unit:
        """What its `htrdata.records.Word` objects are: words, or whole lines."""

    @property
    def division(self) -> Division:
        """How its pages are divided into splits: two that differ in it must not train and test together.

        Only what decides which page is in which split belongs there; all else that may be asked of a source is in
        `settings` alone.
        """

    @property
    def drawn(self) -> str | None:
        """What of it a program has drawn: `DRAWN`, `DRAWN_PICTURE` or other words for it; None where nothing is.

        Figures over drawn words say little of real handwriting, and what was trained on them says so.
        """

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """The keys that ``Word.extra`` may have: further columns of the manifest."""

    @property
    def settings(self) -> Mapping[str, str]:
        """What it was asked to read, where there is a choice: recorded in ``dataset.json``."""

    @property
    def published(self) -> Mapping[str, Mapping[str, int]]:
        """What the whole data set is published with, where that is known, for a build to compare itself with.

        For each split the number of ``words``, and how many of them are ruled out, by `htrdata.records.Reason`.
        """

    def pages(self) -> Iterator[Page]:
        """Yields the pages split by split, in a fixed order, without opening an image.

        A page that the source lists but has no annotations for comes without words.

        Raises:
            SourceMissingError: a folder or file that is needed is not there.
            BadDataError: a file is not what its format promises.
        """


def remarks_of(source: Source) -> Sequence[str]:
    """What a source has found out about its files that a person should know, once its pages were read.

    A source says it by a member of its own, ``remarks``; most have none.
    """
    remarks: Sequence[str] = getattr(source, "remarks", ())
    return remarks


def missing_members(source: object) -> list[str]:
    """The members of `Source` that an object lacks: others write sources, and perhaps for another version of it."""
    wanted = [name for name in vars(Source) if not name.startswith("_")]
    return wanted if isinstance(source, type) else [name for name in wanted if not hasattr(source, name)]
