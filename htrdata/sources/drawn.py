"""How a reader knows that the data set before it was drawn, in the layout of a genuine one: by a file in it.

`htrdata.drawing.samples` leaves ``drawn.json`` at its root, and in the archives and folders that may be taken out of it
by themselves. Without it, a store of drawn words would name the licence and the
citation of a data set that they are none of, and what was trained on them would say that it knows real handwriting.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from htrdata.files import strict_json, typed_json
from htrdata.files.regular import read_regular
from htrdata.records import SourceInfo

MARK = "drawn.json"

LARGEST = 1 << 20
"""Bytes that such a file may have; ours have some 400."""


@dataclass(frozen=True, slots=True)
class DrawnMark:
    """What the file says.

    Attributes:
        drawn: what was drawn; see `htrdata.sources.base.Source.drawn`.
        corpus: what to call these words; others, drawn with other settings, are another corpus.
        about: what they are and on what terms.
    """

    drawn: str
    corpus: str
    about: SourceInfo


def read_mark(path: Path) -> DrawnMark | None:
    """Reads the file; None where there is none.

    Raises:
        BadDataError: it is damaged.
        OSError: it cannot be read.
    """
    try:
        return parse_mark(read_regular(path, LARGEST), path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def parse_mark(content: bytes, place: object) -> DrawnMark:
    """Reads what is in such a file, wherever that lies.

    Args:
        content: of the file.
        place: what messages call it.

    Raises:
        BadDataError: it is damaged.
    """
    value = strict_json.parse(content, place)
    return typed_json.decode(value, DrawnMark, f"{place} is damaged", "draw the sample again, in another folder")


def mark_bytes(mark: DrawnMark) -> bytes:
    """What such a file holds."""
    return (json.dumps(typed_json.encode(mark), indent=1) + "\n").encode()


def write_mark(*folders: Path, mark: DrawnMark) -> None:
    """Writes the file into the folders of a drawn data set: one that is moved away by itself shall still say it."""
    for folder in folders:
        (folder / MARK).write_bytes(mark_bytes(mark))
