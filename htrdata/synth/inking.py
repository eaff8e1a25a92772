"""The ink of many words at once: how much of each pixel of their bands it covers.

The lines are those of `htrdata.handwriting.draw`, with two differences that no eye sees: the words of a band share one
Gaussian, and a word with a somewhat broader pen is given more density instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htrdata.handwriting import Strokes
from htrdata.handwriting.ink import EDGE, FULL_WIDTH, SPACING, Canvas, line_points, shared_out, spread
from htrdata.images import opencv
from htrdata.synth.frames import Band, Values, Whole

cv2 = opencv()
Numbers = NDArray[np.float32]

_UNEQUAL = (0.6, 1.6)  # how much thinner or broader than that of its band a word's pen may be


@dataclass(frozen=True, slots=True)
class Copies:
    """Words to draw, each any number of times.

    Attributes:
        strokes: of all words, one after the other.
        ends: where in them each word ends, int [words].
        which: the word that each copy is of, int [copies].
        cell: the crop that each copy is drawn in, int [copies].
        affine: takes its strokes to pixels of the crop, float [6, copies]; see `htrdata.handwriting.draw`.
    """

    strokes: Strokes
    ends: Whole
    which: Whole
    cell: Whole
    affine: Values

    def points(self) -> tuple[Numbers, Numbers, Whole, Whole]:
        """All points of all copies: x and y in pixels of the crops, the point of the strokes, and the crop."""
        counts = np.diff(self.ends, prepend=0)
        sizes = counts[self.which]
        begins = (self.ends - counts)[self.which] - (np.cumsum(sizes) - sizes)
        point = np.repeat(begins, sizes) + np.arange(int(sizes.sum()))
        a, b, c, d, e, f = np.repeat(self.affine.astype(np.float32), sizes, axis=1)
        x, y = self.strokes.x[point], self.strokes.y[point]
        return a * x + b * y + c, d * x + e * y + f, point, np.repeat(self.cell, sizes)


def cover(copies: Copies, bands: Sequence[Band], pens: Values) -> list[Canvas]:
    """Draws copies of words into the cells of their crops; what falls outside of a cell is cut off.

    Args:
        copies: what to draw.
        bands: the cells of all crops.
        pens: width of a line at pressure 1 in each crop, in pixels.

    Returns:
        For each band how much of each pixel is covered, uint8 from 0 to 255.
    """
    sigmas = [float(np.median(pens[band.words])) / FULL_WIDTH for band in bands]
    sizes = [math.prod(band.shape) for band in bands]
    places = _places(bands, sizes, sigmas, len(pens))
    density = _density(copies, places, pens / FULL_WIDTH, sum(sizes))
    fields = np.split(density, np.cumsum(sizes)[:-1])
    return [
        _covered(field.reshape(band.shape), sigma) for field, band, sigma in zip(fields, bands, sigmas, strict=True)
    ]


def _places(bands: Sequence[Band], sizes: Sequence[int], sigmas: Sequence[float], words: int) -> Values:
    """Where the pixels of each word's cell are, float [7, words].

    The index of its band's first pixel among those of all bands, columns and rows of the band, left and right end of
    the cell, spare pixels, and the standard deviation of the band's Gaussian.
    """
    found = np.empty((7, words))
    offset = 0
    for band, size, sigma in zip(bands, sizes, sigmas, strict=True):
        rows, columns = band.shape
        found[:, band.words] = np.array([offset, columns, rows, 0, 0, band.pad, sigma])[:, None]
        found[3:5, band.words] = band.left, band.left + band.widths
        offset += size
    return found


def _density(copies: Copies, places: Values, sigmas: Values, size: int) -> Numbers:
    """The density of lines before it is spread, over the pixels of all bands, float32 [size]."""
    x, y, point, cell = copies.points()
    left, right, pad, sigma = places[3:].astype(np.float32)[:, cell]
    x += left + pad
    y += pad
    beyond = (np.maximum(x[1:], x[:-1]) < left[1:]) | (np.minimum(x[1:], x[:-1]) > right[1:])
    lifted = copies.strokes.starts[point[1:]] | beyond
    # At pressure p a line's edge is where p·exp(-r²/2σ²) is a half; a broader pen has the σ of its own.
    share = np.square((sigmas / places[6]).clip(*_UNEQUAL))
    pressure = 0.5 * np.power(2 * copies.strokes.pressure[point[1:]], share.astype(np.float32)[cell[1:]])
    per_pixel = 1 / np.maximum(0.5, SPACING * sigma[1:])
    full = sigma[1:] * np.float32(math.sqrt(2 * math.pi))
    x, y, weight, line = line_points(x, y, pressure, lifted, per_pixel, full)
    cell = cell[1:][line]
    column, row = np.floor(x), np.floor(y)
    offset, columns, rows, left, right = places[:5].astype(np.intp)[:, cell]
    inside = (column >= left) & (column < right - 1) & (row >= 0) & (row < rows - 1)
    x, y, column, row, weight = (values[inside] for values in (x, y, column, row, weight))
    width = columns[inside]
    first = offset[inside] + row.astype(np.intp) * width + column.astype(np.intp)
    return shared_out(x - column, y - row, weight, first, width, size)


def _covered(field: Numbers, sigma: float) -> Canvas:
    """What lines cover, uint8 from 0 to 255: their spread density cut at its half, with soft edges."""
    density = spread(field, sigma)
    steep = max(1.7 * sigma / EDGE, 1.0)
    cut: Any = cv2.addWeighted(density, 255 * steep, density, 0, 127.5 * (1 - steep), dtype=cv2.CV_8U)
    return np.asarray(cut, np.uint8)
