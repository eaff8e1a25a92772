"""What a data set as a whole is: its terms, its splits and where these overlap, and what of it a program has drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

SPLITS = ("train", "val", "test")
"""The names of the splits, in the order in which they are built and listed."""

Unit = Literal["word", "line"]
"""What an annotation is of. Where nothing else is said, "word" stands for either."""

DRAWN = "pixels and strokes"
"""Of ``drawn`` of a source or store: all of the writing is made by a program, and the images with it."""

DRAWN_PICTURE = "picture"
"""Of ``drawn``: people wrote the strokes, as a pen recorded them; the images are made of them by a program."""


def of_people(drawn: str | None) -> bool:
    """Whether people wrote the words, be it that a program made the images."""
    return drawn in (None, DRAWN_PICTURE)


def how_drawn(drawn: str) -> str:
    """What to say of words that are not, or not as they are, people's handwriting: a sentence without its end."""
    if of_people(drawn):
        return "the strokes are people's, as a pen recorded them; the images are made of them by a program"
    return f"drawn by a program: {drawn}; this is no handwriting of people"


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a data set is and on what terms: it goes into ``dataset.json`` and the report.

    Attributes:
        title: its full name.
        url: where its authors publish it.
        licence: what it may be used for, in a few words.
        citation: how to cite it.
    """

    title: str
    url: str
    licence: str
    citation: str


@dataclass(frozen=True, slots=True)
class Division:
    """How a corpus is dealt out to train, val and test: two divisions of one may train on what the other tests with.

    Attributes:
        corpus: what is divided, by one name for all that the same pages are known by: the title of the data set.
        scheme: which way it is divided, such as ``aachen`` or ``random``; ``published`` where there is but one.
        parameters: what else decides which page is in which split, such as a seed; never what is taken of a page.
    """

    corpus: str
    scheme: str = "published"
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        details = ", ".join(f"{key} {value}" for key, value in self.parameters.items())
        return f"{self.scheme}: {details}" if details else self.scheme


# Of fields that came later than others into what is written: see `htrdata.files.typed_json.later`.
_LATER = {"later": tuple}


@dataclass(frozen=True, slots=True)
class Leaks:
    """Where the splits of a data set overlap.

    Attributes:
        ids: the page ids that are in several splits, with those splits.
        copies: groups of pages with other ids but the same bytes, or the same pixels, that reach over several splits:
            (split, id) each.
        writers: the writers whose words are in several splits, with those splits.
        words: as `copies`, of words with images of their own.
        alike: groups of pages, or of words, that look alike, of which a person should look at some.
    """

    ids: Mapping[str, tuple[str, ...]]
    copies: tuple[tuple[tuple[str, str], ...], ...]
    writers: Mapping[str, tuple[str, ...]]
    words: tuple[tuple[tuple[str, str], ...], ...] = field(default=(), metadata=_LATER)
    alike: tuple[tuple[tuple[str, str], ...], ...] = field(default=(), metadata=_LATER)

    def __bool__(self) -> bool:
        return bool(self.ids or self.copies or self.writers or self.words or self.alike)
