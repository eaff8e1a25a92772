"""Errors by what words are like: their length, who wrote them, their characters, how sure the system was."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from htrmodel.judging.judgement import Judgement
from htrmodel.judging.pairing import JudgedWord

Read = tuple[JudgedWord, str, str]
"""A word that was read, its reference and its reading as they are compared."""

FEWEST = 10
"""Words below which nothing is said of a writer or page by itself."""

_LONGEST = 12  # characters; longer labels are counted together


@dataclass(frozen=True, slots=True)
class WordGroup:
    """Some of the words.

    Attributes:
        name: what they have in common.
        words: how many.
        wrong: of these are not read exactly.
        edits: characters to change.
        characters: of their references.
    """

    name: str
    words: int
    wrong: int
    edits: int
    characters: int

    @property
    def wer(self) -> float:
        """The share of the words that is wrong."""
        return self.wrong / self.words if self.words else 0.0

    @property
    def cer(self) -> float:
        """Edits over characters."""
        return self.edits / self.characters if self.characters else 0.0


@dataclass(frozen=True, slots=True)
class CharacterKind:
    """A kind of characters.

    Attributes:
        name: of the kind.
        characters: of it, in the references.
        missed: of these were not read, or read as others.
    """

    name: str
    characters: int
    missed: int

    @property
    def share(self) -> float:
        """Of its characters that are missed."""
        return self.missed / self.characters if self.characters else 0.0


def edits_of(read: Read) -> int:
    """Characters to change in a reading to make it right."""
    return 0 if read[1] == read[2] else Levenshtein.distance(read[1], read[2])


def by_length(pairs: Sequence[Read]) -> list[WordGroup]:
    """Errors by the number of characters of the reference."""
    groups = _groups(pairs, lambda one: f"{min(len(one[1]), _LONGEST):02}")
    return [_named(groups[length], _length(int(length))) for length in sorted(groups)]


def by_cluster(pairs: Sequence[Read]) -> list[WordGroup]:
    """Errors by writer, or page where the writer is unknown; the most words wrong first."""
    found = [_named(group, name) for name, group in _groups(pairs, lambda one: one[0].cluster).items()]
    return sorted(found, key=lambda group: (-group.wer, -group.cer, group.name))


def by_kind(pairs: Sequence[Read]) -> list[CharacterKind]:
    """Characters that were missed, by what kind they are; the largest share first."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for _, reference, reading in pairs:
        for character in reference:
            counts[kind_of(character)][0] += 1
        for edit in Levenshtein.editops(reference, reading) if reference != reading else ():
            if edit.tag != "insert":
                counts[kind_of(reference[edit.src_pos])][1] += 1
    found = [CharacterKind(name, number, missed) for name, (number, missed) in counts.items()]
    return sorted(found, key=lambda kind: (-kind.share, kind.name))


def kind_of(character: str) -> str:
    """What a character is, in plain words."""
    category = unicodedata.category(character)
    if category[0] == "L" and not character.isascii():
        return "letters with marks, and of other scripts" if category != "Lm" else "signs"
    kinds = {"Lu": "capitals", "Ll": "small letters", "Nd": "digits", "Zs": "spaces"}
    return kinds.get(category, "punctuation" if category[0] == "P" else "signs")


def worst_clusters(judgement: Judgement, groups: Sequence[WordGroup], most: int = 3) -> list[WordGroup]:
    """The writers or pages that are read much worse than all words together, of those with enough words."""
    usual = judgement.find(left_out="omitted").metrics["wer"].value
    return [group for group in groups if group.words >= FEWEST and group.wer > 1.5 * usual][:most]


def _groups(pairs: Iterable[Read], of: Callable[[Read], str]) -> dict[str, WordGroup]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for one in pairs:
        edits = edits_of(one)
        for place, number in enumerate((1, int(edits > 0), edits, len(one[1]))):
            counts[of(one)][place] += number
    return {name: WordGroup("", *numbers) for name, numbers in counts.items()}


def _named(group: WordGroup, name: str) -> WordGroup:
    return WordGroup(name, group.words, group.wrong, group.edits, group.characters)


def _length(length: int) -> str:
    return f"{length} and more" if length == _LONGEST else str(length)
