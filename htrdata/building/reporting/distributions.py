"""How numbers are spread: the columns of a diagram, and the sentence that goes with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Distribution:
    """Numbers as a diagram shows them.

    Attributes:
        columns: what each column is of, and how many there are; the last one also has all that are larger.
        sentence: half of them, nearly all of them, and the extremes.
    """

    columns: tuple[tuple[str, int], ...]
    sentence: str


def distribution(values: NDArray[np.float64], step: float, most: int = 30) -> Distribution:
    """Counts numbers in columns of one width.

    Args:
        values: numbers from 0, at least one.
        step: the width of a column; it is doubled until there are no more than `most`.
        most: columns.
    """
    low, middle, high, far = np.quantile(values, (0.05, 0.5, 0.95, 0.99), method="inverted_cdf").tolist()
    while far / step >= most - 1:
        step *= 2
    number = int(far // step) + 1
    counts = np.bincount(np.minimum(values // step, number).astype(np.int64), minlength=number + 1).tolist()
    columns = [(_span(place * step, step), count) for place, count in enumerate(counts[:-1])]
    if counts[-1]:
        columns.append((f"{_told(number * step)} and more", counts[-1]))
    sentence = f"half at most {_told(middle)}, nine in ten from {_told(low)} to {_told(high)}"
    extremes = f"smallest {_told(values.min())}, largest {_told(values.max())}"
    return Distribution(tuple(columns), f"{sentence}; {extremes}")


def _told(number: float) -> str:
    return f"{number:,.0f}" if number >= 1000 else f"{number:.3g}"


def _span(first: float, step: float) -> str:
    return _told(first) if step == 1 else f"{_told(first)} to {_told(first + step)}"
