"""The words, or lines, of one writer, which come into being when they are looked at, from a seed and a number alone."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from htrdata.drawing.handwriting import CHARACTERS
from htrdata.drawing.synth.fonts import Font
from htrdata.drawing.synth.scene import draw_words
from htrdata.drawing.synth.vocabulary import Vocabulary
from htrdata.drawing.synth.writers import Writer, random_writer
from htrdata.images.codec import encode
from htrdata.images.made import GreyJpeg, MadeImage
from htrdata.records import SPLITS, Unit, Word

WORDS_PER_WRITER = 50
"""Words that each writer writes; the last one of a split may write fewer."""

LINES_PER_WRITER = 8
"""Lines that each writer writes where lines are asked for."""

_LINE_WORDS = (2, 10)  # of a line
_CLOSING = frozenset(".,;:!?')\"")  # marks that stand right behind a word

_TRIES = 20  # draws of words among which enough can be set in a font, before letters alone are


@dataclass(frozen=True, slots=True)
class WriterRecipe:
    """What the words of a writer depend on, besides the writer's number.

    Attributes:
        seed: of all chance.
        diacritics: whether some words have Latin letters with diacritics.
        hands: kinds of hands, of `htrdata.drawing.synth.writers.HANDS`.
        media: kinds of pages, of `htrdata.drawing.synth.writers.MEDIA`.
        fonts: of each split.
        unit: whether they write words or lines of some words.
    """

    seed: int
    diacritics: bool
    hands: tuple[str, ...]
    media: tuple[str, ...]
    fonts: tuple[tuple[Font, ...], ...]
    unit: Unit = "word"

    def __hash__(self) -> int:
        # Asked for with every word: hundreds of fonts would take longer than drawing it.
        return hash((self.seed, self.diacritics, self.hands, self.media, self.unit))

    @property
    def per_writer(self) -> int:
        """Words, or lines, that each writer writes; the last one of a split may write fewer."""
        return LINES_PER_WRITER if self.unit == "line" else WORDS_PER_WRITER


@dataclass(frozen=True, slots=True)
class WriterWords(Sequence[Word]):
    """The words of one writer, which are made anew whenever they are looked at: a million of them take no memory.

    To read the image of one word draws all of its writer's, and those of the last two writers are kept: that is fast in
    order, as a build reads them, and slow where words of many writers are read by turns.

    Attributes:
        recipe: what they depend on.
        split: of the writer.
        number: of the writer within the split.
        length: how many words there are.
    """

    recipe: WriterRecipe
    split: str
    number: int
    length: int

    @property
    def writer_id(self) -> str:
        """Of the writer and the page."""
        return f"{self.split}-{self.number:06d}"

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, index: int) -> Word: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Word, ...]: ...
    def __getitem__(self, index: int | slice) -> Word | tuple[Word, ...]:
        return tuple(self)[index]

    def __iter__(self) -> Iterator[Word]:
        writer = self.writer
        extra = {
            "hand": writer.hand,
            "medium": writer.medium,
            "font": "" if writer.font is None else writer.font.path.name,
        }
        for position, text in enumerate(self.texts):
            image = SynthImage(self, position, text)
            yield Word(f"{self.writer_id}-{position:02d}", text, image=image, writer=self.writer_id, extra=extra)

    @property
    def writer(self) -> Writer:
        """Who writes them."""
        return _writer(self.recipe, self.split, self.number)

    def generator(self, *what: int) -> np.random.Generator:
        """Chance that depends on the recipe's seed, the writer and what it is for."""
        return np.random.default_rng([self.recipe.seed, SPLITS.index(self.split), self.number, *what])

    @property
    def texts(self) -> list[str]:
        """What the writer writes."""
        return _texts(self.recipe, self.split, self.number)[: self.length]


@functools.lru_cache(16)
def _writer(recipe: WriterRecipe, split: str, number: int) -> Writer:
    rng = np.random.default_rng([recipe.seed, SPLITS.index(split), number, 0])
    return random_writer(rng, recipe.hands, recipe.media, recipe.fonts[SPLITS.index(split)])


@functools.lru_cache(16)
def _texts(recipe: WriterRecipe, split: str, number: int) -> list[str]:
    """What a writer writes, as much as could be asked for."""
    words = WriterWords(recipe, split, number, recipe.per_writer)
    writer, rng, vocabulary = words.writer, words.generator(1), _vocabulary(recipe.diacritics)
    if recipe.unit == "line":
        return [_line(vocabulary, writer, rng) for _ in range(LINES_PER_WRITER)]
    texts = list(vocabulary.draw(WORDS_PER_WRITER, rng))
    for _ in range(_TRIES):
        texts = [text for text in texts if writer.can_write(text)]
        if len(texts) >= WORDS_PER_WRITER:
            return texts[:WORDS_PER_WRITER]
        texts += vocabulary.draw(WORDS_PER_WRITER, rng)
    letters = [char for char in CHARACTERS if writer.can_write(char)]
    return ["".join(rng.choice(letters, int(rng.integers(2, 8)))) for _ in range(WORDS_PER_WRITER)]


def _line(vocabulary: Vocabulary, writer: Writer, rng: np.random.Generator) -> str:
    """Some words that the writer can write, with spaces between them but before marks that close."""
    words = int(rng.integers(*_LINE_WORDS))
    text = ""
    for _ in range(_TRIES):
        for word in vocabulary.draw(words, rng):
            if writer.can_write(word) and words:
                text += word if not text or word in _CLOSING else f" {word}"
                words -= 1
        if not words:
            return text
    letters = [char for char in CHARACTERS if writer.can_write(char)]
    return "".join(rng.choice(letters, int(rng.integers(2, 8))))


@functools.lru_cache(2)
def _drawn(recipe: WriterRecipe, split: str, number: int) -> list[GreyJpeg]:
    """All words that a writer could be asked for: a word does not depend on how many were."""
    words = WriterWords(recipe, split, number, recipe.per_writer)
    writer = words.writer
    crops = draw_words(words.texts, writer, words.generator(2))
    return [GreyJpeg(encode(crop, "jpeg", writer.quality), crop.shape[1], crop.shape[0]) for crop in crops]


@functools.cache
def _vocabulary(diacritics: bool) -> Vocabulary:
    return Vocabulary(diacritics)


@dataclass(frozen=True, slots=True)
class SynthImage(MadeImage):
    """The image of a word, drawn when it is read: a grey JPEG of up to 64 pixels in height.

    All of its writer's words are drawn with it; see `WriterWords` for the order in which to read.

    Attributes:
        words: those of its writer.
        position: of the word among them, from 0.
        text: what to write.
    """

    words: WriterWords
    position: int
    text: str

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"drawn word {self.words.writer_id}-{self.position:02d} ({self.text})"

    def make(self) -> GreyJpeg:
        """Draws it, with all of its writer's, unless they are there from one that was asked for before."""
        return _drawn(self.words.recipe, self.words.split, self.words.number)[self.position]
