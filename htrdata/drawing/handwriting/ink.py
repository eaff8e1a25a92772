"""Ink on a canvas: where a word's strokes go, and the mark that they leave."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htrdata.drawing.handwriting.glyphs import Flags, Numbers
from htrdata.drawing.handwriting.strokes import Strokes
from htrdata.images.exact_sampling import turn
from htrdata.images.opencv import opencv
from htrdata.records import Box

cv2 = opencv()

Canvas = NDArray[np.uint8]
Densities = NDArray[np.uint16]
Affine = tuple[float, float, float, float, float, float]

_STRETCH = 2.2  # a word is made at most this many times as wide, or as high, as it was written
_DOT = 0.12  # x-heights; what is thinner is not stretched any more than what is as thin as this
FULL = 1024
"""The density that counts as 1 in `Densities`."""

EDGE = 1.2  # pixels over which a line goes from full ink to none
FULL_WIDTH = math.sqrt(8 * math.log(2))  # full width of a Gaussian at half its height, in standard deviations
_WIDEST = 400.0  # pixels; no pen is wider
_COARSE = 2.0  # standard deviation, in pixels, down to which a line is drawn on a smaller field and then enlarged


def fit(strokes: Strokes, box: Box, pen: float) -> tuple[Affine, float]:
    """Finds the map that fills a turned box with a word, ink and all.

    The word is stretched to the box's proportions, but not beyond recognition: then it stands in the middle.

    Args:
        strokes: the word, in x-heights.
        box: where it goes, in pixels; a box of any size and angle.
        pen: width of the line, in x-heights.

    Returns:
        The map (a, b, c, d, e, f), which takes a point of the strokes to x = a·x + b·y + c and y = d·x + e·y + f in
        pixels as in `htrdata.records`; and the pen's width in pixels.
    """
    left, upper, right, lower = strokes.bounds
    width, height = max(right - left, _DOT), max(lower - upper, _DOT)
    thin = min(box.w, box.h)
    size = math.sqrt(math.prod(_scales(box.w / width, box.h / height)))
    width_of_pen = min(max(pen * size, 1.2), max(0.3 * thin, 0.6), _WIDEST)
    margin = min(0.8 * width_of_pen + 1.0, 0.35 * thin)
    across, down = _scales((box.w - 2 * margin) / width, (box.h - 2 * margin) / height)
    cos, sin = turn(box.angle)
    a, b, d, e = cos * across, sin * down, -sin * across, cos * down
    x, y = (left + right) / 2, (upper + lower) / 2
    return (a, b, box.xc - a * x - b * y, d, e, box.yc - d * x - e * y), width_of_pen


def _scales(across: float, down: float) -> tuple[float, float]:
    """The scales that fill a box, the larger one lessened where the word would be stretched too much."""
    return min(across, _STRETCH * down), min(down, _STRETCH * across)


def draw(canvas: Canvas, strokes: Strokes, affine: Affine, pen: float, tone: int) -> None:
    """Draws strokes on a canvas, in place. Ink darkens what is there; what falls outside the canvas is cut off.

    The lines' density is spread by a Gaussian of the pen's size and then cut at half its height, as ink spreads: lines
    keep their width at any angle, swell where they cross or turn back, and follow the pressure without steps.

    Args:
        canvas: grey levels, uint8 [H, W].
        strokes: what to draw.
        affine: takes points of the strokes to pixels of the canvas, as `fit` gives it.
        pen: width of a line at pressure 1, in pixels.
        tone: what the ink leaves of the canvas's light, from 0 (black) to 255 (all).
    """
    if not len(strokes.x):
        return
    a, b, c, d, e, f = affine
    x = _floats(a * strokes.x + b * strokes.y + c)
    y = _floats(d * strokes.x + e * strokes.y + f)
    sigma = pen / FULL_WIDTH
    factor = max(1, int(sigma / _COARSE))
    reach = math.ceil(1.5 * pen + 2)
    x0, x1 = _span(x, reach, canvas.shape[1], factor)
    y0, y1 = _span(y, reach, canvas.shape[0], factor)
    target = canvas[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
    if not target.size:
        return
    shape = ((y1 - y0) // factor, (x1 - x0) // factor)
    density = _density(_floats((x - x0) / factor), _floats((y - y0) / factor), strokes, shape, sigma / factor)
    if factor > 1:
        density = _densities(cv2.resize(density, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR_EXACT))
    density = density[max(-y0, 0) :, max(-x0, 0) :][: target.shape[0], : target.shape[1]]
    cv2.multiply(target, _light(density, sigma, tone), dst=target, scale=1 / 255)


def _span(places: Numbers, reach: int, size: int, factor: int) -> tuple[int, int]:
    """The pixels along one axis from which ink can reach into the canvas; how many is a multiple of the factor."""
    low = max(math.floor(float(places.min())) - reach, -reach)
    high = min(math.ceil(float(places.max())) + reach, size + reach)
    return low, low + -(-max(high - low, 0) // factor) * factor


def _density(x: Numbers, y: Numbers, strokes: Strokes, shape: tuple[int, int], sigma: float) -> Densities:
    """The spread density of lines, of that shape: `FULL` in the middle of a long line at pressure 1."""
    per_pixel, full = 1 / max(0.5, 1.25 * sigma), sigma * math.sqrt(2 * math.pi)
    points = line_points(x, y, strokes.pressure[1:], strokes.starts[1:], per_pixel)
    return spread(splat(points[0], points[1], points[2] * full, shape), sigma)


def line_points(
    x: Numbers, y: Numbers, weight: Numbers, lifted: Flags, per_pixel: Numbers | float
) -> tuple[Numbers, Numbers, Numbers]:
    """Turns lines into points near to each other, whose weights add up to the lines' density.

    Args:
        x: of the points that lines go through, in pixels from the left edge of the leftmost one, [n].
        y: of the points, in pixels from the upper edge of the uppermost one, [n].
        weight: of a pixel of each line, [n - 1].
        lifted: the lines that are not drawn, [n - 1].
        per_pixel: how many points come on a pixel of a line, of each or of all.

    Returns:
        Columns, rows and weights of the points, in pixels from the middle of the upper left one.
    """
    dx, dy = x[1:] - x[:-1], y[1:] - y[:-1]
    length = np.sqrt(dx * dx + dy * dy)
    length[lifted] = 0
    parts = np.ceil(length * per_pixel)
    share = 1 / np.maximum(parts, 1)
    counts = parts.astype(np.intp)
    first = np.cumsum(counts) - counts
    columns = np.stack([x[:-1] - 0.5, y[:-1] - 0.5, dx, dy, share, weight * length * share])
    each = columns.take(np.repeat(np.arange(len(counts)), counts), axis=1)
    nth = np.arange(each.shape[1], dtype=np.float32) - np.repeat(first.astype(np.float32), counts)
    along = (nth + 0.5) * each[4]
    return each[0] + each[2] * along, each[1] + each[3] * along, each[5]


def spread(field: Numbers, sigma: float) -> Densities:
    """Spreads the density of points by a Gaussian of that standard deviation, less what `splat` has spread it.

    OpenCV spreads whole numbers by whole numbers, the same on every processor; its sums of float32 are not.

    Args:
        field: density, float32.
        sigma: in pixels.

    Returns:
        uint16 of the same shape, `FULL` for a density of 1; 64 is the most.
    """
    rest = math.sqrt(max(sigma * sigma - 1 / 6, 0.1))
    side = 2 * math.ceil(2.5 * rest) + 1
    scaled = field * np.float32(FULL)
    scaled += np.float32(0.5)
    cv2.threshold(scaled, 65535, 0, cv2.THRESH_TRUNC, dst=scaled)
    whole = scaled.astype(np.uint16)
    return _densities(cv2.GaussianBlur(whole, (side, side), rest, borderType=cv2.BORDER_CONSTANT))


def _floats(values: NDArray[Any]) -> Numbers:
    """The same array: it holds float32 already, which the annotations of OpenCV and NumPy do not say."""
    return np.asarray(values, np.float32)


def _densities(values: NDArray[Any]) -> Densities:
    """The same array: it holds uint16 already, which the annotations of OpenCV do not say."""
    return np.asarray(values, np.uint16)


def splat(x: Numbers, y: Numbers, weight: Numbers, shape: tuple[int, int]) -> Numbers:
    """Shares weights out to the four pixels around each place; what is not wholly inside is left out.

    Args:
        x: columns from the middle of the leftmost pixels, [n].
        y: rows from the middle of the uppermost pixels, [n].
        weight: what is shared out, [n].
        shape: rows and columns.

    Returns:
        float32 of that shape.
    """
    height, width = shape
    column, row = np.floor(x), np.floor(y)
    inside = (column >= 0) & (row >= 0) & (column < width - 1) & (row < height - 1)
    if not inside.all():
        x, y, column, row, weight = x[inside], y[inside], column[inside], row[inside], weight[inside]
    first = row.astype(np.intp) * width + column.astype(np.intp)
    fx, fy = x - column, y - row
    low = weight * fy
    high = weight - low
    places = np.concatenate([first, first + 1, first + width, first + (width + 1)])
    right_of_high, right_of_low = high * fx, low * fx
    shares = np.concatenate([high - right_of_high, right_of_high, low - right_of_low, right_of_low])
    return np.bincount(places, shares, height * width).astype(np.float32).reshape(shape)


def _light(density: Densities, sigma: float, tone: int) -> Canvas:
    """What the ink leaves of the light, uint8, 255 where there is none: cut at half the density, with soft edges."""
    strength = (255 - tone) * max(1.7 * sigma / EDGE, 1.0)
    light = density * np.float32(-strength / FULL)
    light += tone + (255 - tone) / 2 + strength / 2
    return np.clip(light, tone, 255, out=light).astype(np.uint8)
