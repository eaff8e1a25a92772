"""The words whose labels are doubted, the most suspicious first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from htrdata.labels import normal_form
from htrmodel.auditing.kinds import Kind, guess
from htrmodel.auditing.scoring import Score

SUREST = 1 - 1e-6  # of confidences that others give


@dataclass(frozen=True, slots=True)
class AuditedWord:
    """A word of a store.

    Attributes:
        id: the source's own.
        split: that it is in.
        label: as the model compares it.
        neighbours: the labels before and after it on its page.
        shard: the folder of its shard below the store.
        key: in that shard, from 1.
    """

    id: str
    split: str
    label: str
    neighbours: tuple[str, ...]
    shard: str
    key: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A word that is read otherwise than it is labelled.

    Attributes:
        word: the word.
        reading: what it is read as.
        confidence: of the reading, 0 to 1.
        score: logarithm of how much likelier the reading is than the label, see `suspicion`; the larger, the worse.
        kind: what may be wrong.
    """

    word: AuditedWord
    reading: str
    confidence: float
    score: float
    kind: Kind


def rank(words: Sequence[AuditedWord], scores: Sequence[Score]) -> list[Finding]:
    """The words that are read otherwise, by falling `suspicion`.

    Args:
        words: that were scored.
        scores: of each.
    """
    found = [
        Finding(word, one.reading, one.confidence, suspicion(one, word.label), _kind(word, one.reading))
        for word, one in zip(words, scores, strict=True)
        if one.reading != word.label
    ]
    return sorted(found, key=lambda finding: -finding.score)


def suspicion(score: Score, label: str) -> float:
    """The likelihood ratio as it is ranked by: by the root of the edits between both texts.

    A label that has nothing to do with the word is unlikely in every letter, and a reading that went wrong as a whole
    makes its label so, too; undivided, both would push single wrong letters back. Of the 122 wrong labels of
    ``benchmarks/label_audit.py`` 94 % stand in the first 3 % of the words so, 93 % undivided, 89 % by the length.
    """
    return score.ratio / math.sqrt(max(1, Levenshtein.distance(label, score.reading)))


def rank_readings(
    words: Sequence[AuditedWord], texts: Mapping[str, str], confidences: Mapping[str, float]
) -> list[Finding]:
    """As `rank`, where nothing but a reading and its confidence is known: the surest that differ come first.

    Args:
        words: of one split.
        texts: what was read, by id.
        confidences: of these, as far as they are known.
    """
    found = []
    for word in words:
        given = texts.get(word.id)
        if given is None:
            continue
        reading = normal_form(given)  # as labels are: an é is one, however it was typed
        if reading != word.label:
            sure = min(max(confidences.get(word.id, 0.0), 1 - SUREST), SUREST)
            found.append(Finding(word, reading, sure, math.log(sure / (1 - sure)), _kind(word, reading)))
    return sorted(found, key=lambda finding: -finding.score)


def _kind(word: AuditedWord, reading: str) -> Kind:
    return guess(word.label, reading, word.neighbours)
