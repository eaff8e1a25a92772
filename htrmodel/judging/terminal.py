"""Texts and figures in the columns of a terminal of 80."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator

from htrdata.labels import visible
from htrmodel.judging.judgement import Figure

WIDTH = 80
"""Columns."""


def percent(number: float, digits: int = 2, sign: str = "") -> str:
    """A fraction in per cent, with fewer digits where it is large; ``–`` for NaN."""
    if math.isnan(number):
        return "–"
    digits -= (abs(number) >= 1) + (abs(number) >= 10)
    return f"{100 * number:{sign}z.{max(digits, 0)}f}"


def with_interval(figure: Figure, digits: int = 2, sign: str = "") -> str:
    """``9.47 [9.12, 9.83]``, in columns; the ends of the interval may have fewer digits."""
    value = f"{percent(figure.value, sign=sign):>{6 + len(sign)}}"
    if math.isnan(figure.low):
        return value
    low, high = (f"{percent(end, digits, sign):>{3 + digits + len(sign)}}" for end in (figure.low, figure.high))
    return f"{value} [{low}, {high}]"


def fitted(text: str) -> Iterator[str]:
    """A sentence in lines of the terminal's width, indented after the first; control characters are shown, not sent."""
    line = ""
    for word in visible(text).split():
        if line and len(line) + 1 + len(word) > WIDTH:
            yield line
            line = f"  {word}"
        else:
            line = f"{line} {word}" if line else word
    yield line


def wrapped(signature: str) -> Iterator[str]:
    """A signature in lines of the terminal's width."""
    line = ""
    for part in signature.split("|"):
        if line and len(line) + len(part) >= WIDTH:
            yield line
            line = ""
        line += f"{part}|"
    yield line.rstrip("|")


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cell(text: str, width: int) -> str:
    """A text cut or filled up to a number of columns of the terminal."""
    text = visible(text)
    if sum(map(_columns, text)) > width:
        while sum(map(_columns, text)) > width - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (width - sum(map(_columns, text)))
