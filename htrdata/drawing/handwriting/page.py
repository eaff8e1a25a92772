"""A page of words: where they stand, and the photograph of it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from htrdata.drawing.handwriting.ink import draw, fit
from htrdata.drawing.handwriting.paper import Canvas, blank, copy, photograph, random_paper
from htrdata.drawing.handwriting.strokes import Strokes, scribble, write
from htrdata.drawing.handwriting.style import Style, random_style
from htrdata.images.exact_sampling import turn as cosine_and_sine
from htrdata.records import Box

_PITCH = 3.6  # distance between lines of writing, in x-heights
_SPACE = 0.9  # between words, in x-heights, besides the boxes' own margins
_MARGIN = 0.6  # around a word's strokes within its box, in x-heights: room for the pen


_LAYOUT, _WORDS = 1, 2  # what a page's chance is for, besides the writer and the paper


def page_rng(seed: int, page: str, *part: int) -> np.random.Generator:
    """The chance of one page, or of a part of it: the same in every process and in any order of pages."""
    return np.random.default_rng([seed, zlib.crc32(page.encode()), *part])


def lay_out(
    texts: Sequence[str], height: int, width: int, turn: float, unrest: float, seed: int, page: str
) -> list[Box]:
    """Places words in lines, as wide and as high as the page's writer writes them.

    Args:
        texts: the words, in reading order.
        height: of the page, in pixels.
        width: of the page, in pixels.
        turn: degrees counter-clockwise by which the whole writing is turned about the page's middle.
        unrest: standard deviation of the words' own angles, in degrees.
        seed: with `page`, fixes the writer and the chance; `draw_page` must get the same.
        page: the page's name.
    """
    style = random_style(page_rng(seed, page))
    rng = page_rng(seed, page, _LAYOUT)
    cos, sin = cosine_and_sine(turn)
    # The largest frame of the page's own proportions that fits in it when turned; a page on its side is turned, too.
    long, high = (height, width) if abs(sin) > abs(cos) else (width, height)
    room = 0.92 * min(width / (long * abs(cos) + high * abs(sin)), height / (long * abs(sin) + high * abs(cos)))
    across, down = long * room, high * room
    bounds = [_strokes(text, style, seed, page, k).bounds for k, text in enumerate(texts)]
    longest = max((right - left + _MARGIN for left, _, right, _ in bounds), default=1.0)
    size = min(float(rng.uniform(0.025, 0.055)) * min(across, down), across / longest)  # of an x-height, in pixels
    places = _flow(bounds, across / size)
    while places and (places[-1][1] + 2) * size > down:
        size *= 0.95
        places = _flow(bounds, across / size)
    boxes = []
    for (along, line), (left, upper, right, lower) in zip(places, bounds, strict=True):
        x, y = along * size - across / 2, (line + (upper + lower) / 2) * size - down / 2
        angle = turn + float(rng.normal(0, unrest))
        w, h = (right - left + _MARGIN) * size, (lower - upper + _MARGIN) * size
        boxes.append(
            Box(width / 2 + x * cos + y * sin, height / 2 - x * sin + y * cos, w, h, (angle + 180) % 360 - 180)
        )
    return boxes


def draw_page(
    words: Sequence[tuple[str, Box]], height: int, width: int, *, seed: int, page: str, plain: bool = False
) -> Canvas:
    """Draws words into their boxes, all by one writer, and photographs the page.

    Args:
        words: text and place of each. A blank text, or a lone full stop, is drawn as a scribble.
        height: of the page, in pixels.
        width: of the page, in pixels.
        seed: with `page`, fixes the writer, the paper and the chance.
        page: the page's name.
        plain: without shade and grain: faster, and the file is smaller.

    Returns:
        Blue, green and red, uint8 [height, width, 3].
    """
    rng = page_rng(seed, page)
    style = random_style(rng)
    line = 1.6 * float(np.median([min(box.w, box.h) for _, box in words])) if words else 0.0
    paper = random_paper(rng, line)
    canvas = blank(height, width, paper)
    for k, (text, box) in enumerate(words):
        strokes = _strokes(text, style, seed, page, k, box.w / box.h)
        affine, pen = fit(strokes, box, style.pen)
        draw(canvas, strokes, affine, pen, style.tone)
    return copy(canvas, paper) if plain else photograph(canvas, paper, rng)


def _strokes(text: str, style: Style, seed: int, page: str, k: int, proportion: float = 3.0) -> Strokes:
    """The strokes of the page's k-th word; a blank becomes a scribble of about its box's proportion."""
    rng = page_rng(seed, page, _WORDS, k + 1)
    if text.strip() in ("", "."):
        return scribble(1.5 * proportion, style, rng)
    return write(text, style, rng)


def _flow(bounds: Sequence[tuple[float, float, float, float]], across: float) -> list[tuple[float, float]]:
    """Middle and baseline of each word in lines of that length, in x-heights from the upper left corner."""
    places = []
    x, y = 0.0, 3.3
    for left, _, right, _ in bounds:
        width = right - left + _MARGIN
        if x and x + width > across:
            x, y = 0.0, y + _PITCH
        places.append((x + width / 2, y))
        x += width + _SPACE
    return places
