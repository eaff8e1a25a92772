"""How much is tried: a sample every day, all of it where the variable HTRDATA_FAULTS is ``all``; and counts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

ALL = os.environ.get("HTRDATA_FAULTS") == "all"

TRIED: Counter[tuple[str, str]] = Counter()
"""What was tried, by fault and by what came of it; printed when the tests are done."""


def sample(items: Sequence[T], size: int) -> list[T]:
    """All items, or that many of them, evenly spaced, the last one among them."""
    if ALL or len(items) <= size:
        return list(items)
    return [items[(number + 1) * len(items) // size - 1] for number in range(size)]


def every(step: int) -> int:
    """1 where everything is tried, else the step."""
    return 1 if ALL else step
