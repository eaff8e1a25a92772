"""Tables as PyLaia takes them: the name of an image, mostly without its ending, and its characters with spaces between.

A space within the text is a sign of its own, ``<space>``: ``a01-000u A <space> M O V E``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from htrdata.sources.folder.rows import ImagesAndTexts, Row
from htrdata.sources.folder.text_files import numbered_lines
from htrdata.sources.folder.trees import TableFile

_SPACES = frozenset({"<space>", "<SPACE>", "{space}"})
_SIGN = re.compile(r"<\w+>|\{\w+\}")


@dataclass(frozen=True, slots=True)
class SpacedTable(ImagesAndTexts):
    """A table of spaced characters.

    Attributes:
        path: the file.
        encoding: of the file.
    """

    path: TableFile
    encoding: str

    def rows(self) -> Iterator[Row]:
        """All rows in order. Raises as `htrdata.sources.folder.rows.Table.rows` does."""
        for number, line in numbered_lines(self.path, self.encoding):
            image, *tokens = line.split()
            strange = next((token for token in tokens if not (_is_character(token) or token in _SPACES)), None)
            fault = None if strange is None else f"{strange[:40]!r} stands among spaced characters, and is none"
            text = "".join(" " if token in _SPACES else token for token in tokens)
            yield Row(number, image, None if fault else text, fault=fault)


def are_spaced(lines: list[str]) -> bool:
    """Whether the first lines of a file are such rows: most with several characters, and none with a whole word."""
    if any("\t" in line for line in lines):
        return False
    rows = [line.split()[1:] for line in lines]
    return all(all(map(_is_sign, row)) for row in rows) and 2 * sum(len(row) > 1 for row in rows) > len(rows)


def _is_sign(token: str) -> bool:
    return _is_character(token) or _SIGN.fullmatch(token) is not None


def _is_character(token: str) -> bool:
    """Whether it is one character, with the marks that it carries."""
    return all(unicodedata.combining(mark) for mark in token[1:])
