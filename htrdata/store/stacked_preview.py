"""What normalisations do to lines: too wide to stand beside each other, each step stands below the one before it."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from htrdata.store.drawn_text import GAP, LINE, PAGE, TEXT, find_font, fitted

WIDEST = 1200
"""Pixels that a line is shown in, at most."""

_SOFT = (96, 102, 112)
_TITLE_HEIGHT = 16
_BETWEEN = 4  # pixels between two steps


def stacked(blocks: Sequence[Sequence[Image.Image]], labels: Sequence[str], titles: Sequence[str]) -> Image.Image:
    """Draws a block for each line: its label, and below it a row for each step, with its title.

    Args:
        blocks: of each line the pictures, one a step; RGB, at most `WIDEST` wide.
        labels: of the lines.
        titles: of the steps.

    Returns:
        RGB.
    """
    font, small = find_font(), find_font(11)
    margin = GAP + max(round(small.getlength(title)) for title in titles) + GAP
    width = margin + max(picture.width for block in blocks for picture in block) + GAP
    heights = [sum(max(picture.height, _TITLE_HEIGHT) + _BETWEEN for picture in block) for block in blocks]
    page = Image.new("RGB", (width, sum(heights) + len(blocks) * (_TITLE_HEIGHT + 2 * GAP)), PAGE)
    pen = ImageDraw.Draw(page)
    top = 0
    for block, label in zip(blocks, labels, strict=True):
        pen.line((0, top, width, top), LINE)
        pen.text((margin, top + GAP + _TITLE_HEIGHT / 2), fitted(label, font, width - margin - GAP), TEXT, font, "lm")
        top += GAP + _TITLE_HEIGHT + _BETWEEN
        for picture, title in zip(block, titles, strict=True):
            height = max(picture.height, _TITLE_HEIGHT)
            pen.text((GAP, top + height / 2), title, _SOFT, small, "lm")
            page.paste(picture, (margin, top + (height - picture.height) // 2))
            top += height + _BETWEEN
        top += GAP - _BETWEEN
    return page
