"""A text beside each image, ``NAME.gt.txt`` as kraken and Tesseract have it or ``NAME.txt``, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from htrdata.records import Reason
from htrdata.sources.folder.rows import ImagesAndTexts, Row
from htrdata.sources.folder.text_files import find_encoding
from htrdata.sources.folder.trees import TableFile, Tree

ENDINGS = (".gt.txt", ".txt")
"""Of the texts, the more telling one first."""


@dataclass(frozen=True, slots=True)
class TextsBeside(ImagesAndTexts):
    """The images of a folder that have a text beside them.

    Attributes:
        tree: the files.
        ending: of the texts.
        pairs: the path of each image below the folder, and that of its text.
        encoding: of the texts; None for UTF-8, or UTF-16 where they are that.
        alone: texts with this ending that no image has.
    """

    tree: Tree
    ending: str
    pairs: Sequence[tuple[str, str]]
    encoding: str | None
    alone: Sequence[str] = ()

    @property
    def path(self) -> Path:
        """Where the files are."""
        return Path(self.tree.place)

    def rows(self) -> Iterator[Row]:
        """A row for each image, in the order of the paths."""
        for number, (image, below) in enumerate(self.pairs, 1):
            text, fault = self._text(self.tree.table(below))
            yield Row(number, image, text, fault=f"{below}: {fault}" if fault else None)
        # What ends in .txt alone may be anything: a note says it.
        for number, below in enumerate(self.alone if self.ending == ENDINGS[0] else (), len(self.pairs) + 1):
            text, _ = self._text(self.tree.table(below))
            fault = f"{below}: there is no image of this name beside it"
            yield Row(number, "", text, below, fault=fault, reason=Reason.IMAGE_MISSING)

    def _text(self, path: TableFile) -> tuple[str | None, str | None]:
        encoding = find_encoding(path, self.encoding)
        try:
            lines = path.read_bytes().decode(encoding).replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
        except UnicodeDecodeError:
            return None, f"it is not {encoding.upper()}: convert it, or say what it is, such as --encoding cp1252"
        return (lines[0], None) if len(lines) == 1 else (None, f"it has {len(lines)} lines of text, and one image")
