"""What a source is: a reader of a data set as its authors publish it. It yields pages of words and never writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from htrdata.records import Page


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a data set is and on what terms: it goes into ``dataset.json`` and the report.

    Attributes:
        title: its full name.
        url: where its authors publish it.
        licence: what it may be used for, in a few words.
        citation: how to cite it.
    """

    title: str
    url: str
    licence: str
    citation: str


class Source(Protocol):
    """A data set on disk."""

    @property
    def name(self) -> str:
        """The default name of the data set in a store: letters, digits and ``_``."""

    @property
    def info(self) -> SourceInfo:
        """What it is and on what terms."""

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


def missing_members(source: object) -> list[str]:
    """The members of `Source` that an object lacks: others write sources, and perhaps for another version of it."""
    wanted = [name for name in vars(Source) if not name.startswith("_")]
    return wanted if isinstance(source, type) else [name for name in wanted if not hasattr(source, name)]
