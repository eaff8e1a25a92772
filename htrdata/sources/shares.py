"""How the groups of a split of one's own are dealt out: by shares, or in folds.

Which group is in which split depends on the names of the groups and on what each weighs, never on how many of its words
are kept, or whether these are words or lines: data sets of lines and of words that are made of the same pages hold out
the same ones.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from htrdata.errors import UsageError
from htrdata.records import SPLITS

_MANY = 50  # groups


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


@dataclass(frozen=True, slots=True)
class Dealing:
    """How groups were dealt out.

    Attributes:
        splits: of each group.
        moved: groups that went to another split than theirs, as that would have been empty, and where they went.
        held_out: 16 hex digits that differ where other groups are held out; None where each group was dealt out by its
            own name, so that further ones move no other.
    """

    splits: Mapping[str, str]
    moved: tuple[tuple[str, str], ...]
    held_out: str | None


def deal(weights: Mapping[str, int], shares: Ratio | Fold, place: Callable[[str], float]) -> Dealing:
    """Deals groups out.

    Where there are many that weigh the same, each goes where its place says; others in the order of their places, each
    split up to its share of what all weigh. By shares, as many splits as possible have a group: one that would have
    none gets the lightest of the split that has the most.

    Args:
        weights: of each group, 1 or more.
        shares: of the splits.
        place: of a group in the order of chance, from 0 to 1.
    """
    order = sorted(weights, key=place)
    alone = isinstance(shares, Ratio) and each_alone(weights.values())
    splits: dict[str, str] = {}
    before, total = 0, sum(weights.values())
    for group in order:
        splits[group] = shares.split(place(group) if alone else (before + weights[group] / 2) / total)
        before += weights[group]
    moved = []
    if isinstance(shares, Ratio):
        filled = shares.wanted[: len(order)]
        while missing := [split for split in filled if split not in splits.values()]:
            groups = Counter(splits.values())
            most = max(groups, key=lambda split: (split not in filled, groups[split]))
            group = min((group for group in order if splits[group] == most), key=weights.__getitem__)
            splits[group] = missing[0]
            moved.append((group, missing[0]))
    return Dealing(splits, tuple(moved), None if alone and not moved else fingerprint(splits))


def each_alone(weights: Collection[int]) -> bool:
    """Whether groups are so many, and so alike, that each is dealt out by its own name: 50 or more of one weight."""
    return len(weights) >= _MANY and len(set(weights)) == 1


def place_of(name: str) -> float:
    """A place from 0 to 1 that the name alone decides. One that is no text, which is ruled out anyway, has one, too."""
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:6]) / 2**48


def fingerprint(splits: Mapping[str, str]) -> str:
    """16 hex digits that differ where other groups are held out."""
    held = sorted((split, name) for name, split in splits.items() if split != "train")
    return hashlib.sha256(repr(held).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _numbers(text: str, count: int, example: str) -> list[int]:
    parts = text.split("/")
    if len(parts) != count or not all(re.fullmatch("[0-9]{1,9}", part) for part in parts):
        raise UsageError(f"{text!r} is not {count} whole numbers with / between: give {example}, for example")
    return list(map(int, parts))
