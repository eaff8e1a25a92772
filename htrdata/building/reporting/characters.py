"""Which characters the labels have, and which of them a model will hardly learn."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from htrdata.building.counts import Tally
from htrdata.labels import CHARSETS

RARE = 20
"""Times in train below which a model has hardly seen a character."""

_MOST, _EXAMPLES = 300, 12


@dataclass(frozen=True, slots=True)
class Character:
    """A character of the kept labels.

    Attributes:
        character: itself.
        name: what Unicode calls it.
        count: times that it occurs.
        in_train: times that it occurs in train.
        outside: the charsets of the field that lack it.
    """

    character: str
    name: str
    count: int
    in_train: int
    outside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Characters:
    """The characters of the kept labels.

    Attributes:
        listed: the most frequent ones, these first.
        number: of all.
        occurrences: of all.
        rare: those that train has less than `RARE` times, but has.
        unlearnt: those of val and test that train has not.
        rarest: those of which an example is shown.
    """

    listed: tuple[Character, ...]
    number: int
    occurrences: int
    rare: tuple[Character, ...]
    unlearnt: tuple[Character, ...]
    rarest: tuple[str, ...]


def characters_of(tally: Tally) -> Characters:
    """The characters of the kept labels of all splits."""
    counts = tally.total.characters
    train = tally.splits["train"].characters if "train" in tally.splits else counts
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    found = [_character(character, count, train[character]) for character, count in order]
    return Characters(
        listed=tuple(found[:_MOST]),
        number=len(found),
        occurrences=counts.total(),
        rare=tuple(one for one in found if 0 < one.in_train < RARE),
        unlearnt=tuple(one for one in found if not one.in_train),
        rarest=tuple(character for character, _ in order[: -_EXAMPLES - 1 : -1]),
    )


def _character(character: str, count: int, in_train: int) -> Character:
    outside = tuple(name for name, charset in CHARSETS.items() if charset.missing(charset.fold(character)))
    name = unicodedata.name(character, f"U+{ord(character):04X}").lower()
    return Character(character, name, count, in_train, outside)
