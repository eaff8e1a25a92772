"""The ink of many words at once: how much of each pixel of their bands it covers.

The lines are those of `htrdata.drawing.handwriting.draw` but for what saves time at the size of crops:

- the words of a band share one Gaussian, and a word with a broader pen than its band's is given more density instead;
- that works within limits only, so that a pen which is much thinner or broader than its band's is drawn at the limit;
- the points of a line stand further apart, at 1.6 standard deviations instead of 1.25;
- lines of broad pens are not drawn on a smaller field and then enlarged.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from htrdata.drawing.elementary import exp2, log2
from htrdata.drawing.handwriting import Strokes
from htrdata.drawing.handwriting.glyphs import Indices, Numbers
from htrdata.drawing.handwriting.ink import EDGE, FULL, FULL_WIDTH, Canvas, line_points, splat, spread
from htrdata.drawing.synth.frames import Band, Values
from htrdata.images.opencv import opencv

cv2 = opencv()

_SPACING = 1.6  # of the points of a line, in standard deviations
_UNEQUAL = (0.6, 1.6)  # how much thinner or broader than that of its band a word's pen may be


@dataclass(frozen=True, slots=True)
class WordsToInk:
    """Words to draw, each any number of times.

    Attributes:
        strokes: of all words, one after the other.
        ends: where in them each word ends, int [words].
        which: the word that each copy is of, int [copies].
        cell: the crop that each copy is drawn in, int [copies].
        affine: takes its strokes to pixels of the crop, float [6, copies]; see `htrdata.drawing.handwriting.draw`.
    """

    strokes: Strokes
    ends: Indices
    which: Indices
    cell: Indices
    affine: Values

    def points(self, values: Values) -> tuple[Indices, Numbers]:
        """Spreads values of each copy over its points.

        Args:
            values: float [n, copies].

        Returns:
            The points of the strokes that each copy has, one after the other, int [points]; the values, float32
            [n, points].
        """
        counts = np.diff(self.ends, prepend=0)
        sizes = counts[self.which]
        begins = (self.ends - counts)[self.which] - (np.cumsum(sizes) - sizes)
        point = np.repeat(begins, sizes) + np.arange(int(sizes.sum()))
        return point, np.repeat(values.astype(np.float32), sizes, axis=1)


def cover(copies: WordsToInk, bands: Sequence[Band], pens: Values) -> list[Canvas]:
    """Draws copies of words into the cells of their crops; what falls outside of a cell is cut off.

    Args:
        copies: what to draw.
        bands: the cells of all crops.
        pens: width of a line at pressure 1 in each crop, in pixels.

    Returns:
        For each band how much of each pixel is covered, uint8 from 0 to 255.
    """
    sigmas = [statistics.median(pens[band.words].tolist()) / FULL_WIDTH for band in bands]
    tops = np.cumsum([0, *(band.shape[0] for band in bands)]).tolist()
    cells = np.empty((5, len(pens)))
    for band, top, sigma in zip(bands, tops[:-1], sigmas, strict=True):
        cells[:2, band.words] = band.left, band.left + band.widths
        cells[2:, band.words] = np.array([[top], [top + band.shape[0]], [sigma]])
    density = _density(copies, cells, pens / FULL_WIDTH, bands[0].pad, (tops[-1], max(b.shape[1] for b in bands)))
    return [
        _covered(density[top : top + band.shape[0], : band.shape[1]], sigma)
        for band, top, sigma in zip(bands, tops[:-1], sigmas, strict=True)
    ]


def _density(copies: WordsToInk, cells: Values, sigmas: Values, pad: int, shape: tuple[int, int]) -> Numbers:
    """The density of lines before it is spread, over bands that lie one below the other.

    Args:
        copies: what to draw.
        cells: left, right, upper and lower end of the cell of each word, and the standard deviation of the Gaussian by
            which its band will be spread, [5, words].
        sigmas: that of each word's own pen, [words].
        pad: from the cell's edge to the crop.
        shape: rows and columns of all bands.

    Returns:
        float32 of that shape.
    """
    left, right, upper, lower, shared = cells
    # At pressure p a line's edge is where p·exp(-r²/2σ²) is a half; a broader pen has the σ of its own.
    share = np.square((sigmas / shared).clip(*_UNEQUAL))
    per_pixel, full = 1 / np.maximum(0.5, _SPACING * shared), 0.5 * math.sqrt(2 * math.pi) * shared
    affine = copies.affine.copy()
    affine[2] += (left + pad)[copies.cell]
    affine[5] += (upper + pad)[copies.cell]
    of_cell = np.stack([left + 1, right - 2, upper + 1, lower - 2, share, per_pixel, full])[:, copies.cell]
    point, values = copies.points(np.concatenate([affine, of_cell]))
    a, b, c, d, e, f, low_x, high_x, low_y, high_y, share, per_pixel, full = values
    x, y = copies.strokes.x[point], copies.strokes.y[point]
    x, y = a * x + b * y + c, d * x + e * y + f
    outside = (x < low_x) | (x > high_x) | (y < low_y) | (y > high_y)
    lifted = copies.strokes.starts[point[1:]] | outside[1:] | outside[:-1]
    full *= exp2(log2(2 * copies.strokes.pressure)[point] * share)
    return splat(*line_points(x, y, full[1:], lifted, per_pixel[1:]), shape)


def _covered(field: Numbers, sigma: float) -> Canvas:
    """What lines cover, uint8 from 0 to 255: their spread density cut at its half, with soft edges."""
    density = spread(field, sigma)
    steep = max(1.7 * sigma / EDGE, 1.0)
    none = round(0.5 * FULL * (1 - 1 / steep))
    above = cv2.subtract(density, float(none))  # 0 where there is less
    return np.asarray(cv2.convertScaleAbs(above, alpha=255 * steep / FULL), np.uint8)
