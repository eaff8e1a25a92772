"""How well words are read: figures over pairs of a reference and a reading, each pair being one word.

Texts are compared code point by code point after NFC: ``é`` is one character however it was typed, a combining mark
that no composed character holds is one of its own, and so is an emoji or a letter beyond the BMP. Distances are those
of Levenshtein: insertions, deletions and substitutions cost 1.

Every figure is a ratio of two sums over the words, so that it follows from sums over any groups of them; see
`htrmodel.judging.bootstrap`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from htrdata.labels import normal_form

COLUMNS = (
    *("words", "characters", "edits", "relative_edits", "wrong", "normalised_edits", "attentionhtr_edits"),
    *("tokens", "token_edits"),
)
"""What is counted for each word; see `count`."""


class Metric(NamedTuple):
    """A ratio of two sums.

    Attributes:
        title: what people call it.
        numerator: the column of `COLUMNS` above the line.
        denominator: the column below it.
        inverted: the figure is 1 less the ratio: higher is better.
    """

    title: str
    numerator: str
    denominator: str
    inverted: bool = False


METRICS = {
    "micro_cer": Metric("micro CER", "edits", "characters"),
    "macro_cer": Metric("macro CER", "relative_edits", "words"),
    "wer": Metric("WER", "wrong", "words"),
    "accuracy": Metric("accuracy", "wrong", "words", inverted=True),
    "icdar2019_1_ned": Metric("ICDAR2019 1-NED", "normalised_edits", "words", inverted=True),
    "attentionhtr_norm_ed": Metric("AttentionHTR Norm ED", "attentionhtr_edits", "words"),
    "line_wer": Metric("WER in lines", "token_edits", "tokens"),
}
"""The figures, as fractions: an error rate is 0 where all is right, and a CER can be above 1.

- ``micro_cer``: all edits over all characters of the references. Long words weigh more.
- ``macro_cer``: the mean over the words of edits over the reference's length (over 1 where that is empty).
- ``wer``: the share of samples that are not read exactly; where a sample is a word, so this is no WER of text lines.
- ``accuracy``: 1 - ``wer``.
- ``icdar2019_1_ned``: 1 - the mean of edits over the length of the longer text, as in the ICDAR 2019 competitions,
  clova's benchmark and PARSeq.
- ``attentionhtr_norm_ed``: what AttentionHTR (arXiv 2201.09390) prints as "Norm ED" and publishes as CER:
  ``macro_cer``, but a word whose reading (or reference) is empty counts as if it were right. A system that reads
  nothing at all scores 0.
- ``line_wer``: edits of words over the words of the references, where samples are lines: a word is what stands between
  white space of any kind, its punctuation included (signatures say ``wer:between-spaces``). Other tokenisations give
  other figures.
"""

LINE_WER = "line_wer"
"""The one figure of `METRICS` that means something for lines alone; of single words it is ``wer``."""


def word_error_rate(unit: str) -> str:
    """Which of `METRICS` is called WER where samples are words, or lines."""
    return LINE_WER if unit == "line" else "wer"


def count(references: Sequence[str], readings: Sequence[str]) -> NDArray[np.float64]:
    """Counts what the figures are made of, word by word. Texts are taken as they are.

    Args:
        references: N texts.
        readings: what was read for them.

    Returns:
        float64 [N, 9], the columns in the order of `COLUMNS`: 1; the reference's length; edits; edits over the
        reference's length or 1; 1 where there are any edits; edits over the length of the longer text or 1; edits over
        the reference's length, but 0 where either text is empty; the reference's words; and edits of words.

    Raises:
        ValueError: there are more of the one than of the other.
    """
    if len(references) != len(readings):
        raise ValueError(f"{len(references)} references, but {len(readings)} readings")
    length = np.fromiter(map(len, references), np.float64, len(references))
    read = np.fromiter(map(len, readings), np.float64, len(readings))
    edits = process.cpdist(references, readings, scorer=Levenshtein.distance).astype(np.float64)
    relative = edits / np.maximum(length, 1)
    attentionhtr = np.where((length > 0) & (read > 0), relative, 0)
    normalised = edits / np.maximum(np.maximum(length, read), 1)
    tokens, token_edits = _tokens(references, readings, edits > 0)
    columns = [np.ones_like(edits), length, edits, relative, edits > 0, normalised, attentionhtr, tokens, token_edits]
    return np.stack(columns, axis=1)


def _tokens(
    references: Sequence[str], readings: Sequence[str], wrong: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Words of the references between white space, and edits of words, of each sample."""
    tokens, edits = np.ones(len(references)), wrong.astype(np.float64)
    for place, (reference, reading) in enumerate(zip(references, readings, strict=True)):
        words = reference.split()
        tokens[place] = len(words)
        if wrong[place]:
            edits[place] = Levenshtein.distance(words, reading.split())
    return tokens, edits


def figures(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turns sums into figures.

    Args:
        sums: float64 [..., 9], sums of rows of `count`.

    Returns:
        float64 [..., 7] in the order of `METRICS`; NaN where there is nothing to divide by: no word, or no character.
    """
    above = sums[..., [COLUMNS.index(metric.numerator) for metric in METRICS.values()]]
    below = sums[..., [COLUMNS.index(metric.denominator) for metric in METRICS.values()]]
    ratio = np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
    return np.where([metric.inverted for metric in METRICS.values()], 1 - ratio, ratio)


def evaluate(references: Sequence[str], readings: Sequence[str]) -> dict[str, float]:
    """The figures of `METRICS` over pairs of texts, brought to their normal form first.

    Raises:
        ValueError: there are more of the one than of the other.
    """
    counts = count([normal_form(text) for text in references], [normal_form(text) for text in readings])
    return dict(zip(METRICS, figures(counts.sum(0)).tolist(), strict=True))
