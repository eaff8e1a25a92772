"""A contact sheet: many words of a store in one picture, each with its label and id."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from htrdata.files.writing import write_atomically
from htrdata.labels import visible
from htrdata.store.drawn_text import GAP, LINE, PAGE, TEXT, find_font, fitted
from htrdata.store.specimens import Specimen

_CELL, _TALLEST = 190, 64  # pixels
_COLUMNS = 6
_WIDTH = _COLUMNS * (_CELL + GAP) - GAP  # of all columns
_WIDEST = 1600  # pixels, of the only column
_LINE = 600  # pixels; what stands in wider cells are lines, which begin below each other
_MARGIN = 6  # pixels around a picture in its cell
_SOFT = (96, 102, 112)


def contact_sheet(words: Sequence[Specimen]) -> Image.Image:
    """Draws words in rows of six, each reduced to fit, above its label and its id; wider ones, as lines are, in fewer.

    Returns:
        RGB.
    """
    font, small = find_font(), find_font(10)
    columns, cell = _columns([word.pixels.shape for word in words])
    row = _TALLEST + 50
    rows = -(-len(words) // columns)
    picture = Image.new("RGB", (columns * (cell + GAP) + GAP, rows * (row + GAP) + GAP), PAGE)
    pen = ImageDraw.Draw(picture)
    for number, word in enumerate(words):
        left, top = GAP + number % columns * (cell + GAP), GAP + number // columns * (row + GAP)
        pen.rounded_rectangle((left, top, left + cell, top + row), 5, "white", LINE)
        shown = Image.fromarray(word.pixels).convert("RGB")
        shown.thumbnail((cell - 2 * _MARGIN, _TALLEST))
        beside = (cell - shown.width) // 2 if cell < _LINE else _MARGIN
        picture.paste(shown, (left + beside, top + _MARGIN + (_TALLEST - shown.height) // 2))
        for below, text, colour, written in ((20, word.label or "", TEXT, font), (37, word.id, _SOFT, small)):
            fitting = fitted(visible(text), written, cell - 8)
            across, anchor = (cell / 2, "mm") if cell < _LINE else (_MARGIN, "lm")
            pen.text((left + across, top + _TALLEST + below), fitting, colour, written, anchor)
    return picture


def _columns(shapes: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    """How many columns there are, and how wide a cell is: half of the pictures are as high there as there is room."""
    widths = [round(width * min(1, _TALLEST / height)) + 2 * _MARGIN for height, width, *_ in shapes]
    wanted = max(_CELL, int(np.median(widths)) if widths else 0)
    columns = max(1, min((_WIDTH + GAP) // (wanted + GAP), len(shapes)))
    if columns > 1 or wanted == _CELL:
        return columns, max(_CELL, min(wanted, (_WIDTH + GAP) // columns - GAP))
    return 1, min(max(widths), _WIDEST)


def write_contact_sheet(words: Sequence[Specimen], out: Path) -> None:
    """Writes the `contact_sheet` of words as PNG; what is there is replaced.

    Raises:
        CannotCreateError: it cannot be created.
        StorageError: it cannot be written.
    """
    buffer = io.BytesIO()
    contact_sheet(words).save(buffer, format="PNG")
    write_atomically(out, buffer.getvalue())
