"""From steps to boxes: between the peaks of two words the cut goes through the widest gap in the ink.

CTC tells about where a letter is, not where it begins and ends; the ink does.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from htrdata.images.ink import ink_of, level

MARGIN = 0.06
"""Paper left around the ink of a word, as a share of the line's height, where there is as much."""

FAINTEST = 0.25
"""How much darker than paper ink is, as a share of the contrast of most of it: the ends of strokes are faint."""

FARTHEST = 0.8
"""A gap wider than this share of the line's height, before its first letter or behind its last, ends the line's ink:
what stands beyond is a stain, or of another column."""


@dataclass(frozen=True, slots=True)
class Extent:
    """A word's place on the picture of its line, in pixels from the upper left corner.

    Attributes:
        left: of its first column.
        top: of its first row.
        right: behind its last column.
        bottom: behind its last row.
    """

    left: float
    top: float
    right: float
    bottom: float


def cut_words(line: NDArray[np.uint8], spans: NDArray[np.float64]) -> list[Extent]:
    """Cuts a line into words.

    Args:
        line: uint8 [H, W], grey, dark ink on light paper.
        spans: float [N, 2], for each word the columns of its first letter's peak and of its last one's.

    Returns:
        The place of each word. Where no ink stands out the cuts are midway between the peaks, and words as high as the
        line.
    """
    height, width = line.shape
    ink = _faint_ink(line)
    if ink is None:
        between = (spans[:-1, 1] + spans[1:, 0]) / 2
        edges = np.concatenate([[0.0], between, [float(width)]])
        return [Extent(left, 0, right, height) for left, right in itertools.pairwise(edges)]
    columns = ink.sum(0)
    spans = _on_ink(columns, spans)
    lefts, rights = [_line_begins(columns, int(spans[0, 0]), height)], []
    for end, begin in zip(spans[:-1, 1], spans[1:, 0], strict=True):
        gap_begins, gap_ends = _widest_gap(columns, int(end), int(begin))
        rights.append(gap_begins)
        lefts.append(gap_ends)
    rights.append(width - _line_begins(columns[::-1], width - 1 - int(spans[-1, 1]), height))
    margin = round(height * MARGIN)
    extents = []
    for i, (left, right) in enumerate(zip(lefts, rights, strict=True)):
        before = rights[i - 1] if i else 0
        behind = lefts[i + 1] if i + 1 < len(lefts) else width
        top, bottom = _rows(ink[:, left:right], margin)
        wide_left = max(left - margin, left - (left - before) // 2)
        wide_right = min(right + margin, right + (behind - right) // 2)
        extents.append(Extent(wide_left, top, max(wide_right, wide_left + 1), bottom))
    return extents


def _faint_ink(line: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    """The ink with the faint ends of its strokes, without single pixels; None where no ink stands out."""
    ink = ink_of(line)
    if ink is None:
        return None
    levelled = level(line)
    paper, dark = float(np.median(levelled[~ink])), float(np.median(levelled[ink]))
    faint = np.pad(levelled < paper - FAINTEST * (paper - dark), 1).astype(np.uint8)
    around = sliding_window_view(faint, (3, 3)).sum((2, 3))
    found: NDArray[np.bool_] = (faint[1:-1, 1:-1] > 0) & (around > 2)
    return found


def _on_ink(columns: NDArray[np.intp], spans: NDArray[np.float64]) -> NDArray[np.float64]:
    """Moves the peaks of words of one letter that stand on bare paper to the nearest ink.

    CTC is often early. From a peak before its letter the widest gap is the one that it stands in, and the word would be
    bare paper; in longer words the other letters hold it. Where the order would not stay, none of the line is moved.
    """
    inked = np.flatnonzero(columns)
    if not inked.size:
        return spans
    peaks = np.clip(spans.round(), 0, len(columns) - 1).astype(np.intp)
    behind = np.searchsorted(inked, peaks).clip(0, inked.size - 1)
    before = (behind - 1).clip(0)
    nearest = np.where(abs(inked[before] - peaks) < abs(inked[behind] - peaks), inked[before], inked[behind])
    bare = (columns[peaks] == 0) & (spans[:, :1] == spans[:, 1:])
    moved = np.where(bare, nearest, spans)
    return moved if (np.diff(moved.ravel()) >= 0).all() else spans


def _widest_gap(columns: NDArray[np.intp], end: int, begin: int) -> tuple[int, int]:
    """The longest run of columns without ink between two peaks; where there is none, of those with the least.

    On a ruled line the least is the rule, which is not equally thick everywhere. Of runs of equal length the first
    counts.
    """
    begin, end = min(begin, len(columns) - 1), max(end, 0)
    if begin - end < 2:
        middle = (begin + end + 1) // 2
        return middle, middle
    between = columns[end : begin + 1]
    least = int(between.min())
    low = np.concatenate([[False], between <= least + (1 if least else 0), [False]])
    edges = np.flatnonzero(low[1:] != low[:-1])
    starts, stops = edges[::2], edges[1::2]
    longest = int((stops - starts).argmax())
    return end + int(starts[longest]), end + int(stops[longest])


def _line_begins(columns: NDArray[np.intp], peak: int, height: int) -> int:
    """The first column of ink before a peak that no gap parts from it."""
    peak = min(max(peak, 0), len(columns) - 1)
    inked = np.flatnonzero(columns[: peak + 1] > 0)
    if not inked.size:
        return peak
    gaps = np.diff(np.append(inked, peak))
    wide = np.flatnonzero(gaps > height * FARTHEST)
    return int(inked[wide[-1] + 1] if wide.size and wide[-1] + 1 < inked.size else inked[0] if not wide.size else peak)


def _rows(ink: NDArray[np.bool_], margin: int) -> tuple[int, int]:
    rows = np.flatnonzero(ink.any(1))
    if not rows.size:
        return 0, len(ink)
    return max(int(rows[0]) - margin, 0), min(int(rows[-1]) + 1 + margin, len(ink))
