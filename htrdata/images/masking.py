"""Painting over what of a crop is not the word's: strokes of its neighbours that reach into its box.

The same on every processor, as all crops are: see `htrdata.images.exact_sampling`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from htrdata.images.exact_sampling import turn
from htrdata.records import Box, Outline


def blank_outside(cut: np.ndarray, box: Box, outline: Outline) -> np.ndarray:
    """Paints paper over what lies outside of a polygon.

    The paper has the median colour of what lies within, of which ink covers less than half.

    Args:
        cut: uint8 [h, w] or [h, w, 3], what `htrdata.images.cropping.crop` cuts out for the box, at the page's scale.
        box: that of the crop.
        outline: the polygon on the page.

    Returns:
        uint8 of the same shape; the crop itself where all of it, or nothing, lies within the polygon.
    """
    rows, columns = cut.shape[:2]
    kept = _within(on_crop(outline, box, rows, columns), rows, columns)
    if kept.all() or not kept.any():
        return cut
    blanked = cut.copy()
    blanked[~kept] = np.median(cut[kept], axis=0).astype(np.uint8)
    return blanked


def on_crop(outline: Outline, box: Box, rows: int, columns: int) -> NDArray[np.float64]:
    """The points of a polygon or a line on the page, float64 [N, 2], from the upper left corner of a box's crop."""
    cosine, sine = turn(box.angle)
    x, y = (np.array(outline.points, np.float64) - (box.xc, box.yc)).T
    return np.stack([x * cosine - y * sine + columns / 2, x * sine + y * cosine + rows / 2], 1)


def _within(polygon: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.bool_]:
    """The pixels, [rows, columns], whose centres a polygon winds around; where it crosses itself too.

    Each edge that crosses the middle of a row adds or takes one, by its direction, to what is right of the crossing.
    """
    ends = np.roll(polygon, -1, axis=0)
    low, high = np.minimum(polygon[:, 1], ends[:, 1]), np.maximum(polygon[:, 1], ends[:, 1])
    middles = np.arange(rows) + 0.5
    edge, row = np.nonzero((low[:, None] <= middles) & (middles < high[:, None]))
    (x0, y0), (x1, y1) = polygon[edge].T, ends[edge].T
    crossing = x0 + (middles[row] - y0) * (x1 - x0) / (y1 - y0)
    column = np.clip(np.ceil(crossing - 0.5), 0, columns).astype(np.intp)
    winding = np.zeros((rows, columns + 1), np.int32)
    np.add.at(winding, (row, column), np.where(y1 > y0, 1, -1))
    inside: NDArray[np.bool_] = winding.cumsum(1)[:, :columns] != 0
    return inside
