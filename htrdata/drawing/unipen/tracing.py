"""From a tablet's points to even strokes: what the sampling of a device adds is taken out, the hand stays.

Tablets give between 66 and 200 points a second at 80 to 1,270 to the inch. Where points lie close together their grid
and noise show, and many of them say the same; where the pen was fast a stroke is a polygon.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]

_CLOSE = 0.12  # x-heights; points nearer to their neighbours than this are evened out, the nearer the more
_STEP = 0.05  # x-heights between the points that are kept
_CURVED = 0.1  # x-heights; longer lines are bent as their neighbours tell
_MOST = 8  # parts that a line is bent in
_DOT = 0.07  # x-heights; a stroke of less extent is a dot
_SPEED = (0.75, 1.25)  # limits of the ink that slow and fast strokes leave


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """Strokes of several words, one after the other, in x-heights; x grows to the right, y downwards.

    Attributes:
        x: float32 [n], from the left end of each word.
        y: float32 [n], from the line of writing.
        weight: float32 [n], the ink that the pen leaves by its speed and pressure; 1 is usual.
        dot: float32 [n]; -1 and 1 at the two points of a dot, which stand at one place, else 0.
        starts: bool [n], True where the pen was put down.
        ends: where each word ends, int [words].
    """

    x: Numbers
    y: Numbers
    weight: Numbers
    dot: Numbers
    starts: Flags
    ends: Indices


def trace(x: Numbers, y: Numbers, pressure: Numbers, starts: Flags, ends: Indices) -> Traces:
    """Makes even strokes of what a tablet gave.

    Args:
        x: places in x-heights, to the right, float32 [n].
        y: places in x-heights, downwards, float32 [n].
        pressure: of the pen in any unit, NaN where it is not known, float32 [n].
        starts: where the pen was put down, bool [n].
        ends: where each word ends, int [words]; each has a point.
    """
    points = np.stack([x, y])
    weight = _weight(points, pressure, starts, ends)
    _even_out(points, starts)
    kept = _kept(points, starts)
    at = np.flatnonzero(kept)
    word = np.searchsorted(ends, at, side="right")
    points, weight, starts = points.take(at, 1), weight[at], starts[at]
    points, weight, starts, word = _bent(points, weight, starts, word)
    return _with_dots(points, weight, starts, word, len(ends))


def _lasts(starts: Flags) -> Flags:
    """Where strokes end."""
    return np.concatenate([starts[1:], [True]])


def _weight(points: Numbers, pressure: Numbers, starts: Flags, ends: Indices) -> Numbers:
    """The ink that the pen leaves at each point: more where it is slow or pressed."""
    step = np.hypot(*np.diff(points, axis=1, prepend=points[:, :1]))
    step[starts] = 0
    stroke = np.cumsum(starts) - 1
    count = np.bincount(stroke)
    # The speed of a stroke, not of a point: points of the same time stand on the tablet's grid.
    speed = np.bincount(stroke, step) / np.maximum(count - 1, 1)
    word = np.searchsorted(ends, np.flatnonzero(starts), side="right")
    total = np.bincount(word, np.bincount(stroke, step), len(ends)) / np.maximum(np.bincount(word, count, len(ends)), 1)
    relative = (speed + 0.02) / (total[word] + 0.02)
    weight = (relative ** np.float32(-0.25)).clip(*_SPEED).astype(np.float32)[stroke]
    known = np.isfinite(pressure) & (pressure > 0)
    if known.any():
        pressed = np.where(known, pressure / np.median(pressure[known]), 1.0)
        weight = weight * pressed.clip(0.5, 1.4).astype(np.float32)
    return np.asarray(weight, np.float32)


def _even_out(points: Numbers, starts: Flags) -> None:
    """Moves points towards the middle of their neighbours, in place and twice, where these are close."""
    inner = ~(starts | _lasts(starts))
    for _ in range(2):
        before, after = points[:, :-2], points[:, 2:]
        apart = np.hypot(*(after - before)) * 0.5
        share = inner[1:-1] * (0.5 * (1 - apart / _CLOSE)).clip(0, 0.5)
        points[:, 1:-1] += (0.5 * (before + after) - points[:, 1:-1]) * share.astype(np.float32)


def _kept(points: Numbers, starts: Flags) -> Flags:
    """Points a step apart along their stroke, and both ends of each."""
    step = np.hypot(*np.diff(points, axis=1, prepend=points[:, :1]))
    step[starts] = 0
    place = np.floor(np.cumsum(step.astype(np.float64)) / _STEP)
    moved: Flags = np.concatenate([[True], place[1:] > place[:-1]])
    return starts | _lasts(starts) | moved


def _bent(points: Numbers, weight: Numbers, starts: Flags, word: Indices) -> tuple[Numbers, Numbers, Flags, Indices]:
    """Puts points on long lines: on the cubic (Catmull-Rom) through both of a line's ends and their neighbours."""
    at = np.arange(points.shape[1])
    nxt = np.where(_lasts(starts), at, np.minimum(at + 1, at[-1]))
    before = np.where(starts, at, at - 1)
    after = nxt[nxt]
    length = np.hypot(*(points.take(nxt, 1) - points))
    parts = np.clip(np.ceil(length / _CURVED), 1, _MOST).astype(np.intp)
    line = np.repeat(at, parts)
    first = np.repeat(np.cumsum(parts) - parts, parts)
    t = ((np.arange(len(line)) - first) / parts[line]).astype(np.float32)
    p0, p1, p2, p3 = (points.take(index[line], 1) for index in (before, at, nxt, after))
    bent = p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
    return np.asarray(bent, np.float32), weight[line], starts[line] & (t == 0), word[line]


def _with_dots(points: Numbers, weight: Numbers, starts: Flags, word: Indices, words: int) -> Traces:
    """Puts two points in place of each stroke that is a dot."""
    begins = np.flatnonzero(starts)
    low, high = (pick.reduceat(points, begins, axis=1) for pick in (np.minimum, np.maximum))
    small = (high - low).max(axis=0) < _DOT
    stroke = np.cumsum(starts) - 1
    of_dot = small[stroke]
    middle = 0.5 * (low + high)
    place = np.where(of_dot, np.where(starts, 2, 0), 1)  # how many points stand in place of each
    index = np.repeat(np.arange(len(place)), place)
    second = np.concatenate([[False], index[1:] == index[:-1]])
    points = np.where(of_dot, middle.take(stroke, 1), points).take(index, 1)
    dot = np.where(of_dot[index], np.where(second, 1, -1), 0).astype(np.float32)
    ends = np.cumsum(np.bincount(word[index], minlength=words))
    return Traces(points[0], points[1], weight[index], dot, starts[index] & ~second, ends)
