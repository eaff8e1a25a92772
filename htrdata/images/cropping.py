"""Cutting a turned word out of its page as a level crop.

One affine warp takes the crop's pixels straight from the page; the page itself is never turned. Coordinates are
continuous, as `htrdata.records` defines them, so the centre of pixel i is at i + 0.5.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from htrdata.images.exact_sampling import MAX_SIDE, Affine, shrink, turn, warp
from htrdata.records import Box, Reason

MAX_DIAGONAL = MAX_SIDE
"""The longest diagonal of a box in pixels."""

MOST_OF_PAGE = 2
"""A box has at most so many times the area of its page, and so many times its diagonal. One that reaches over the edges
of a small page on all sides has a little more than the page; a crop costs time and memory by its area."""

_MARGIN = 2  # pixels: bilinear interpolation looks at the next one, and places are rounded


def box_fault(box: Box) -> Reason | None:
    """Says why a box cannot be cut from any page.

    Returns:
        INVALID_BOX where a value is not finite or the diagonal is over `MAX_DIAGONAL`, EMPTY_BOX where the box has no
        area, None for a sound box.
    """
    if not all(map(math.isfinite, (box.xc, box.yc, box.w, box.h, box.angle))):
        return Reason.INVALID_BOX
    if box.w <= 0 or box.h <= 0 or box.w * box.h == 0:
        return Reason.EMPTY_BOX
    return Reason.INVALID_BOX if math.hypot(box.w, box.h) > MAX_DIAGONAL else None


def is_too_large(box: Box, page_width: int, page_height: int) -> bool:
    """Says whether a box is larger than any word of its page can be, see `MOST_OF_PAGE`.

    Args:
        box: a box that `box_fault` finds sound.
        page_width: width of the page in pixels.
        page_height: height of the page in pixels.
    """
    diagonals = math.hypot(box.w, box.h), math.hypot(page_width, page_height)
    return box.w * box.h > MOST_OF_PAGE * page_width * page_height or diagonals[0] > MOST_OF_PAGE * diagonals[1]


def crop(page: np.ndarray, box: Box, height: int = 0) -> np.ndarray:
    """Cuts a box out of a page and levels it, so that its line of writing runs to the right.

    The crop has the page's scale and the box's centre; its size is the box's, rounded to whole pixels. Pixels are
    interpolated bilinearly, and the page's outermost pixels are repeated beyond its edges. An unturned box on whole
    pixels gives exactly the page's pixels.

    Args:
        page: uint8 [H, W] or [H, W, 3].
        box: where the word stands; may reach over the page's edges.
        height: rows of the result where the crop has more of them, see `reduce_height`; 0 for any number.

    Returns:
        uint8 [h, w] or [h, w, 3], at least one pixel high and wide.

    Raises:
        ValueError: `box_fault` rules the box out, or it lies wholly beyond the page.
    """
    fault = box_fault(box)
    if fault is not None:
        raise ValueError(f"{fault.value}: {box} cannot be cut from a page")
    columns, rows = max(1, round(box.w)), max(1, round(box.h))
    to_page = _crop_to_page(box, columns, rows)
    # Only this window of the page is shown to OpenCV, which could not address the whole of a large one.
    (left, right), (top, bottom) = (_reach(*part, columns, rows) for part in (to_page[:3], to_page[3:]))
    window = page[top : max(bottom, 0), left : max(right, 0)]
    if not window.size:
        raise ValueError(f"{box} lies beyond the page of {page.shape[1]} x {page.shape[0]} pixels")
    a, b, c, d, e, f = to_page
    return reduce_height(warp(window, (a, b, c - left, d, e, f - top), columns, rows), height)


def reduce_height(pixels: np.ndarray, height: int) -> np.ndarray:
    """Reduces an image that is higher than a height to it, by averaging areas, its width in proportion.

    Args:
        pixels: uint8 [H, W] or [H, W, 3].
        height: rows of the result where the image has more; 0 leaves every image as it is.

    Returns:
        uint8 [h, w] or [h, w, 3], at least one pixel wide; the image itself where it is not higher.
    """
    rows, columns = pixels.shape[:2]
    if not 0 < height < rows:
        return pixels
    return shrink(pixels, max(1, round(columns * height / rows)), height)


def outside_fraction(box: Box, page_width: int, page_height: int) -> float:
    """Computes how much of a box lies beyond its page.

    Args:
        box: a box that `box_fault` finds sound.
        page_width: width of the page in pixels.
        page_height: height of the page in pixels.

    Returns:
        The fraction of the box's area, from 0.0 (all corners on the page) to 1.0 (wholly beyond it).
    """
    cosine, sine = turn(box.angle)
    across, down = box.w / 2, box.h / 2
    polygon = [
        (box.xc + u * cosine + v * sine, box.yc - u * sine + v * cosine)
        for u, v in ((-across, -down), (across, -down), (across, down), (-across, down))
    ]
    if all(0 <= x <= page_width and 0 <= y <= page_height for x, y in polygon):
        return 0.0
    # Sutherland and Hodgman (1974): keep what lies on the inner side of each edge of the page in turn.
    for axis, edge, sign in ((0, 0, 1), (0, page_width, -1), (1, 0, 1), (1, page_height, -1)):
        polygon = _clipped(polygon, axis, edge, sign)
    return min(max(1.0 - _area(polygon) / (box.w * box.h), 0.0), 1.0)


def _crop_to_page(box: Box, columns: int, rows: int) -> Affine:
    """The map from a crop's pixel indices to the page's."""
    cosine, sine = turn(box.angle)
    u, v = 0.5 - columns / 2, 0.5 - rows / 2  # the centre of the crop's first pixel, seen from the box's centre
    x, y = box.xc - 0.5 + u * cosine + v * sine, box.yc - 0.5 - u * sine + v * cosine
    return cosine, sine, x, -sine, cosine, y


def _reach(per_column: float, per_row: float, first: float, columns: int, rows: int) -> tuple[int, int]:
    """The page's columns, or rows, that a crop reaches: from the first on to the last + 1; page[first:last + 1]."""
    ends = (0.0, per_column * (columns - 1)), (0.0, per_row * (rows - 1))
    low, high = (first + sum(map(choose, ends)) for choose in (min, max))
    return max(math.floor(low) - _MARGIN, 0), math.ceil(high) + _MARGIN + 1


def _clipped(polygon: list[tuple[float, float]], axis: int, edge: float, sign: int) -> list[tuple[float, float]]:
    """The part of a polygon on which ``sign * (point[axis] - edge)`` is not negative."""
    kept = []
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        a, b = sign * ((ax, ay)[axis] - edge), sign * ((bx, by)[axis] - edge)
        if a >= 0:
            kept.append((ax, ay))
        if (a < 0) != (b < 0):
            part = a / (a - b)
            kept.append((ax + part * (bx - ax), ay + part * (by - ay)))
    return kept


def _area(polygon: list[tuple[float, float]]) -> float:
    """The area of a convex polygon, by the shoelace formula about its first corner."""
    twice = 0.0
    for (ax, ay), (bx, by) in itertools.pairwise(polygon):
        twice += (ax - polygon[0][0]) * (by - polygon[0][1]) - (bx - polygon[0][0]) * (ay - polygon[0][1])
    return abs(twice) / 2


def sizes_agree(told: tuple[int, int], found: tuple[int, int]) -> bool:
    """Whether an image can be the one that coordinates are for.

    Args:
        told: width and height in pixels that the coordinates are for.
        found: those of the image. One pixel more or less comes of programs that round.
    """
    return max(abs(one - other) for one, other in zip(told, found, strict=True)) <= 1
