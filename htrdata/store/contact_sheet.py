"""A contact sheet: many words of a store in one picture, each with its label and id."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from htrdata.files.writing import write_atomically
from htrdata.labels import visible
from htrdata.store.drawn_text import GAP, LINE, PAGE, TEXT, Font, find_font, fitted
from htrdata.store.specimens import Specimen

_CELL, _TALLEST = 190, 64  # pixels
_COLUMNS = 6
_SOFT = (96, 102, 112)


def contact_sheet(words: Sequence[Specimen]) -> Image.Image:
    """Draws words in rows of six, each reduced to fit, above its label and its id.

    Returns:
        RGB.
    """
    font, small = find_font(), find_font(10)
    columns = max(1, min(_COLUMNS, len(words)))
    row = _TALLEST + 50
    rows = -(-len(words) // columns)
    picture = Image.new("RGB", (columns * (_CELL + GAP) + GAP, rows * (row + GAP) + GAP), PAGE)
    pen = ImageDraw.Draw(picture)
    for number, word in enumerate(words):
        left, top = GAP + number % columns * (_CELL + GAP), GAP + number // columns * (row + GAP)
        pen.rounded_rectangle((left, top, left + _CELL, top + row), 5, "white", LINE)
        shown = Image.fromarray(word.pixels).convert("RGB")
        shown.thumbnail((_CELL - 12, _TALLEST))
        picture.paste(shown, (left + (_CELL - shown.width) // 2, top + 6 + (_TALLEST - shown.height) // 2))
        middle = left + _CELL / 2
        _write(pen, (middle, top + _TALLEST + 20), word.label or "", TEXT, font)
        _write(pen, (middle, top + _TALLEST + 37), word.id, _SOFT, small)
    return picture


def write_contact_sheet(words: Sequence[Specimen], out: Path) -> None:
    """Writes the `contact_sheet` of words as PNG; what is there is replaced.

    Raises:
        CannotCreateError: it cannot be created.
        StorageError: it cannot be written.
    """
    buffer = io.BytesIO()
    contact_sheet(words).save(buffer, format="PNG")
    write_atomically(out, buffer.getvalue())


def _write(
    pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, colour: tuple[int, int, int], font: Font
) -> None:
    pen.text(at, fitted(visible(text), font, _CELL - 8), colour, font, anchor="mm")
