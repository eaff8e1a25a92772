"""Guesses what is wrong with a label, from the label, the reading and the words beside it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from enum import StrEnum

from rapidfuzz.distance import Levenshtein
from rapidfuzz.fuzz import partial_ratio

ALIKE = 0.7
"""Texts are alike from this normalised similarity on: 1 less edits by the longer length."""

_WITHIN = 80.0  # percent of a text that is found within another one


class Kind(StrEnum):
    """What may be wrong. The first that fits is guessed."""

    CASE = "case"
    MARK = "mark"
    NEIGHBOUR = "neighbour"
    CROP = "crop"
    TYPO = "typo"


MEANINGS = {
    Kind.CASE: "the label has other capitals",
    Kind.MARK: "the label has other punctuation or accents",
    Kind.NEIGHBOUR: "the label is that of a word beside it, or the picture is",
    Kind.CROP: "the picture shows more, less or something else than the word, or nothing that the model can read",
    Kind.TYPO: "the label has another letter",
}
"""What each kind means, for people."""


def guess(label: str, reading: str, neighbours: Sequence[str] = ()) -> Kind:
    """What is probably wrong where a word is read otherwise than it is labelled.

    Args:
        label: of the word.
        reading: another text.
        neighbours: the labels of the words before and after it.
    """
    if label.casefold() == reading.casefold():
        return Kind.CASE
    bare_label, bare_reading = _bare(label), _bare(reading)
    if bare_label == bare_reading:
        return Kind.MARK
    own = Levenshtein.normalized_similarity(bare_label, bare_reading)
    if own < ALIKE and _is_beside(bare_label, bare_reading, own, [_bare(one) for one in neighbours]):
        return Kind.NEIGHBOUR
    if own < 0.999 and _is_part(bare_label, bare_reading):
        return Kind.CROP
    return Kind.TYPO if Levenshtein.distance(label, reading) <= max(1, round(len(label) / 3)) else Kind.CROP


def _is_beside(label: str, reading: str, own: float, neighbours: Sequence[str]) -> bool:
    """Whether the label is one of those beside it, or the reading is much more like one of these than like its own."""
    if len(label) > 1 and label in neighbours:
        return True
    beside = max((Levenshtein.normalized_similarity(one, reading) for one in neighbours), default=0)
    return len(reading) > 1 and beside >= ALIKE and beside > own + 0.2


def _bare(text: str) -> str:
    """Letters and digits alone, without accents and capitals."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in plain if character.isalnum())


def _is_part(label: str, reading: str) -> bool:
    """Whether one of both is cut out of the other, with two letters or more missing; nothing is cut out of all."""
    shorter, longer = sorted((label, reading), key=len)
    if len(longer) - len(shorter) < max(2, len(longer) // 3):
        return False
    return len(shorter) < 2 or partial_ratio(shorter, longer) >= _WITHIN
