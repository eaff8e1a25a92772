"""What both formats say of a page: its picture, and its lines with their words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Points = tuple[tuple[float, float], ...]
"""Of a polygon or a baseline: x and y in the unit of the file, or in pixels of its picture."""

PIXEL = "pixel"
"""The unit of all PAGE files, and of most ALTO files."""

_LARGEST = 1e15  # a coordinate whose square, and those of all its page, are numbers still
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")


@dataclass(frozen=True, slots=True)
class Written:
    """A line, or a word of one.

    Attributes:
        id: of its element, not checked; empty where it has none.
        text: the transcription.
        outline: its polygon on the page, in order; empty where there is none that can be read.
        baseline: points of it in the direction of reading; empty where there is none, as for words.
        type: of the line, as its tags say; empty where they do not.
        region: type of the region that it stands in, else its id.
        words: of the line, where the file has them as elements of their own.
        flaw: what is wrong with its coordinates, if anything; it has no outline then.
        tags: what is marked within a line, such as ``unclear``, ``gap`` or ``strikethrough`` of Transkribus.
        has_own_text: whether a line has its text apart from its words, so that they may differ.
    """

    id: str
    text: str
    outline: Points
    baseline: Points = ()
    type: str = ""
    region: str = ""
    words: tuple[Written, ...] = ()
    flaw: str = ""
    tags: frozenset[str] = frozenset()
    has_own_text: bool = False


@dataclass(frozen=True, slots=True)
class WrittenPage:
    """A page of an export.

    Attributes:
        format: ``alto`` or ``page``.
        image_name: as the file has it, which may be a path of another system; empty where it has none.
        size: width and height, in the unit, that the coordinates are for; None where the file does not say.
        lines: in the order of the file.
        unit: of all coordinates, see `htrdata.sources.xml.scaling`.
        lineless: how many regions have a text and no lines.
    """

    format: str
    image_name: str
    size: tuple[float, float] | None
    lines: tuple[Written, ...]
    unit: str = PIXEL
    lineless: int = 0


def read_points(text: str) -> Points | None:
    """Reads ``x,y x,y`` or ``x y x y``, both of which are around.

    Returns:
        The points; None where they are not an even number of numbers, or are beyond any page.
    """
    numbers = re.split(r"[\s,]+", text.strip()) if text.strip() else []
    if not numbers or len(numbers) % 2 or not all(map(_NUMBER.fullmatch, numbers)):
        return None
    values = list(map(float, numbers))
    if not all(abs(value) <= _LARGEST for value in values):
        return None
    return tuple(zip(values[::2], values[1::2], strict=True))


def rectangle(left: float, top: float, width: float, height: float) -> Points:
    """The four corners of a box without a turn."""
    right, bottom = left + width, top + height
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def read_size(width: str | None, height: str | None) -> tuple[float, float] | None:
    """A size from two attributes; None where one is missing or no finite number, or both are 0."""
    numbers = read_points(f"{width},{height}")
    return None if numbers is None or len(numbers) != 1 or numbers[0] == (0, 0) else numbers[0]


def words_of(text: str) -> list[str]:
    """The words of a line, between spaces that may break it; one that may not (U+00A0, U+202F, …) is of its word."""
    return [word for word in re.split("[ \t\r\n]+", text) if word and not word.isspace()]


def joined(texts: Sequence[str]) -> str:
    """Words as a line: one space between them, and none for those that are empty."""
    return " ".join(text for text in texts if text)
