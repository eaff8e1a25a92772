"""The share of one of several machines in a work that is cut into pieces: ``2/16`` is the second of sixteen."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from htrdata.errors import UsageError

One = TypeVar("One")


@dataclass(frozen=True, slots=True, order=True)
class Share:
    """One of several shares.

    Attributes:
        of: how many there are.
        number: which of them, from 1.
    """

    of: int
    number: int

    @classmethod
    def parse(cls, text: str, option: str = "--part") -> Share:
        """The share that ``I/N`` means.

        Raises:
            UsageError: it means none; the message names the option that it was given with.
        """
        found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise UsageError(f"{option} {text}: give I/N, from 1/N to N/N, as in 2/5")
        return cls(int(found[2]), int(found[1]))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def every(self, items: Iterable[One]) -> Iterator[One]:
        """Every N-th item from the I-th on: shares of alike work, wherever in the order what is slow stands."""
        return itertools.islice(items, self.number - 1, None, self.of)


def shares_of(places: Iterable[int], of: int) -> list[Share]:
    """The shares, of so many, that items at some places fall to by `Share.every`; in order, each once."""
    return sorted({Share(of, place % of + 1) for place in places})


def listed(texts: Sequence[object], most: int = 20) -> str:
    """Texts with commas, no more than some of them."""
    more = f" and {len(texts) - most:,} others" if len(texts) > most else ""
    return ", ".join(map(str, texts[:most])) + more
