"""The word lists beside this module, and tables of words to pick from as often as each is to come."""

from __future__ import annotations

import functools
from importlib import resources

import numpy as np

from htrdata.errors import UsageError

UNIFORM_SHARE = 0.3
"""Of the frequent words, how many are drawn without regard to their frequency."""

FLATTENING = 0.8
"""The power that the frequencies of the others are raised to: 1 draws as people write, 0 each word as often."""

_TABLE_LENGTH = 1 << 16


@functools.cache
def read_words(name: str) -> tuple[str, ...]:
    """Reads a list: words with white space between them, in the order of the file; lines with ``#`` first are comments.

    Args:
        name: of the file, without its suffix: ``frequent_words``, ``names`` or ``european_words``.

    Raises:
        UsageError: the list is missing from the installation.
    """
    try:
        text = resources.files("htrdata.drawing.synth").joinpath(f"{name}.txt").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UsageError(f"the list {name}.txt is missing from the installation: install htrdata again") from error
    return tuple(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


@functools.cache
def frequent_table() -> tuple[str, ...]:
    """The frequent words, each as often as it is to come: to pick from it evenly is to draw by flattened frequency.

    The frequency of a word is taken to be ``1 / (rank + 2.7)``, the law of Zipf in Mandelbrot's form, since the list
    has an order and no counts.
    """
    words = read_words("frequent_words")
    by_rank = (np.arange(len(words)) + 2.7) ** -FLATTENING
    chances = (1 - UNIFORM_SHARE) * by_rank / by_rank.sum() + UNIFORM_SHARE / len(words)
    middles = (np.arange(_TABLE_LENGTH) + 0.5) / _TABLE_LENGTH
    ranks = np.searchsorted(np.cumsum(chances), middles).clip(max=len(words) - 1)
    return tuple(words[rank] for rank in ranks.tolist())
