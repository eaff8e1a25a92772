"""Delineations: which components, and which points of them, make up a segment.

12-19       components 12 to 19, counted from 0
3:10-7:2    from point 10 of component 3 to point 2 of component 7, both included
1-2,5       components 1, 2 and 5
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from htrdata.errors import BadDataError

_SPAN = re.compile(r"(\d{1,9})(?::(\d{1,9}))?(?:-(\d{1,9})(?::(\d{1,9}))?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """Components that follow each other.

    Attributes:
        first: the first one, from 0.
        last: the last one.
        begin: the point of the first one where it begins, from 0.
        end: the point of the last one where it ends; None for the last point.
    """

    first: int
    last: int
    begin: int = 0
    end: int | None = None


def parse_delineation(text: str, place: str) -> tuple[Span, ...]:
    """Reads a delineation.

    Args:
        text: such as ``3:10-7:2,9``.
        place: the file and line where it stands, for messages.

    Raises:
        BadDataError: it is none, leads backwards, or counts a thousand million components or more.
    """
    return tuple(_span(part, text, place) for part in text.split(","))


def _span(part: str, text: str, place: str) -> Span:
    match = _SPAN.fullmatch(part)
    if match is None:
        raise BadDataError(
            f"{place}: {text[:60]!r} names no components: expected such as 12-19, 3:10-7:2 or 1-2,5, numbers below "
            "1,000,000,000"
        )
    first, begin, last, end = (None if number is None else int(number) for number in match.groups())
    assert first is not None
    if last is None:  # one component, or one point of it
        return Span(first, first, begin or 0, begin)
    if last < first or (last == first and end is not None and end < (begin or 0)):
        raise BadDataError(f"{place}: {text[:60]!r} leads backwards: its end comes before its beginning")
    return Span(first, last, begin or 0, end)
