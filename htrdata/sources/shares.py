"""How the pages of a split of one's own are dealt out: by shares, or in folds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from htrdata.errors import UsageError
from htrdata.records import SPLITS


@dataclass(frozen=True, slots=True)
class Ratio:
    """The shares of train, val and test; whole numbers in any proportion.

    Raises:
        UsageError: a share is negative, or train has none.
    """

    train: int = 80
    val: int = 10
    test: int = 10

    def __post_init__(self) -> None:
        if min(self.train, self.val, self.test) < 0 or self.train == 0:
            raise UsageError(f"a ratio of {self} is not possible: give shares from 0, and more than 0 to train")

    @classmethod
    def parse(cls, text: str) -> Ratio:
        """Reads shares such as ``80/10/10``.

        Raises:
            UsageError: the text is not three shares.
        """
        return cls(*_numbers(text, 3, "80/10/10"))

    def __str__(self) -> str:
        return f"{self.train}/{self.val}/{self.test}"

    @property
    def wanted(self) -> tuple[str, ...]:
        """The splits that have a share."""
        return tuple(split for split in SPLITS if getattr(self, split))

    def suffix(self, seed: int) -> str:
        """What the name of the data set gets."""
        return f"random{seed}"

    def split(self, place: float) -> str:
        """The split of what stands at a place between 0 and 1 in the order of chance."""
        place *= self.train + self.val + self.test
        return "train" if place < self.train else "val" if place < self.train + self.val else "test"


@dataclass(frozen=True, slots=True)
class Fold:
    """One of several folds: it is test, the next one val (after the last the first), and the others train.

    Attributes:
        number: which one, from 1.
        of: how many there are.

    Raises:
        UsageError: there are fewer than three folds, or none of that number.
    """

    number: int
    of: int

    def __post_init__(self) -> None:
        if self.of < 3 or not 1 <= self.number <= self.of:
            raise UsageError(f"fold {self} is not possible: give one of 3 folds or more, such as 1/5")

    @classmethod
    def parse(cls, text: str) -> Fold:
        """Reads a fold such as ``1/5``.

        Raises:
            UsageError: the text is not a fold.
        """
        return cls(*_numbers(text, 2, "1/5"))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def wanted(self) -> tuple[str, ...]:
        """All splits."""
        return SPLITS

    def suffix(self, seed: int) -> str:
        """What the name of the data set gets."""
        return f"fold{self.number}of{self.of}" + (f"_{seed}" if seed else "")

    def split(self, place: float) -> str:
        """The split of what stands at a place between 0 and 1 in the order of chance."""
        distance = (int(place * self.of) - (self.number - 1)) % self.of
        return {0: "test", 1: "val"}.get(distance, "train")


def _numbers(text: str, count: int, example: str) -> list[int]:
    parts = text.split("/")
    if len(parts) != count or not all(re.fullmatch("[0-9]{1,9}", part) for part in parts):
        raise UsageError(f"{text!r} is not {count} whole numbers with / between: give {example}, for example")
    return list(map(int, parts))
