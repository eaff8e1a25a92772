"""Turning, sampling and averaging pixels with the same result on every processor.

OpenCV and NumPy choose among kernels by what the processor offers, and libraries of functions by the system; their
sums and sines differ in the last bit, and so some pixels by a few grey levels. What is here leaves no bit open: numbers
of floating point meet only operations that IEEE 754 defines to the last bit (sums, products and quotients one by one),
or are so short that all that comes of them is exact in whatever order; the rest is arithmetic of whole numbers.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from htrdata.images.codec import opencv

cv2 = opencv()

Affine = tuple[float, float, float, float, float, float]
"""A map (a, b, c, d, e, f): x = a·column + b·row + c, and y = d·column + e·row + f."""

MAX_SIDE = 32_700
"""The longest side in pixels that `warp` takes and gives: OpenCV maps neither from nor to sides of 32,768 and more."""

# Adding and subtracting it rounds a float32 to a multiple of 1/32. Bilinear weights are then multiples of 1/1024, and
# their products with grey levels have 18 bits of the 24 that a float32 holds: they and their sums are exact.
_ROUNDS_TO_32NDS = np.float32(1.5 * 2**18)

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


def warp(pixels: np.ndarray, to_source: Affine, columns: int, rows: int) -> np.ndarray:
    """Samples an image bilinearly at the places that an affine map gives, each rounded to 1/32 of a pixel.

    Args:
        pixels: uint8 [H, W] or [H, W, 3]; sides up to `MAX_SIDE` and a few pixels. Beyond its edges the outermost
            pixels are repeated.
        to_source: takes column and row of the result to column and row of the image; pixels lie at whole numbers.
        columns: of the result, at most `MAX_SIDE`.
        rows: of the result, at most `MAX_SIDE`.

    Returns:
        uint8 [rows, columns] or [rows, columns, 3].
    """
    a, b, c, d, e, f = to_source
    across, down = np.arange(columns, dtype=np.float64), np.arange(rows, dtype=np.float64)
    x_across, x_down = (a * across + c).astype(np.float32), (b * down).astype(np.float32)
    y_across, y_down = (d * across + f).astype(np.float32), (e * down).astype(np.float32)
    sampled = np.empty((rows, columns, *pixels.shape[2:]), np.uint8)
    height = max(1, _STRIPE // columns)
    for top in range(0, rows, height):
        part = slice(top, top + height)
        x, y = _places(x_across, x_down[part]), _places(y_across, y_down[part])
        cv2.remap(pixels, x, y, cv2.INTER_LINEAR, dst=sampled[part], borderMode=cv2.BORDER_REPLICATE)
    return sampled


def _places(across: NDArray[np.float32], down: NDArray[np.float32]) -> NDArray[np.float32]:
    """All sums of a column's and a row's part of a place, float32 [rows, columns], multiples of 1/32."""
    places: NDArray[np.float32] = np.add.outer(down, across)
    places += _ROUNDS_TO_32NDS
    places -= _ROUNDS_TO_32NDS
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
    shrunk = np.empty((rows, columns, *pixels.shape[2:]), np.uint8)
    step = max(1, _BAND * rows // (height * width))
    for top in range(0, rows, step):
        bottom = min(top + step, rows)
        whole, units = np.divmod(np.arange(top, bottom + 1) * height, rows)
        first, last = int(whole[0]), min(int(whole[-1]) + 1, height)
        sums = _sums(pixels[first:last], few=height * width <= _MOST_IN_32_BITS)
        areas = _between(sums, whole - first, units, rows, axis=0)
        areas = _between(areas, *np.divmod(np.arange(columns + 1) * width, columns), columns, axis=1)
        areas += areas.dtype.type(height * width // 2)
        areas //= areas.dtype.type(height * width)
        shrunk[top:bottom] = areas
    return shrunk


def _sums(pixels: np.ndarray, *, few: bool) -> np.ndarray:
    """Sums from the upper left corner, [H + 1, W + 1] or [H + 1, W + 1, 3].

    They are uint64, or uint32 where the whole image is of so `few` pixels that sums may overflow: the differences that
    are taken of them come out right modulo 2**32.
    """
    small = pixels.shape[0] * pixels.shape[1] <= _MOST_IN_32_BITS
    sums: np.ndarray = cv2.integral(pixels, sdepth=cv2.CV_32S if small else cv2.CV_64F)
    unsigned = sums.view(np.uint32) if small else sums
    return unsigned if few else unsigned.astype(np.uint64)


def _between(sums: np.ndarray, whole: np.ndarray, units: np.ndarray, per_pixel: int, axis: int) -> np.ndarray:
    """What lies between neighbouring borders, along one axis.

    Args:
        sums: from the edge up to each pixel.
        whole: pixels up to each border.
        units: and units of a pixel beyond these.
        per_pixel: units of a pixel.
        axis: 0 or 1.
    """
    shape = [-1 if i == axis else 1 for i in range(sums.ndim)]
    beyond = units.astype(sums.dtype).reshape(shape)
    upto = sums.take(whole, axis)
    upto *= sums.dtype.type(per_pixel) - beyond
    upto += sums.take(np.minimum(whole + 1, sums.shape[axis] - 1), axis) * beyond
    return upto[1:] - upto[:-1] if axis == 0 else upto[:, 1:] - upto[:, :-1]
