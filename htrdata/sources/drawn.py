"""How a reader knows that the data set before it was drawn, in the layout of a genuine one: by a file at its root.

`htrdata.drawing.samples` leaves ``drawn.json`` there. Without it, a store of drawn words would name the licence and the
citation of a data set that they are none of, and what was trained on them would say that it knows real handwriting.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from htrdata.files import strict_json
from htrdata.records import SourceInfo

MARK = "drawn.json"


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
        content = strict_json.load(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return strict_json.decode(content, DrawnMark, f"{path} is damaged", "draw the sample again, in another folder")


def write_mark(root: Path, mark: DrawnMark) -> None:
    """Writes the file into the folder of a drawn data set."""
    (root / MARK).write_text(json.dumps(strict_json.encode(mark), indent=1) + "\n", encoding="utf-8")
