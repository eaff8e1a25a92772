"""A charset of the words at hand: what a start reads, and all else that the words to train on have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from htrdata.labels import Charset, normal_form
from htrmodel.data.mixed_stores import find_mixed
from htrmodel.data.mixing import parse_mix
from htrmodel.training.initial_model import ModelChoice

OF_DATA = "data"
"""What to ask for such a charset by, and what it is called."""


def with_characters(choice: ModelChoice, known: Charset, root: Path, mix: Sequence[str]) -> ModelChoice:
    """The choice with the charset of the words, where it asks for that and they have other characters than are known.

    Those that only words of val and test have are left out: nothing would teach them.

    Args:
        choice: what is asked of the model.
        known: what it reads without that.
        root: the store.
        mix: of data sets, as `htrmodel.training.words.find_words` takes it.

    Raises:
        HtrError: as of `htrmodel.data.mixed_stores.find_mixed`.
    """
    if not choice.of_data:
        return choice
    found: set[str] = set()
    for place in find_mixed(root, list(parse_mix(mix))):
        for origin in place.train:
            for chunk in origin.chunks():
                found.update(*(known.fold(normal_form(text)) for text in chunk.texts.to_pylist()))
    new = "".join(sorted(found - set(known.characters)))
    if not new:
        return choice
    return replace(choice, charset=Charset(OF_DATA, known.characters + new, known.folds_case))
