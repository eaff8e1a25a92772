"""The source of drawn words: any number of them, by writers of which no two splits share one, from a seed alone."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from htrdata.drawing.synth.fonts import Font, read_fonts
from htrdata.drawing.synth.writer_words import WriterRecipe, WriterWords
from htrdata.drawing.synth.writers import HANDS, MEDIA, split_fonts
from htrdata.errors import UsageError
from htrdata.records import SPLITS, Division, Page, SourceInfo, Unit
from htrdata.sources.base import DRAWN

DRAWING = "3"
"""Which drawing this is. It rises whenever the same settings give other words or other pixels, so that a build which
other code has begun is not taken up again, and an existing store is told apart from a new one."""

SHARES = (0.9, 0.05, 0.05)
"""Shares of the writers, and of the fonts, that are train, val and test."""


@dataclass(frozen=True, slots=True)
class Synth:
    """Drawn words; see the module.

    Words differ with every setting but their number: a larger data set begins, split by split, with the writers of a
    smaller one.

    Attributes:
        words: how many, in all splits together.
        seed: of all chance, from 0.
        fonts: folder of TrueType fonts that write besides the pens; None for pens alone.
        diacritics: whether some words have Latin letters with diacritics.
        hands: kinds of hands to draw from, of `htrdata.drawing.synth.writers.HANDS`. Where fonts alone are asked for, a
            split that none of them falls to is printed by pens; the column ``hand`` says so.
        media: kinds of pages to draw from, of `htrdata.drawing.synth.writers.MEDIA`.
        unit: ``word``; or ``line`` for lines of some words each, `words` of them.

    Raises:
        UsageError: a setting is out of its range.
    """

    words: int
    seed: int = 0
    fonts: Path | None = None
    diacritics: bool = False
    hands: tuple[str, ...] = HANDS
    media: tuple[str, ...] = MEDIA
    unit: Unit = "word"

    def __post_init__(self) -> None:
        if self.words < 1:
            raise UsageError(f"{self.words} words cannot be drawn: give 1 or more")
        if self.seed < 0:
            raise UsageError(f"the seed is {self.seed}: give 0 or more")
        for what, given, known in (("hand", self.hands, HANDS), ("medium", self.media, MEDIA)):
            if wrong := [name for name in given if name not in known] or (not given and ["none"]):
                raise UsageError(f"{wrong[0]!r} is no kind of {what}: give some of {', '.join(known)}")
        if self.fonts is None and self.hands == ("font",):
            raise UsageError("words in fonts alone need a folder of fonts: give --fonts DIR")

    @property
    def name(self) -> str:
        """The default name of the data set in a store."""
        return "synth" if self.unit == "word" else "synth_lines"

    drawn: ClassVar[str] = DRAWN
    info: ClassVar[SourceInfo] = SourceInfo(
        title="Words drawn by htrdata synth",
        url="",
        licence="Apache-2.0, as htrdata; the fonts of --fonts have licences of their own",
        citation="",
    )

    @property
    def division(self) -> Division:
        """Writers are divided in one way only. Other settings, but for the number of words, are other words."""
        settings = (f"{name} {value}" for name, value in self.settings.items() if name != "words")
        return Division(", ".join([self.info.title, *settings]))

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """``hand`` and ``medium`` of the writer; ``font`` is the name of its file, empty for pens."""
        return ("hand", "medium", "font")

    @property
    def settings(self) -> Mapping[str, str]:
        """What the words depend on: `DRAWING` too; of the fonts their number and a digest over the SHA-256 of each."""
        digest = hashlib.sha256(" ".join(font.sha256 for font in self._fonts).encode()).hexdigest()
        return {
            "drawing": DRAWING,
            "words": str(self.words),
            "seed": str(self.seed),
            "diacritics": str(self.diacritics),
            "hands": ",".join(self.hands),
            "media": ",".join(self.media),
            "fonts": f"{len(self._fonts)} {digest[:16]}" if self._fonts else "none",
            **({} if self.unit == "word" else {"unit": self.unit}),
        }

    @property
    def published(self) -> Mapping[str, Mapping[str, int]]:
        """Nothing: there is no publication to compare with."""
        return {}

    @property
    def _fonts(self) -> tuple[Font, ...]:
        return () if self.fonts is None else _read_fonts(self.fonts)

    def pages(self) -> Iterator[Page]:
        """Yields a page for each writer. Its words come into being when they are looked at.

        Raises:
            SourceMissingError: the folder of fonts is not there, or has none.
            BadDataError: a font cannot be read.
        """
        fonts = tuple(split_fonts(self._fonts, SHARES))
        recipe = WriterRecipe(self.seed, self.diacritics, self.hands, self.media, fonts, self.unit)
        for split, count in zip(SPLITS, _shared_out(self.words), strict=True):
            for number, first in enumerate(range(0, count, recipe.per_writer)):
                words = WriterWords(recipe, split, number, min(recipe.per_writer, count - first))
                yield Page(id=words.writer_id, split=split, words=words)


@functools.cache
def _read_fonts(folder: Path) -> tuple[Font, ...]:
    return read_fonts(folder)


def _shared_out(words: int) -> list[int]:
    """Words of each split; val and test get at least one where there are three or more."""
    held_out = [max(int(words * share), int(words >= 3)) for share in SHARES[1:]]
    return [words - sum(held_out), *held_out]
