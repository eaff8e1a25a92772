"""Tables as ICDAR's competitions have them, and as CVAT exports them: ``word_1.png, "text"``, one a line.

The quotes are no csv's: a comma in the text stands as it is, and a quote behind a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from htrdata.sources.folder.rows import ImagesAndTexts, Row, is_image_name
from htrdata.sources.folder.text_files import numbered_lines
from htrdata.sources.folder.trees import TableFile

_LINE = re.compile(r'\s*([^,"]*\S)\s*,\s*"(.*)"\s*')


@dataclass(frozen=True, slots=True)
class IcdarTable(ImagesAndTexts):
    """A table of names of images and quoted texts.

    Attributes:
        path: the file.
        encoding: of the file.
    """

    path: TableFile
    encoding: str

    def rows(self) -> Iterator[Row]:
        """All rows in order. Raises as `htrdata.sources.folder.rows.Table.rows` does."""
        for number, line in numbered_lines(self.path, self.encoding):
            found = _LINE.fullmatch(line)
            if found is None:
                shown = line.strip()[:80]
                yield Row(number, "", None, fault=f"it is not a path, a comma and a text in quotes: {shown!r}")
            else:
                yield Row(number, found[1], found[2].replace('\\"', '"'))


def are_icdar(lines: Sequence[str]) -> bool:
    """Whether most of the first lines of a file are such rows."""
    found = [one for one in map(_LINE.fullmatch, lines) if one is not None and is_image_name(one[1])]
    return 2 * len(found) > len(lines)
