"""The best text by an attention recogniser and the language: beam search over a batch (Graves, arXiv 1211.3711)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from htrmodel.language.ctc_beam import best_of
from htrmodel.language.knowledge import Scorer
from htrmodel.language.model import State
from htrmodel.layers.attention import AttentionDecoder, Decoding
from htrmodel.layers.precision import at_least_float32, without_autocast
from htrmodel.tokenizer import END, GO, Reading


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    """A text so far.

    Attributes:
        text: its characters.
        state: what the language knows after them.
        total: the logarithm of its probability by the pixels and what the language gives.
        ended: whether it is whole.
        token: the last one.
        row: of the decoder's state.
    """

    text: str
    state: State | None
    total: float
    ended: bool
    token: int
    row: int


def attention_search(decoder: AttentionDecoder, features: Tensor, scorer: Scorer) -> list[Reading]:
    """Finds for each word the text of the highest probability times what the language gives.

    Args:
        decoder: of the recogniser.
        features: float [N, T, D], of `htrmodel.recogniser.Recogniser.encode`.
        scorer: knowledge in its classes.

    Returns:
        N texts, each with its share of all texts that were left at the end.
    """
    beam = scorer.beam
    with without_autocast(features):
        decoding = Decoding(decoder, at_least_float32(features).repeat_interleave(beam, 0))
        hidden, memory = decoding.begin()
        words = [[_Hypothesis("", scorer.begin(), 0.0, False, GO, number * beam)] for number in range(len(features))]
        for _ in range(decoder.num_steps):
            rows, tokens = _gathered(words, beam, features.device)
            gates = functional.embedding(tokens, decoding.token_table)
            hidden, memory = decoding.step(gates, hidden[rows], memory[rows])
            log_probs = decoder.generator(hidden).log_softmax(1).cpu().numpy()
            words = [
                _step(one, log_probs[number * beam : (number + 1) * beam], scorer, number * beam)
                for number, one in enumerate(words)
            ]
            if all(one.ended for word in words for one in word):
                break
    return [best_of([one.text for one in word], [one.total for one in word]) for word in words]


def _gathered(words: list[list[_Hypothesis]], beam: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """The rows of the states that go on, and the tokens that they go on with: [N * beam] each."""
    rows, tokens = [], []
    for word in words:
        filled = [*word, *[word[0]] * (beam - len(word))]
        rows += [one.row for one in filled]
        tokens += [one.token for one in filled]
    return torch.tensor(rows, device=device), torch.tensor(tokens, device=device)


def _step(word: list[_Hypothesis], log_probs: NDArray[np.float32], scorer: Scorer, first: int) -> list[_Hypothesis]:
    """The best hypotheses of a word after one more token; row 0 of the probabilities is row `first` of the states."""
    open_ones = [number for number, one in enumerate(word) if not one.ended]
    found = [one for one in word if one.ended]
    if open_ones:
        totals = np.stack([log_probs[number] + scorer.scores(word[number].state) for number in open_ones])
        totals[:, GO] = -np.inf
        for place, number in enumerate(open_ones):
            one = word[number]
            totals[place] += one.total
            totals[place, END] += scorer.ending(one.state, one.text)
        flat = totals.ravel()
        count = min(scorer.beam, len(flat))
        for index in np.argpartition(-flat, count - 1)[:count].tolist():
            place, token = divmod(index, totals.shape[1])
            found.append(_longer(word[open_ones[place]], token, float(flat[index]), scorer, first + open_ones[place]))
    return sorted(found, key=lambda one: one.total, reverse=True)[: scorer.beam]


def _longer(one: _Hypothesis, token: int, total: float, scorer: Scorer, row: int) -> _Hypothesis:
    if token == END:
        return _Hypothesis(one.text, one.state, total, True, END, row)
    return _Hypothesis(one.text + scorer.characters[token], scorer.after(one.state, token), total, False, token, row)
