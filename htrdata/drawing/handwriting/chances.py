"""Random numbers that are drawn at once and spent one by one: what each of many settings of a writer is."""

from __future__ import annotations

import numpy as np


class Chances:
    """A few random numbers. Each call of a method spends the next one.

    Args:
        count: how many numbers there are.
        rng: gives them, at once.
    """

    def __init__(self, count: int, rng: np.random.Generator) -> None:
        self._left = iter(rng.random(count).tolist())

    def between(self, low: float, high: float) -> float:
        """A number from `low` to `high`, each as likely."""
        return low + (high - low) * float(next(self._left))

    def sometimes(self, share: float) -> bool:
        """True as often as `share` says, from 0 to 1."""
        return float(next(self._left)) < share
