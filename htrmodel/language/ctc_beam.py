"""The best text by a CTC recogniser and the language: prefix beam search.

Graves and Jaitly, "Towards end-to-end speech recognition with recurrent neural networks" (ICML 2014); Hannun et al.,
"First-pass large vocabulary continuous speech recognition" (arXiv 1408.2873).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htrmodel.language.knowledge import Scorer
from htrmodel.language.model import State
from htrmodel.tokenizer import BLANK, Reading

LEAST = math.log(1e-4)
"""Classes less likely than that at a step do not lengthen a text there."""

TEMPERATURE = 1.3
"""What totals are divided by for confidences, which are too sure otherwise; chosen on words of held-out writers."""

_NEVER = -math.inf


@dataclass(slots=True)
class _Prefix:
    """A text so far: the logarithms of the probabilities of its paths by how they end, and what the language gives."""

    text: tuple[int, ...]
    state: State | None
    gain: float
    blank: float = _NEVER
    letter: float = _NEVER

    @property
    def pixels(self) -> float:
        """Of all its paths."""
        return _plus(self.blank, self.letter)


def ctc_search(log_probs: NDArray[np.float32], scorer: Scorer) -> Reading:
    """Finds the text of the highest probability times what the language gives.

    Args:
        log_probs: float [T, C], natural logarithms of the probabilities of each step's classes.
        scorer: knowledge in these classes.

    Returns:
        The text, and its share of all texts that were left at the end.
    """
    beam = [_Prefix((), scorer.begin(), 0.0, blank=0.0)]
    for row in log_probs:
        likely = [(int(token), float(row[token])) for token in np.flatnonzero(row >= LEAST) if token != BLANK]
        beam = _step(beam, float(row[BLANK]), likely, row, scorer)
    texts = ["".join(scorer.characters[token] for token in one.text) for one in beam]
    totals = [one.pixels + one.gain + scorer.ending(one.state, text) for one, text in zip(beam, texts, strict=True)]
    return best_of(texts, totals)


def best_of(texts: Sequence[str], totals: Sequence[float]) -> Reading:
    """The text of the highest total, with its share of them, at `TEMPERATURE`, as its confidence.

    Args:
        texts: at least one.
        totals: natural logarithms.
    """
    values = np.asarray(totals, np.float64)
    best = int(np.argmax(values))
    return Reading(texts[best], float(1 / np.exp((values - values[best]) / TEMPERATURE).sum()))


def _step(
    beam: list[_Prefix], blank: float, likely: list[tuple[int, float]], row: NDArray[np.float32], scorer: Scorer
) -> list[_Prefix]:
    """The best prefixes after one more step."""
    found: dict[tuple[int, ...], _Prefix] = {}

    def at(text: tuple[int, ...], state: State | None, gain: float) -> _Prefix:
        if text not in found:
            found[text] = _Prefix(text, state, gain)
        return found[text]

    for one in beam:
        pixels = one.pixels
        same = at(one.text, one.state, one.gain)
        same.blank = _plus(same.blank, pixels + blank)
        last = one.text[-1] if one.text else None
        if last is not None:
            same.letter = _plus(same.letter, one.letter + float(row[last]))
        if likely:
            gains = scorer.scores(one.state)
            for token, log_prob in likely:
                # A letter again needs a blank between.
                before = one.blank if token == last else pixels
                if before > _NEVER:
                    text = (*one.text, token)
                    known = found.get(text) or at(text, scorer.after(one.state, token), one.gain + float(gains[token]))
                    known.letter = _plus(known.letter, before + log_prob)
    return sorted(found.values(), key=lambda one: one.pixels + one.gain, reverse=True)[: scorer.beam]


def _plus(one: float, other: float) -> float:
    """The logarithm of the sum of two numbers that are given by their logarithms."""
    if one < other:
        one, other = other, one
    return one if other == _NEVER else one + math.log1p(math.exp(other - one))
