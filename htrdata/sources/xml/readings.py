"""What was read of a line, and of the elements of its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from htrdata.sources.xml.word_elements import PlacedText


class ReadText(NamedTuple):
    """What was read."""

    text: str
    confidence: float
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class ReadLine:
    """What was read of a line.

    Attributes:
        line: of all of it.
        words: of its words, in the order of their elements; None where none has changed.
        placed: its words with their places, for a line that has no elements of words.
    """

    line: ReadText
    words: tuple[ReadText, ...] | None = None
    placed: tuple[PlacedText, ...] = ()


def shared_out(line: ReadText, count: int) -> tuple[ReadText, ...]:
    """The words of a line as the texts of so many elements: none is lost, the last has all that are left over."""
    words = line.text.split()
    texts = [*words[: count - 1], " ".join(words[count - 1 :])]
    return tuple(ReadText(text, line.confidence if text else 0.0) for text in [*texts, *[""] * (count - len(texts))])


def tokens(line: ReadText, count: int) -> tuple[ReadText, ...] | None:
    """The words of a line between spaces, where there are as many as elements for them; None otherwise."""
    words = line.text.split()
    return tuple(ReadText(word, line.confidence) for word in words) if len(words) == count else None
