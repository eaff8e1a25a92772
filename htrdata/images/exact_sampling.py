"""Turning, sampling and averaging pixels with the same result on every processor.

OpenCV and NumPy choose among kernels by what the processor offers, and libraries of functions by the system; their
sums and sines differ in the last bit, and so some pixels by a few grey levels. What is here leaves no bit open: numbers
of floating point meet only operations that IEEE 754 defines to the last bit (sums, products and quotients one by one),
or are so short that all that comes of them is exact in whatever order; the rest is arithmetic of whole numbers.
"""

from __future__ import annotations

import functools
import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from htrdata.images.opencv import opencv

cv2 = opencv()

Affine = tuple[float, float, float, float, float, float]
"""A map (a, b, c, d, e, f): x = a·column + b·row + c, and y = d·column + e·row + f."""

Indices = NDArray[np.intp]
Floats = TypeVar("Floats", NDArray[np.float32], NDArray[np.float64])

MAX_SIDE = 32_700
"""The longest side in pixels that `warp` takes and gives: OpenCV maps neither from nor to sides of 32,768 and more."""

# Places are multiples of 1/128, bilinear weights of 1/16,384: their products with grey levels have 22 bits of the 24
# that a float32 holds, so that these and their sums are exact.
_GRID = 128.0

_STRIPE = 1 << 16  # pixels that are mapped at a time: their places take 0.5 MB
_BAND = 1 << 22  # pixels that are summed up at a time, about: the sums take 16 MB
_MOST_IN_32_BITS = 1 << 24  # pixels of 255 whose sum, with half of their number for rounding, is below 2**32

_DEGREE = math.pi / 180
_SINE = tuple((-1.0) ** k / math.factorial(2 * k + 1) for k in range(8, -1, -1))
_COSINE = tuple((-1.0) ** k / math.factorial(2 * k) for k in range(9, -1, -1))


def turn(degrees: float) -> tuple[float, float]:
    """Cosine and sine of an angle, to about 15 digits; those of quarter turns are whole numbers.

    The functions of the C library are not used, since their last bit depends on the library and the processor.

    Args:
        degrees: any finite number.
    """
    whole = math.fmod(degrees, 360)
    quarters = round(whole / 90)
    angle = (whole - 90 * quarters) * _DEGREE  # within an eighth of a turn, where Taylor's series are short
    square = angle * angle
    sine, cosine = angle * _series(_SINE, square), _series(_COSINE, square)
    return ((cosine, sine), (-sine, cosine), (-cosine, -sine), (sine, -cosine))[quarters % 4]


def _series(coefficients: tuple[float, ...], x: float) -> float:
    """A polynomial, by Horner's rule; the coefficient of the highest power comes first."""
    total = 0.0
    for coefficient in coefficients:
        total = total * x + coefficient
    return total


def warp(pixels: np.ndarray, to_source: Affine, columns: int, rows: int, onto: np.ndarray | None = None) -> np.ndarray:
    """Samples an image bilinearly at the places that an affine map gives, rounded to 1/128 of a pixel or less.

    OpenCV 4 rounds them to 1/32.

    Args:
        pixels: uint8 [H, W] or [H, W, 3]; sides up to `MAX_SIDE` and a few pixels.
        to_source: takes column and row of the result to column and row of the image; pixels lie at whole numbers.
        columns: of the result, at most `MAX_SIDE`.
        rows: of the result, at most `MAX_SIDE`.
        onto: uint8 of the result's shape, which is changed in place; what lies beyond the image stays as it is. Without
            it, the image's outermost pixels are repeated beyond its edges.

    Returns:
        uint8 [rows, columns] or [rows, columns, 3].
    """
    a, b, c, d, e, f = to_source
    x_across, y_across = _even((a, d), columns, (c, f))
    x_down, y_down = _even((b, e), rows, (0.0, 0.0))
    sampled = np.empty((rows, columns, *pixels.shape[2:]), np.uint8) if onto is None else onto
    beyond = cv2.BORDER_REPLICATE if onto is None else cv2.BORDER_TRANSPARENT
    height = max(1, _STRIPE // columns)
    for top in range(0, rows, height):
        part = slice(top, top + height)
        x, y = np.add.outer(x_down[part], x_across), np.add.outer(y_down[part], y_across)
        cv2.remap(pixels, x, y, cv2.INTER_LINEAR, dst=sampled[part], borderMode=beyond)
    return sampled


def _even(step: tuple[float, float], count: int, begin: tuple[float, float]) -> NDArray[np.float32]:
    """Evenly spaced points, float32 [2, count], rounded to the grid; sums of such are on it, too."""
    points = np.multiply.outer(step, np.arange(count, dtype=np.float64))
    points += np.array(begin)[:, None]
    return on_grid(points).astype(np.float32)


def on_grid(places: Floats) -> Floats:
    """Rounds places, in place, to the grid on which OpenCV's bilinear interpolation by float32 is exact."""
    places *= _GRID
    np.rint(places, out=places)
    places *= 1 / _GRID
    return places


def shrink(pixels: np.ndarray, columns: int, rows: int) -> np.ndarray:
    """Averages an image over equal areas, one for each pixel of the result; halves are rounded up.

    Sums over areas are differences of sums from the upper left corner, of which only those at the areas' corners are
    looked at (Crow, "Summed-area tables for texture mapping", 1984). A side that is cut in n has pixels of n units, so
    that a pixel across the border of two areas counts by whole numbers in both.

    Args:
        pixels: uint8 [H, W] or [H, W, 3].
        columns: of the result, 1 to W.
        rows: of the result, 1 to H.

    Returns:
        uint8 [rows, columns] or [rows, columns, 3].
    """
    height, width = pixels.shape[:2]
    few = height * width <= _MOST_IN_32_BITS
    number = np.uint32 if few else np.uint64
    shrunk = np.empty((rows, columns, *pixels.shape[2:]), np.uint8)
    step = max(1, _BAND * rows // (height * width))
    whole, units = _borders(height, rows)
    for top in range(0, rows, step):
        part = slice(top, min(top + step, rows) + 1)
        first, last = int(whole[part][0]), int(whole[part][-1])
        # Sums that overflow 32 bits do no harm: their differences come out right modulo 2**32.
        sums = cv2.integral(pixels[first : last + 1], sdepth=cv2.CV_32S if few else cv2.CV_64F)
        sums = sums.view(number) if few else sums.astype(number)
        upto = _upto(sums, whole[part] - first, units[part], rows, axis=0)
        upto = _upto(upto, *_borders(width, columns), columns, axis=1)
        strips = upto[1:] - upto[:-1]
        averages = strips[:, 1:] - strips[:, :-1]
        averages += number(height * width // 2)
        averages //= number(height * width)
        shrunk[part.start : part.stop - 1] = averages
    return shrunk


@functools.lru_cache(4096)
def _borders(size: int, parts: int) -> tuple[Indices, NDArray[np.uint32]]:
    """Where a side is cut into equal parts, in whole pixels and `parts` units of one, [parts + 1] each."""
    whole, units = np.divmod(np.arange(parts + 1) * size, parts)
    return whole, units.astype(np.uint32)


def _upto(sums: np.ndarray, whole: Indices, units: NDArray[np.uint32], per_pixel: int, axis: int) -> np.ndarray:
    """What lies between an image's edge and borders within it, along one axis, times `per_pixel`.

    Args:
        sums: up to each pixel, uint32 or uint64.
        whole: pixels up to each border.
        units: and units of a pixel beyond these.
        per_pixel: units of a pixel.
        axis: 0 or 1.
    """
    beyond = units.astype(sums.dtype, copy=False).reshape((-1,) + (1,) * (sums.ndim - 1 - axis))
    upto: np.ndarray = sums.take(whole, axis)
    following = sums.take(whole + 1, axis, mode="clip")
    upto *= per_pixel - beyond
    following *= beyond
    upto += following
    return upto
