"""The records that flow from a source to a part: pages of words, and what the whole of them is.

May import nothing of ours.
"""

from htrdata.records.datasets import (
    DRAWN,
    DRAWN_PICTURE,
    SPLITS,
    Division,
    Leaks,
    SourceInfo,
    Unit,
    how_drawn,
    of_people,
)
from htrdata.records.words import Box, ImageFile, Outline, Page, Reason, Word, first_reason

__all__ = [
    "DRAWN",
    "DRAWN_PICTURE",
    "SPLITS",
    "Box",
    "Division",
    "ImageFile",
    "Leaks",
    "Outline",
    "Page",
    "Reason",
    "SourceInfo",
    "Unit",
    "Word",
    "first_reason",
    "how_drawn",
    "of_people",
]
