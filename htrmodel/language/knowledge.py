"""What is known of a language, weighed, in the classes of a recogniser."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import UsageError
from htrdata.labels import Charset
from htrmodel.config import SPECIAL_TOKENS
from htrmodel.language.lexicon import Lexicon, read_lexicon
from htrmodel.language.model import BOUNDARY, CharacterModel, State, digest, load_model
from htrmodel.language.shipped import find_language

BEAM = 8
"""Texts that are kept at each step of a search."""

FLOOR = -3.5
"""What a character loses at most, a natural logarithm before it is weighed: names, foreign words and slips of the pen
are in no text, and shall stay possible."""

WEIGHT = 0.4
"""Of the character model against the pixels: chosen on words of writers whom nothing was trained on."""

MOST_UNWRITTEN = 0.005
"""Share of what a model knows that may be letters which a recogniser lacks, before a person is told."""

LEXICON_WEIGHT = 1.0
"""What a word of the lexicon gains, as a natural logarithm, likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What is known of a language, and how much it counts.

    Attributes:
        model: of characters; None for none.
        weight: what its logarithms are multiplied with. They are taken against its mean over the words of its own
            texts, so that long words are not at a disadvantage, and from `FLOOR` on.
        lexicon: of words; None for none.
        lexicon_weight: what a word in it gains, as a natural logarithm.
        beam: texts that are kept at each step.
        label: what it is, for signatures: names, digests and weights.

    Raises:
        UsageError: a number is out of its range, or nothing is known.
    """

    model: CharacterModel | None = None
    weight: float = WEIGHT
    lexicon: Lexicon | None = None
    lexicon_weight: float = LEXICON_WEIGHT
    beam: int = BEAM
    label: str = "language"

    def __post_init__(self) -> None:
        if self.model is None and self.lexicon is None:
            raise UsageError("there is no knowledge of a language: give a character model, a lexicon, or both")
        for name in ("weight", "lexicon_weight"):
            if not 0 <= getattr(self, name) <= 100:
                raise UsageError(f"{name} is {getattr(self, name)!r}: it must be 0 to 100")
        if not 1 <= self.beam <= 1000:
            raise UsageError(f"beam is {self.beam!r}: it must be 1 to 1000")


def read_knowledge(
    lm: Path | None,
    lexicon: Path | None,
    *,
    weight: float | None = None,
    lexicon_weight: float | None = None,
    beam: int | None = None,
) -> Knowledge | None:
    """Reads what files say of a language.

    Args:
        lm: a model of `htrmodel lm`, or the name of one that is shipped; None for none.
        lexicon: a list of words; None for none.
        weight: of the model; None, here and below, for the usual one.
        lexicon_weight: of the lexicon.
        beam: texts that are kept at each step.

    Returns:
        The knowledge; None where there is neither file.

    Raises:
        UsageError: a number is out of its range, or there is a number without the file that it is for.
        HtrError: as `find_language`, `load_model` and `read_lexicon` do.
    """
    lm = None if lm is None else find_language(lm)
    for number, file, option in ((weight, lm, "--lm-weight"), (lexicon_weight, lexicon, "--lexicon-weight")):
        if number is not None and file is None:
            raise UsageError(f"{option} is nothing without {option.removesuffix('-weight')}: give a file there, too")
    if lm is None and lexicon is None:
        if beam is not None:
            raise UsageError("--beam is for reading with --lm or --lexicon: give one of them")
        return None
    weight = WEIGHT if weight is None else weight
    lexicon_weight = LEXICON_WEIGHT if lexicon_weight is None else lexicon_weight
    beam = BEAM if beam is None else beam
    model = None if lm is None else load_model(lm)
    words = None if lexicon is None else read_lexicon(lexicon)
    parts = [
        f"{path.name}@{digest(path)[:8]}x{number:g}"
        for path, number in ((lm, weight), (lexicon, lexicon_weight))
        if path is not None
    ]
    return Knowledge(
        model=model,
        weight=weight,
        lexicon=words,
        lexicon_weight=lexicon_weight,
        beam=beam,
        label=f"{'+'.join(parts)},beam{beam}",
    )


def unwritten(knowledge: Knowledge, charset: Charset) -> str | None:
    """What to tell a person where a recogniser cannot write letters that the language often has.

    Args:
        knowledge: of the language.
        charset: of the recogniser.

    Returns:
        A sentence; None where hardly any letter of the model's texts is outside of the charset.
    """
    model = knowledge.model
    if model is None:
        return None
    shares = dict(zip(model.alphabet, model.frequencies[1:-1].tolist(), strict=True))
    lacking = {one: share for one, share in shares.items() if one.isalpha() and one not in charset.characters}
    if sum(lacking.values()) < MOST_UNWRITTEN:
        return None
    share, first = sum(lacking.values()), " ".join(sorted(lacking, key=lacking.__getitem__, reverse=True)[:8])
    return (
        f"{share:.1%} of what {knowledge.label} knows are letters that the charset {charset.name} lacks "
        f"({first} …): words with them are taken for unlikely; read with weights that write them, such as starter-lines"
    )


class Scorer:
    """Knowledge in the classes of a recogniser's prediction stage.

    Args:
        knowledge: of the language.
        charset: what the recogniser reads.
        prediction: ``CTC`` or ``Attn``.
    """

    def __init__(self, knowledge: Knowledge, charset: Charset, prediction: str) -> None:
        self.beam = knowledge.beam
        self._knowledge = knowledge
        self._first = SPECIAL_TOKENS[prediction]
        self._classes = self._first + len(charset.characters)
        self._model = knowledge.model
        self._rows: dict[State, NDArray[np.float32]] = {}
        self.characters = "\0" * self._first + charset.characters
        if self._model is not None:
            self._symbols = self._model.symbols_of(charset.characters)
            # In lines a space ends a word, and another one begins.
            self._symbols[[character == " " for character in charset.characters]] = BOUNDARY
            # Characters that the model has not seen share what it leaves to the unknown.
            unknown = self._symbols == self._model.unknown
            self._share = np.where(unknown, -np.log(max(int(unknown.sum()), 1)), 0.0).astype(np.float32)

    def begin(self) -> State | None:
        """What is known before the first character."""
        return None if self._model is None else self._model.begin()

    def after(self, state: State | None, token: int) -> State | None:
        """What is known after a character, given its class."""
        if self._model is None or state is None:
            return None
        symbol = int(self._symbols[token - self._first])
        return self._model.begin() if symbol == BOUNDARY else self._model.after(state, symbol)

    def scores(self, state: State | None) -> NDArray[np.float32]:
        """What each class gains as the next one, float32 [C]; special tokens gain nothing."""
        if self._model is None or state is None:
            return np.zeros(self._classes, np.float32)
        if (row := self._rows.get(state)) is None:
            row = np.zeros(self._classes, np.float32)
            gains = np.maximum(state.log_probs[self._symbols] + self._share - np.float32(self._model.mean), FLOOR)
            row[self._first :] = np.float32(self._knowledge.weight) * gains
            self._rows[state] = row
        return row

    def ending(self, state: State | None, text: str) -> float:
        """What a text gains where it ends."""
        gain = 0.0
        if self._model is not None and state is not None:
            gain = self._knowledge.weight * max(float(state.log_probs[BOUNDARY]) - self._model.mean, FLOOR)
        if (lexicon := self._knowledge.lexicon) is not None:
            gain += self._knowledge.lexicon_weight * sum(word in lexicon for word in text.split(" "))
        return gain
