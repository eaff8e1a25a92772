"""What was found on the way through an export, besides its pages."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from htrdata.images.endings import unread_note
from htrdata.sources.xml.mets import Mets


@dataclass(slots=True)
class ExportFindings:
    """Full once all pages have been taken.

    Attributes:
        others: XML files of other kinds, by their namespace.
        unread: pictures that nothing here reads, by what they are.
        found: the ALTO and PAGE files.
        listed: the METS files that list pages.
        filled: files that a recogniser has written beside them.
    """

    others: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    found: list[PurePosixPath] = field(default_factory=list)
    listed: list[Mets] = field(default_factory=list)

    filled: int = 0

    def clear(self) -> None:
        """Forgets what an earlier look has found."""
        for part in (self.others, self.unread, self.found, self.listed):
            part.clear()
        self.filled = 0

    def settings(self) -> dict[str, str]:
        """What a description records."""
        pages = {"listed_pages": str(sum(len(mets.pages) for mets in self.listed))} if self.listed else {}
        others = ", ".join(f"{count} {name}" for name, count in sorted(self.others.items()))
        return {**pages, "other_files": others or "none"}

    def remarks(self) -> list[str]:
        """What a person should know: sentences."""
        told = [remark for mets in self.listed if (remark := mets.remark(self.found)) is not None]
        if self.filled:
            told.append(f"{self.filled:,} files of `htrmodel predict --xml` within the export are no part of it")
        return [*told, *([unread_note(self.unread)] if self.unread else [])]
