"""Words as this project draws them: real strokes, and a picture that is made of them, with another pen, sheet and lens.

A page has up to `WORDS_PER_PAGE` words of one writer, each as often as renderings are asked for. All words of a
rendering are drawn together and look alike: one pen, one paper, one scanner or camera.
"""

from __future__ import annotations

import functools
import hashlib
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
from numpy.typing import NDArray

from htrdata.drawing.handwriting.strokes import Strokes, line_width
from htrdata.drawing.synth.scene import draw_strokes
from htrdata.drawing.synth.writers import Writer, random_writer
from htrdata.drawing.unipen.tracing import Traces, trace
from htrdata.images.codec import encode
from htrdata.images.made import GreyJpeg, MadeImage
from htrdata.records import Reason, Word

WORDS_PER_PAGE = 16
"""How many words of a writer share a page."""

_PENS = ("print", "broad")
_BROADEST = 0.17  # of a letter's usual breadth on the page; a broader pen would fill letters of a narrow hand
_LEAN = 0.1  # standard deviation of the slant, and
_BREADTH = 0.08  # of the breadth, that a rendering adds to a writer's own


@dataclass(frozen=True, slots=True)
class SegmentLabel:
    """One word of a page, but for its ink.

    Attributes:
        id: of the segment.
        text: its label.
        reason: why it cannot be used; such a word has no ink.
        quality: as its contributor says.
    """

    id: str
    text: str
    reason: Reason | None
    quality: str


@dataclass(frozen=True, slots=True, eq=False)
class PageInk:
    """The ink of those words of a page that can be used, one after the other.

    Attributes:
        x: float32 [n] in x-heights, to the right, from the left end of each word.
        y: float32 [n] in x-heights, downwards, from the line of writing.
        pressure: float32 [n], in the tablet's units; NaN where it is not known.
        starts: bool [n], True where the pen was put down.
        ends: where each word ends, int [words].
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    pressure: NDArray[np.float32]
    starts: NDArray[np.bool_]
    ends: NDArray[np.intp]

    def digest(self) -> bytes:
        """SHA-256 over all of it."""
        digest = hashlib.sha256()
        for values in (self.x, self.y, self.pressure, self.starts, self.ends.astype(np.int64)):
            digest.update(values.tobytes())
        return digest.digest()


@dataclass(frozen=True, slots=True)
class DrawnWords(Sequence[Word]):
    """The words of a page, rendering by rendering; images come into being when they are read.

    To read the image of one word draws all words of its rendering, and the last two renderings are kept: fast in order,
    as a build reads them. Two of the same page, digest and recipe are equal.

    Attributes:
        page: its id.
        writer: who wrote it, without a name.
        words: of one rendering.
        digest: of the ink.
        ink: what was written.
        seed: of all chance: that of the data set, and what tells pages apart.
        renderings: how often each word is drawn.
        media: kinds of pages, of `htrdata.drawing.synth.writers.MEDIA`.
    """

    page: str
    writer: str
    words: tuple[SegmentLabel, ...]
    digest: bytes
    ink: PageInk
    seed: tuple[int, int]
    renderings: int
    media: tuple[str, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DrawnWords) and self._known == other._known

    def __hash__(self) -> int:
        return hash((self.page, self.digest))

    @property
    def _known(self) -> tuple[object, ...]:
        return self.page, self.writer, self.words, self.digest, self.seed, self.renderings, self.media

    def __len__(self) -> int:
        return len(self.words) * self.renderings

    @overload
    def __getitem__(self, index: int) -> Word: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Word, ...]: ...
    def __getitem__(self, index: int | slice) -> Word | tuple[Word, ...]:
        return tuple(self)[index]

    def __iter__(self) -> Iterator[Word]:
        for rendering in range(self.renderings):
            medium = _medium(self.seed, rendering, self.media)
            position = 0
            for word in self.words:
                image = None
                if word.reason is None:
                    image = UnipenImage(self, rendering, position)
                    position += 1
                extra = {"quality": word.quality, "rendering": str(rendering), "medium": medium}
                name = f"{word.id}-{rendering}" if rendering else word.id
                yield Word(name, word.text, image=image, reason=word.reason, writer=self.writer, extra=extra)

    def generator(self, rendering: int, *what: int) -> np.random.Generator:
        """Chance that depends on the seed, the rendering and what it is for."""
        return _generator(self.seed, rendering, *what)

    def look(self, rendering: int) -> Writer:
        """Pen, paper, lens and the rest of a rendering."""
        return _look(self, rendering)


def _generator(seed: tuple[int, int], rendering: int, *what: int) -> np.random.Generator:
    return np.random.default_rng([*seed, rendering, *what])


@functools.lru_cache(1 << 16)
def _medium(seed: tuple[int, int], rendering: int, media: tuple[str, ...]) -> str:
    """What a rendering is on. It is asked for whenever the words of a page are looked at, which a build does often."""
    return _writer(seed, rendering, media).medium


@functools.lru_cache(16)
def _writer(seed: tuple[int, int], rendering: int, media: tuple[str, ...]) -> Writer:
    return random_writer(_generator(seed, rendering, 0), _PENS, media)


@functools.lru_cache(16)
def _look(words: DrawnWords, rendering: int) -> Writer:
    look = _writer(words.seed, rendering, words.media)
    return replace(look, style=replace(look.style, pen=min(look.style.pen, _BROADEST * _breadth(words))))


def _breadth(words: DrawnWords) -> float:
    """The usual breadth of a letter of a page, in x-heights; 1 where there are no letters."""
    ink, begin, breadths = words.ink, 0, []
    for text, end in zip((word.text for word in words.words if word.reason is None), ink.ends.tolist(), strict=True):
        if any(char.isalnum() for char in text):
            breadths.append(float(ink.x[begin:end].max()) / len(text))
        begin = end
    return max(0.3, statistics.median(breadths)) if breadths else 1.0


@functools.lru_cache(2)
def _traces(words: DrawnWords) -> Traces:
    ink = words.ink
    return trace(ink.x, ink.y, ink.pressure, ink.starts, ink.ends)


@functools.lru_cache(2)
def _drawn(words: DrawnWords, rendering: int) -> list[GreyJpeg]:
    """All words of a rendering that can be used."""
    look = words.look(rendering)
    rng = words.generator(rendering, 1)
    traces = _traces(words)
    crops = draw_strokes(_strokes(traces, look, rng), traces.ends, look, rng)
    return [GreyJpeg(encode(crop, "jpeg", look.quality), crop.shape[1], crop.shape[0]) for crop in crops]


def _strokes(traces: Traces, look: Writer, rng: np.random.Generator) -> Strokes:
    """The strokes as a pen of some width leaves them, a little more or less slanted and broad than they were."""
    lean, breadth, care = rng.standard_normal(3).tolist()
    x = traces.x * np.float32(np.exp(_BREADTH * breadth)) - traces.y * np.float32(_LEAN * lean)
    x = x + traces.dot * np.float32(0.45 * look.style.pen)
    lasts = np.concatenate([traces.starts[1:], [True]])
    tips = (traces.starts | lasts) & (traces.dot == 0)
    width = line_width(np.stack([x, traces.y]), tips, look.style)
    # How much a pen shows speed and pressure differs: a fine-liner hardly, a pencil clearly.
    width = width * traces.weight ** np.float32(min(abs(care), 1.5))
    return Strokes(x.astype(np.float32), traces.y, width.astype(np.float32), traces.starts)


@dataclass(frozen=True, slots=True)
class UnipenImage(MadeImage):
    """The image of a word, drawn when it is read: a grey JPEG of up to 64 pixels in height.

    Attributes:
        words: those of its page.
        rendering: which one, from 0.
        position: of the word among those of its page that can be used, from 0.
    """

    words: DrawnWords
    rendering: int
    position: int

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"drawing {self.rendering} of word {self.position} on page {self.words.page}"

    def make(self) -> GreyJpeg:
        """Draws it, with all of its page's, unless they are there from one that was asked for before."""
        return _drawn(self.words, self.rendering)[self.position]
