"""What goes wrong: characters that are taken for others, and the words that are read worst."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz.distance import Levenshtein

from htrmodel.judging.pairing import JudgedWord


@dataclass(frozen=True, slots=True)
class Confusions:
    """Edits between references and readings, by character, along one alignment of the fewest edits.

    There may be several such alignments; which one is taken depends on the two texts alone.

    Attributes:
        substituted: (character of the reference, character that was read in its place), with the times it happened.
        deleted: characters of the reference that were not read.
        inserted: characters that were read where there was none.
        characters: all characters of the references, with their number.
    """

    substituted: Counter[tuple[str, str]] = field(default_factory=Counter)
    deleted: Counter[str] = field(default_factory=Counter)
    inserted: Counter[str] = field(default_factory=Counter)
    characters: Counter[str] = field(default_factory=Counter)

    def top(self, number: int) -> list[tuple[str, str, int]]:
        """The most frequent edits: character of the reference, character read, times; empty where there is none."""
        edits = [(wanted, read, times) for (wanted, read), times in self.substituted.items()]
        edits += [(wanted, "", times) for wanted, times in self.deleted.items()]
        edits += [("", read, times) for read, times in self.inserted.items()]
        return sorted(edits, key=lambda edit: (-edit[2], edit[:2]))[:number]

    def as_json(self, number: int) -> dict[str, Any]:
        """The sums of the three kinds, and the most frequent edits with how often the reference's character occurs."""
        return {
            "substitutions": self.substituted.total(),
            "deletions": self.deleted.total(),
            "insertions": self.inserted.total(),
            "top": [
                {
                    "reference": wanted,
                    "reading": read,
                    "times": times,
                    "of": self.characters[wanted] if wanted else None,
                }
                for wanted, read, times in self.top(number)
            ],
        }


def find_confusions(pairs: Iterable[tuple[str, str]]) -> Confusions:
    """Aligns references with readings and counts the edits.

    Args:
        pairs: reference and reading of each word, as they are compared.
    """
    found = Confusions()
    for reference, reading in pairs:
        found.characters.update(reference)
        for edit in Levenshtein.editops(reference, reading) if reference != reading else ():
            if edit.tag == "replace":
                found.substituted[reference[edit.src_pos], reading[edit.dest_pos]] += 1
            elif edit.tag == "delete":
                found.deleted[reference[edit.src_pos]] += 1
            else:
                found.inserted[reading[edit.dest_pos]] += 1
    return found


def worst_readings(pairs: Sequence[tuple[JudgedWord, str, str]], number: int) -> list[tuple[JudgedWord, int]]:
    """The words that were read worst: the most edits first; of equal ones the shortest word, then by id.

    Args:
        pairs: words with reference and reading as they are compared.
        number: of words wanted.

    Returns:
        Each with reference and reading as they were compared, and the edits between the two.
    """
    wrong = [
        (dataclasses.replace(word, reference=reference, reading=reading), Levenshtein.distance(reference, reading))
        for word, reference, reading in pairs
        if reference != reading
    ]
    return sorted(wrong, key=lambda found: (-found[1], len(found[0].reference), found[0].id))[:number]
