"""Words of a line of PAGE that are no longer those of its text.

OCR writes both; a person then corrects the text of the line, and the elements of its words keep what was read first.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

_LONGEST = 2000  # characters of a line that is compared letter by letter, which takes the square of them at worst


def stale_words(line: str, words: Sequence[str]) -> frozenset[int]:
    """The numbers of the words that the text of their line does not have.

    Where words begin and end, and in which order they stand, makes no difference: a line has ``now;`` where its words
    are ``now`` and ``;``.

    Args:
        line: its text; one that is empty has nothing to say of its words.
        words: the texts of its words.
    """
    tokens = _composed(line).split()
    parts = ["".join(_composed(word).split()) for word in words]
    whole, joined = "".join(tokens), "".join(parts)
    if not whole or whole == joined:
        return frozenset()
    left = Counter(tokens)
    doubtful = []
    for number, part in enumerate(parts):
        if part and left[part] <= 0:
            doubtful.append(number)
        left[part] -= 1
    if not doubtful or max(len(whole), len(joined)) > _LONGEST:
        return frozenset(doubtful)
    ends = set(itertools.accumulate(map(len, tokens), initial=0))
    begins = list(itertools.accumulate(map(len, parts), initial=0))
    same = set(_same(whole, joined, ends, begins))
    return frozenset(doubtful) - same


def _same(whole: str, joined: str, ends: set[int], begins: Sequence[int]) -> Iterator[int]:
    """The words whose letters stand in the line beside those of their neighbours, or at the ends of its words."""
    for block in SequenceMatcher(None, whole, joined, autojunk=False).get_matching_blocks():
        offset = block.a - block.b
        for number, (begin, end) in enumerate(itertools.pairwise(begins)):
            if begin < block.b or end > block.b + block.size:
                continue
            starts = begin > block.b or begin + offset in ends
            stops = end < block.b + block.size or end + offset in ends
            if starts and stops:
                yield number


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
