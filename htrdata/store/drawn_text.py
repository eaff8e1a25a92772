"""Text within pictures: a font of the system, and as much of a text as there is room for."""

from __future__ import annotations

import contextlib

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
GAP = 12
"""Pixels around everything."""

PAGE, LINE, TEXT = (238, 240, 243), (205, 209, 215), (32, 36, 42)
"""Colours."""


def find_font(size: int = 13) -> Font:
    """A font of the system with the letters of most European scripts, else Pillow's own, which has ASCII."""
    for name in ("DejaVuSans.ttf", "Arial.ttf", "arial.ttf"):
        with contextlib.suppress(OSError):
            return ImageFont.truetype(name, size)
    return ImageFont.load_default(size + 1)


def fitted(text: str, font: Font, width: int) -> str:
    """The text, or as much of its beginning as there is room for."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
