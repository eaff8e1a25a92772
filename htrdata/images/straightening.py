"""Making the baseline of a curved line straight, so that its letters stand level.

The columns of a crop move up and down; their widths stay. The same on every processor, as all crops are: see
`htrdata.images.exact_sampling`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from htrdata.images.masking import on_crop
from htrdata.records import Box, Outline

_STEPS = 128  # places that a pixel is divided into: columns move by multiples of 1/128


def straighten(cut: np.ndarray, box: Box, baseline: Outline, outline: Outline | None = None) -> np.ndarray:
    """Moves each column so that the baseline is level, where it stands in the mean.

    Points of the baseline that do not lead on are passed over; beyond its ends it is taken to run on
    level.

    Args:
        cut: uint8 [h, w] or [h, w, 3], what `htrdata.images.cropping.crop` cuts out for the box, at the page's scale.
        box: that of the crop.
        baseline: its points on the page, in either direction; at least one.
        outline: the polygon on the page; rows that it does not reach any more are cut off.

    Returns:
        uint8 [h', w] or [h', w, 3], h' <= h; the crop itself where the baseline has less than two such points.
    """
    rows, columns = cut.shape[:2]
    points = on_crop(baseline, box, rows, columns)
    points = points if points[0, 0] <= points[-1, 0] else points[::-1]
    points = points[np.concatenate([[True], points[1:, 0] > np.maximum.accumulate(points[:, 0])[:-1]])]
    if len(points) < 2:
        return cut
    heights = _heights(points, np.arange(columns, dtype=np.float64) + 0.5)
    level = np.rint(heights.mean() * _STEPS) / _STEPS
    moves = np.rint((heights - level) * _STEPS).astype(np.int64)  # what comes from below is positive
    moved = _moved(cut, moves)
    if outline is None:
        return moved
    polygon = on_crop(outline, box, rows, columns)
    polygon[:, 1] -= _heights(points, polygon[:, 0]) - level
    top = min(max(int(np.floor(polygon[:, 1].min())), 0), rows - 1)
    bottom = max(min(int(np.ceil(polygon[:, 1].max())), rows), top + 1)
    return np.ascontiguousarray(moved[top:bottom])


def _heights(points: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """The y of a line through points at each x, operation by operation, since libraries may join two into one."""
    after = np.clip(np.searchsorted(points[:, 0], at), 1, len(points) - 1)
    (x0, y0), (x1, y1) = points[after - 1].T, points[after].T
    share = np.clip((at - x0) / (x1 - x0), 0.0, 1.0)
    found: NDArray[np.float64] = y0 + (y1 - y0) * share
    return found


def _moved(cut: np.ndarray, moves: NDArray[np.int64]) -> np.ndarray:
    """Each column moved up by its number of steps, by weights that are whole numbers; the edge rows run on."""
    whole, part = np.divmod(moves, _STEPS)
    row = np.arange(len(cut))[:, None] + whole
    column = np.arange(cut.shape[1])
    upper = cut[np.clip(row, 0, len(cut) - 1), column].astype(np.uint32)
    lower = cut[np.clip(row + 1, 0, len(cut) - 1), column].astype(np.uint32)
    weight = part.astype(np.uint32).reshape(-1, *(1,) * (cut.ndim - 2))
    moved: np.ndarray = (upper * (_STEPS - weight) + lower * weight + _STEPS // 2) // _STEPS
    return moved.astype(np.uint8)
