"""The parts of a split that are judged apart."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from htrmodel.judging.pairing import JudgedWord

SUBSETS = {
    "all": "the whole split",
    "no-punctuation": "with a letter or digit",
    "seen": "seen in train split",
    "unseen": "unseen in train split",
    "clean-pages": "on pages not in train",
}
"""The names of the subsets, each with its title.

- ``all``: every word, as the data set is published.
- ``no-punctuation``: words with at least one letter or digit of any script; a full stop alone is as good as given away.
- ``seen``, ``unseen``: words whose text is, or is not, a label of the data set's own train split. A system that was
  trained on other words has not seen them for that.
- ``clean-pages``: words of pages that do not also stand in train, under the same id or as a copy; where words have
  images of their own, those whose image does not.
"""


def has_letter_or_digit(text: str) -> bool:
    """Whether a text is more than punctuation and symbols."""
    return any(character.isalnum() for character in text)


def subsets(
    words: Sequence[JudgedWord], references: Sequence[str], training: Collection[str] | None
) -> dict[str, NDArray[np.bool_]]:
    """Which words each subset has.

    Args:
        words: N words.
        references: theirs, as they are compared: lower-cased where case does not matter.
        training: the labels of the data set's train split in the same form; None where there are none.

    Returns:
        bool [N] by the name of the subset. Without labels of train there is no ``seen`` and ``unseen``; where no
        page or image also stands in train, no ``clean-pages``.
    """
    found = {
        "all": np.ones(len(words), dtype=bool),
        "no-punctuation": np.array([has_letter_or_digit(text) for text in references], dtype=bool),
    }
    if training is not None:
        found["seen"] = np.array([text in training for text in references], dtype=bool)
        found["unseen"] = ~found["seen"]
    leaked = np.array([word.leaked for word in words], dtype=bool)
    if leaked.any():
        found["clean-pages"] = ~leaked
    return found
