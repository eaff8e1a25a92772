"""Where the crops of words are cut, and how they lie beside each other while they are drawn.

The words of a writer are drawn together: their crops stand in a few bands, side by side, each with some spare pixels
around it, so that one call draws or blurs many. Coordinates are those of `htrdata.records`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htrdata.drawing.elementary import exp2, sine
from htrdata.drawing.handwriting.glyphs import Indices
from htrdata.drawing.synth.writers import Writer

Values = NDArray[np.float64]

HEIGHT = 64  # pixels; no crop is higher
_WIDEST = 24 * HEIGHT
_SMALLEST = 6
_TOO_TIGHT = 0.12  # share of a word's height or width that may be cut off at each side, at most
_WORDS_PER_BAND = 10


@dataclass(frozen=True, slots=True)
class Frames:
    """The crops of words, an entry for each.

    Attributes:
        scale: pixels per x-height.
        tilt: by which the line of writing is turned counter-clockwise, in radians.
        x: column of the word's origin in the crop.
        y: row of the word's origin in the crop.
        width: of the crop in pixels.
        height: of the crop in pixels.
    """

    scale: Values
    tilt: Values
    x: Values
    y: Values
    width: Indices
    height: Indices

    @property
    def affine(self) -> Values:
        """From x-heights to pixels, float [6, words]; the six as of `htrdata.drawing.handwriting.fit`."""
        cos, sin = self.scale * _cosine(self.tilt), self.scale * sine(self.tilt)
        return np.stack([cos, sin, self.x, -sin, cos, self.y])


def frame(bounds: Values, writer: Writer, rng: np.random.Generator) -> Frames:
    """Decides where crops are cut.

    Args:
        bounds: left, upper, right and lower end of each word in x-heights, the pen's width included, [4, words].
        writer: whose words they are.
        rng: what differs from word to word.
    """
    words = bounds.shape[1]
    tilt = writer.tilt * (0.5 + np.asarray(rng.random(words), np.float64))
    x, y = bounds[[0, 0, 2, 2]], bounds[[1, 3, 1, 3]]
    cos, sin = _cosine(tilt), sine(tilt)
    across, down = cos * x + sin * y, cos * y - sin * x
    left, right, upper, lower = across.min(0), across.max(0), down.min(0), down.max(0)
    chance = rng.standard_normal((5, words))
    spare = writer.margin * (0.6 + 0.4 * abs(chance[:4])) + 0.06 * chance[:4]
    spare[:2] = np.maximum(spare[:2], -_TOO_TIGHT * (right - left))
    spare[2:] = np.maximum(spare[2:], -_TOO_TIGHT * (lower - upper))
    left, right, upper, lower = left - spare[0], right + spare[1], upper - spare[2], lower + spare[3]
    scale = writer.size * exp2(0.144 * chance[4])
    scale = np.minimum(scale, HEIGHT / np.maximum(lower - upper, 0.05))
    scale = np.minimum(scale, _WIDEST / np.maximum(right - left, 0.05))
    width = np.maximum(_SMALLEST, np.ceil(scale * (right - left)))
    height = np.clip(np.ceil(scale * (lower - upper)), _SMALLEST, HEIGHT)
    x_origin, y_origin = 0.5 * (width - scale * (left + right)), 0.5 * (height - scale * (upper + lower))
    return Frames(scale, tilt, x_origin, y_origin, width.astype(np.intp), height.astype(np.intp))


def _cosine(angles: Values) -> Values:
    return sine(angles + 0.5 * math.pi)


@dataclass(frozen=True, slots=True)
class Band:
    """Crops beside each other, each in a cell with spare pixels all around.

    Attributes:
        words: which ones, int [n].
        left: column where the cell of each begins, int [n].
        widths: of the cells, int [n].
        shape: rows and columns of the band.
        pad: spare pixels on each side of a crop.
    """

    words: Indices
    left: Indices
    widths: Indices
    shape: tuple[int, int]
    pad: int

    def cells(self) -> Iterator[tuple[int, slice]]:
        """Each word, and the columns of its cell."""
        for word, left, width in zip(self.words.tolist(), self.left.tolist(), self.widths.tolist(), strict=True):
            yield word, slice(left, left + width)

    def columns(self, values: Values) -> Values:
        """Spreads a value of each word, [words], over the columns of its cell, [columns]."""
        return np.repeat(values[self.words], self.widths)


def lay_out(frames: Frames, order: Values, pad: int) -> list[Band]:
    """Puts crops into bands.

    Args:
        frames: the crops.
        order: a number for each word; those whose numbers are near to each other share a band.
        pad: spare pixels on each side of a crop.
    """
    ranks = np.argsort(order, kind="stable")
    bands = []
    for words in np.array_split(ranks, -(-len(ranks) // _WORDS_PER_BAND)):
        widths = frames.width[words] + 2 * pad
        shape = (int(frames.height[words].max()) + 2 * pad, int(widths.sum()))
        bands.append(Band(words, np.cumsum(widths) - widths, widths, shape, pad))
    return bands
