"""Whether a picture can be of one word: a line, a page or blank paper is told by proportion, size and ink.

The ink is what is darker than the paper around it. Of 8,181 crops of real words (Copiste d'un jour, CREMMA-MSS-19 and
-20, the wills, Peraire, DHSD, UNIPEN; some masked, some cut out as rectangles) and 2,319 drawn ones the rules took 48
for lines, 5 for pages and 14 for blank, most of the last being slivers of paper. They found 158 of 172 pages, 82 of 94
thirds of pages, and 3,902 of 5,429 lines: the others are short, some of a single word.
"""

from __future__ import annotations

import itertools
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

Kind = Literal["blank", "line", "page"]
"""What a picture looks like that is of no word."""

Ink = NDArray[np.bool_]

_MOST_PIXELS = 300_000
"""Larger pictures are reduced: the lines of a page are still apart."""

_LEAST_CONTRAST = 7
_SMALL = 32  # pixels: of a crop so small, a full stop perhaps, most is ink
_LEAST_OF_SMALL = 20  # as its grain cannot be told from its ink
_LONGEST_WORD = 8.0  # widths to a height; 1 word in 700 is wider
_LONG_WORD = 5.0
_ROWS = 4  # of ink: a letter such as g has up to three
_SHEET = 500  # pixels of the shorter side, of a picture that is no crop, where the writing is small in it


def kind_of(grey: Image.Image) -> Kind | None:
    """What a picture looks like, where that is no word.

    Args:
        grey: upright, of mode ``L``; dark ink on lighter paper.

    Returns:
        ``page`` also for a part of one with four lines or more, and for a sheet with a few words on it; None where it
        can be of one word.
    """
    ink = _ink(grey)
    if ink.sum() < 3:
        return "blank"
    width, height = grey.size
    proportion = width / height
    core, length, gaps = _longest_row(ink)
    if proportion < _LONGEST_WORD and core < 0.4:
        small = core < 0.1 and min(width, height) >= _SHEET
        if small or any(_usual_rows(ink, strips) >= _ROWS for strips in (1, 3, 6)):
            return "page"
    several = proportion >= _LONG_WORD and length >= 20 and gaps >= 3
    return "line" if several or proportion >= _LONGEST_WORD else None


def _ink(grey: Image.Image) -> Ink:
    """Where there is ink, [H, W], in a picture that is reduced if need be."""
    width, height = grey.size
    scale = (_MOST_PIXELS / (width * height)) ** 0.5
    if scale < 1:
        grey = grey.resize((max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BOX)
    width, height = grey.size
    side = min(grey.size)
    soft = grey.filter(ImageFilter.BoxBlur(0.7 if side > 8 else 0))
    noise, least = 0, _LEAST_CONTRAST
    if side < _SMALL:
        least = _LEAST_OF_SMALL
        paper = Image.new("L", grey.size, _level(soft, 0.95))
    else:
        around = ImageFilter.BoxBlur(max(8, side // 6))
        paper = ImageChops.lighter(soft, grey.filter(around)).filter(around)
        noise = _level(
            ImageChops.difference(soft.crop((1, 0, width, height)), soft.crop((0, 0, width - 1, height))), 0.5
        )
    darker = ImageChops.subtract(paper, soft)
    # Neither a blot nor the dark around a sheet decides what is ink.
    contrast = min(_level(darker, 0.998), 1.5 * _level(darker, 0.98), 2.5 * _level(darker, 0.95))
    return np.asarray(np.asarray(darker) > max(0.4 * contrast, least, 6 * noise))


def _level(grey: Image.Image, share: float) -> int:
    """The lowest level that this share of the pixels does not exceed."""
    return int(np.searchsorted(np.cumsum(grey.histogram()), share * grey.width * grey.height))


def _bands(ink: Ink) -> list[tuple[int, int]]:
    """Where rows of pixels with much ink begin and end: the middle of a line of writing, without what is long."""
    share = ink.mean(1)
    much = share > 0.35 * np.percentile(share, 95)
    edges = np.flatnonzero(np.diff(much.astype(np.int8), prepend=0, append=0))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _rows(ink: Ink) -> int:
    """How many lines of writing there are: bands within the picture that are not much less than the others."""
    found = [(begin, end, int(ink[begin:end].sum()), int(ink[begin:end].any(0).sum())) for begin, end in _bands(ink)]
    most, widest = max((one[2] for one in found), default=0), max((one[3] for one in found), default=0)
    inner = [(mass, wide) for begin, end, mass, wide in found if begin > 0 and end < len(ink)]
    return sum(mass >= 0.3 * most and wide >= 0.4 * widest for mass, wide in inner)


def _usual_rows(ink: Ink, strips: int) -> int:
    """The same in each of some upright strips, where lines that are askew are level; the median."""
    width = ink.shape[1]
    if width < 3 * strips:
        return 0
    ends = [width * number // strips for number in range(strips + 1)]
    return sorted(_rows(ink[:, begin:end]) for begin, end in itertools.pairwise(ends))[strips // 2]


def _longest_row(ink: Ink) -> tuple[float, float, int]:
    """Of the band with the most ink: its height as a share of the picture's, its length and wide gaps in heights."""
    begin, end = max(_bands(ink), key=lambda band: int(ink[band[0] : band[1]].sum()), default=(0, len(ink)))
    columns = np.flatnonzero(ink[begin:end].any(0))
    high = end - begin
    if not len(columns):
        return high / len(ink), 0.0, 0
    gaps = int((np.diff(columns) - 1 > 0.7 * high).sum())
    return high / len(ink), float(columns[-1] - columns[0] + 1) / high, gaps
