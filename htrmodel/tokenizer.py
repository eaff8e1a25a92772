"""Text to class ids and back, for the two prediction stages.

Attention: id 0 is the start token, which also fills up short rows; 1 is the end token; characters follow.
CTC: id 0 is the blank, which also fills up short rows; characters follow.

Only `Tokenizer.encode` needs torch, which is why it is imported there: exported models are read without it.
"""

from __future__ import annotations

import functools
import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import BadDataError
from htrdata.labels import Charset
from htrmodel.config import SPECIAL_TOKENS, RecogniserConfig

if TYPE_CHECKING:
    from torch import Tensor

PAD = 0
"""Fills rows of ids up to one length: the start token of attention and the blank of CTC, which are never targets."""

GO = 0
"""Start token of attention."""

END = 1
"""End token of attention."""

BLANK = 0
"""Blank of CTC."""


class Reading(NamedTuple):
    """What a recogniser reads in one image."""

    text: str
    confidence: float
    """Probability of the text by the model itself, in [0, 1]. That of a model that was fine-tuned is calibrated on its
    validation words, see `htrmodel.training.temperature`."""

    def __repr__(self) -> str:
        return f"Reading({self.text!r}, {self.confidence:.1%})"


def check_sure(name: object, readings: Iterable[Reading]) -> None:
    """Makes sure that readings come from numbers: finite weights may still compute infinities, and of these NaN.

    Args:
        name: of what has read, for the message.
        readings: of any number of images.

    Raises:
        BadDataError: a confidence is NaN.
    """
    if any(math.isnan(reading.confidence) for reading in readings):
        raise BadDataError(
            f"{name} computes no numbers (NaN) of a word: its weights are damaged, or its training diverged; take "
            "another checkpoint"
        )


class Tokenizer(ABC):
    """Text to class ids and back.

    Args:
        charset: the characters in order.
        max_length: how many characters a text may have.
    """

    prediction: str

    def __init__(self, charset: Charset, max_length: int = 25) -> None:
        self.charset = charset
        self.max_length = max_length
        first = SPECIAL_TOKENS[self.prediction]
        self._id_of = {character: first + index for index, character in enumerate(charset.characters)}
        # One code point per class, so that a whole batch becomes text in one step; the special tokens never get there.
        self._code_points = np.array([0] * first + [ord(c) for c in charset.characters], dtype="<u4")

    @property
    def num_classes(self) -> int:
        """Characters and special tokens."""
        return len(self._code_points)

    def encode(self, texts: Sequence[str], length: int | None = None) -> Tensor:
        """Turns texts into the targets of training.

        Args:
            texts: labels, not empty as a list; upper case is folded where the charset folds case.
            length: room for that many characters; None for the longest text.

        Returns:
            int64 [N, S], filled up with 0. Attention: start token, characters, end token, so S is length + 2.
            CTC: the characters, so S is length.

        Raises:
            BadDataError: a text is empty, longer than `max_length` or `length`, or has characters outside the charset.
        """
        import torch

        rows = [self._ids(self.charset.fold(text)) for text in texts]
        longest = max(map(len, rows))
        if length is not None and longest > length:
            text = max(texts, key=len)
            raise BadDataError(f"label {text!r} has {longest} characters: there is room for {length}")
        return torch.tensor(self._targets(rows, longest if length is None else length))

    def table(self, texts: Sequence[str]) -> NDArray[np.int16]:
        """The targets of any number of texts, all with room for `max_length` characters, without a loop over them.

        Args:
            texts: as for `encode`.

        Returns:
            The values of ``encode(texts, max_length)``.

        Raises:
            BadDataError: as `encode`.
        """
        folded = [self.charset.fold(text) for text in texts]
        lengths = np.fromiter(map(len, folded), np.int64, len(folded))
        ids = self._class_of[np.frombuffer("".join(folded).encode("utf-32-le", "surrogatepass"), "<u4")]
        fitting = (lengths > 0) & (lengths <= self.max_length)
        if not fitting.all() or not ids.all():
            for text in folded:
                self._ids(text)
        letters = np.zeros((len(folded), self.max_length), np.int16)
        letters[np.arange(self.max_length) < lengths[:, None]] = ids
        return self._framed(letters, lengths)

    def decode(self, logits: Tensor, temperature: float = 1.0) -> list[Reading]:
        """Reads greedy logits: the best class at each step.

        Args:
            logits: float [N, T, C], on any device; read back once.
            temperature: what they are divided by: more than 1 makes less sure; the texts stay.
        """
        values = logits.detach().float()
        best, ids = (values if temperature == 1 else values / temperature).log_softmax(2).max(2)
        return self.readings(ids.cpu().numpy(), best.cpu().numpy())

    def readings(self, ids: NDArray[np.int64], log_probabilities: NDArray[np.float32]) -> list[Reading]:
        """Turns the best class of each step, and its log-probability, into texts and confidences.

        Args:
            ids: integers [N, T].
            log_probabilities: float [N, T], natural logarithms.
        """
        letters, counted = self._masks(ids)
        text = self._code_points[ids[letters]].tobytes().decode("utf-32-le")
        ends = np.cumsum(letters.sum(1)).tolist()
        texts = [text[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
        confidences = np.exp(np.where(counted, log_probabilities, 0.0).sum(1)).tolist()
        return [Reading(text, confidence) for text, confidence in zip(texts, confidences, strict=True)]

    def _ids(self, text: str) -> list[int]:
        if missing := self.charset.missing(text):
            raise BadDataError(f"label {text!r} has {missing!r}, which charset {self.charset.name!r} lacks")
        if not 0 < len(text) <= self.max_length:
            raise BadDataError(f"label {text!r} has {len(text)} characters: the model reads 1 to {self.max_length}")
        return [self._id_of[character] for character in text]

    @abstractmethod
    def _targets(self, rows: list[list[int]], length: int) -> list[list[int]]:
        """Rows of one length for rows of character ids."""

    @abstractmethod
    def _framed(self, letters: NDArray[np.int16], lengths: NDArray[np.int64]) -> NDArray[np.int16]:
        """Rows of one length for padded rows of character ids [N, max_length] and their lengths."""

    @functools.cached_property
    def _class_of(self) -> NDArray[np.int16]:
        """The class id of each code point; 0, which no character has, for those outside the charset."""
        classes = np.zeros(sys.maxunicode + 1, np.int16)
        classes[[ord(character) for character in self._id_of]] = list(self._id_of.values())
        return classes

    @abstractmethod
    def _masks(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which steps are letters of the text, and which ones count for the confidence: two bool [N, T]."""


class AttnTokenizer(Tokenizer):
    """Ids of the attention decoder.

    A text ends before the first end token; it is whole where there is none. Start tokens inside are left out.
    Its confidence is the product of the best probabilities up to the end token, that included.
    """

    prediction = "Attn"

    def _targets(self, rows: list[list[int]], length: int) -> list[list[int]]:
        return [[GO, *row, END, *[PAD] * (length - len(row))] for row in rows]

    def _framed(self, letters: NDArray[np.int16], lengths: NDArray[np.int64]) -> NDArray[np.int16]:
        framed = np.full((len(letters), self.max_length + 2), PAD, np.int16)
        framed[:, 0] = GO
        framed[:, 1:-1] = letters
        framed[np.arange(len(letters)), lengths + 1] = END
        return framed

    def _masks(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        ends = ids == END
        counted = (ends.cumsum(1) - ends) == 0
        return counted & ~ends & (ids != GO), counted


class CTCTokenizer(Tokenizer):
    """Ids of CTC (Graves et al., ICML 2006), read along the best path: repeats are joined, then blanks left out.

    The confidence is the probability of that path: the product of the best probabilities of all steps.
    """

    prediction = "CTC"

    def _targets(self, rows: list[list[int]], length: int) -> list[list[int]]:
        return [[*row, *[PAD] * (length - len(row))] for row in rows]

    def _framed(self, letters: NDArray[np.int16], lengths: NDArray[np.int64]) -> NDArray[np.int16]:
        return letters

    def _masks(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        repeated = np.zeros(ids.shape, dtype=bool)
        repeated[:, 1:] = ids[:, 1:] == ids[:, :-1]
        return (ids != BLANK) & ~repeated, np.ones(ids.shape, dtype=bool)


def tokenizer_for(config: RecogniserConfig) -> Tokenizer:
    """The tokenizer of a recogniser's prediction stage and charset."""
    kind = AttnTokenizer if config.prediction == "Attn" else CTCTokenizer
    return kind(config.charset, config.max_length)
