"""What was found on the way through an export, besides its pages."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from htrdata.images.endings import unread_note
from htrdata.records.counting import plural
from htrdata.sources.escaped_twice import ESCAPED
from htrdata.sources.unseen import UNSEEN
from htrdata.sources.xml.mets import Mets
from htrdata.sources.xml.written import WrittenPage

_DOUBTFUL = frozenset({"unclear", "gap", "strikethrough"})
_UNBREAKABLE = "\u00a0"
_NOT_READ = "is not looked into: unpack what is there, or name it by itself"


@dataclass(slots=True)
class ExportFindings:
    """Full once all pages have been taken.

    Attributes:
        others: XML files of other kinds, by their namespace.
        unread: pictures that nothing here reads, by what they are.
        found: the ALTO and PAGE files.
        listed: the METS files that list pages.
        filled: files that a recogniser has written beside them.
        escaped: in how many lines something looks escaped twice, by what it is.
        unseen: in how many lines there are signs that nobody sees, by what they are, but for spaces that do not break.
        tags: in how many lines something is marked as not to be read, or not to be learnt, by the tag.
        lineless: how many regions have a text and no lines.
        pages_with_lineless: on how many pages they are.
        again: how many pages another file of the same picture has already.
        packed: what to say of archives within the export; empty where there are none.
    """

    others: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    found: list[PurePosixPath] = field(default_factory=list)
    listed: list[Mets] = field(default_factory=list)

    escaped: Counter[str] = field(default_factory=Counter)
    unseen: Counter[str] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)
    lineless: int = 0
    pages_with_lineless: int = 0
    filled: int = 0
    again: int = 0
    packed: str = ""

    def clear(self) -> None:
        """Forgets what an earlier look has found."""
        for part in (self.others, self.unread, self.found, self.listed, self.escaped, self.unseen, self.tags):
            part.clear()
        self.filled = self.again = self.lineless = self.pages_with_lineless = 0
        self.packed = ""

    def look_at_page(self, below: PurePosixPath, page: WrittenPage) -> None:
        """Looks at what an ALTO or PAGE file says of its page."""
        self.found.append(below)
        self.lineless += page.lineless
        self.pages_with_lineless += page.lineless > 0
        for line in page.lines:
            if line.tags:
                self.tags.update(line.tags & _DOUBTFUL)

    def look_at(self, text: str) -> None:
        """Looks at the text of a line, as corpus and rules leave it."""
        if found := set(UNSEEN.findall(text)) - {_UNBREAKABLE}:
            self.unseen.update(f"U+{ord(sign):04X}" for sign in found)
        if "&" in text:
            self.escaped.update(set(ESCAPED.findall(text)))

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
        if self.escaped:
            told.append(
                f"texts hold what looks like XML that was escaped twice: {_listed(self.escaped)}; a table for "
                "--text-rules puts it right, of two columns, char and replacement"
            )
        if self.unseen:
            told.append(
                "texts hold signs that nobody sees, which are learnt and counted as others are: "
                f"{_listed(self.unseen)}; a table for --text-rules takes them out"
            )
        if self.tags:
            first = min(self.tags)
            told.append(f"transcribers marked {_listed(self.tags)}; --without {first} drops lines with {first}")
        if self.lineless:
            told.append(
                f"{plural(self.lineless, 'region')} of {plural(self.pages_with_lineless, 'page')} with a text, and "
                "without lines that it could be cut by: no row has it; find the lines, and put it into them"
            )
        if self.again:
            told.append(
                f"{plural(self.again, 'page')} of pictures that another file transcribes, too (ALTO beside PAGE, two "
                "versions): of such files that with more lines counts, else PAGE; move one out to choose"
            )
        if self.packed:
            told.append(f"{self.packed} within the export, which {_NOT_READ}")
        return [*told, *([unread_note(self.unread)] if self.unread else [])]


def _listed(counts: Counter[str]) -> str:
    """In how many lines something was found, what is found most first, at most five."""
    most = sorted(counts.items(), key=lambda found: (-found[1], found[0]))[:5]
    return ", ".join(f"{what} in {plural(count, 'line')}" for what, count in most)
