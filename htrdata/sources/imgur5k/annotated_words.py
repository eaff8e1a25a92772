"""Annotations of Imgur5K as words: a box as it is written there, and what is ruled out."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

from htrdata.errors import BadDataError
from htrdata.files.strict_json import shortened
from htrdata.records import Box, Reason, Word

NOT_ANNOTATED = "."

_NO_COLUMNS: Mapping[str, str] = {}


def as_word(word_id: str, box: Any, text: Any, seen: set[str], numbers: dict[str, float]) -> Word:
    """An annotation as a word.

    Args:
        word_id: of the annotation.
        box: as `parse_box` reads it.
        text: what it says.
        seen: the ids before it, to which its own is added.
        numbers: see `parse_box`.

    Raises:
        BadDataError: what it says is no text.
    """
    if not isinstance(text, str):
        raise BadDataError(f"the word of annotation {shortened(word_id)} is {shortened(text)}, not a text")
    parsed = parse_box(box, numbers)
    reason = None
    if word_id in seen:
        reason = Reason.DUPLICATE_ID
    elif parsed is None:
        reason = Reason.INVALID_BOX
    elif text == NOT_ANNOTATED:
        reason = Reason.MISSING_ANNOTATION
    seen.add(word_id)
    # Words recur, and none has columns of its own: a million of them in a plan must not each hold what is equal.
    return Word(word_id, sys.intern(text), box=parsed, reason=reason, extra=_NO_COLUMNS)


def parse_box(value: Any, known: dict[str, float]) -> Box | None:
    """Reads ``[xc, yc, w, h, a]``, a string or a list; None where it is not five finite numbers.

    Numbers recur as words do: those of a string are taken from, or added to, the known ones, by how they are written.
    """
    numbers = value.strip().removeprefix("[").removesuffix("]").split(",") if isinstance(value, str) else value
    if not isinstance(numbers, list) or len(numbers) != 5 or any(isinstance(number, bool) for number in numbers):
        return None
    try:
        xc, yc, w, h, angle = (_number(number, known) for number in numbers)
    except (TypeError, ValueError, OverflowError):  # the last of whole numbers of hundreds of digits
        return None
    return Box(xc, yc, w, h, angle) if all(map(math.isfinite, (xc, yc, w, h, angle))) else None


def _number(value: Any, known: dict[str, float]) -> float:
    if not isinstance(value, str):
        return float(value)
    number = known.get(value)
    return known.setdefault(value, float(value)) if number is None else number
