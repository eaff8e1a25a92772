"""Opaque pixels of 8 bits from whatever Pillow has decoded: transparency, palettes, 16 bits."""

from __future__ import annotations

import numpy as np
from PIL import Image, TiffImagePlugin


def flatten(image: Image.Image) -> Image.Image:
    """Takes a loaded image of any other mode than ``I`` and ``F`` to 8-bit grey, RGB, black and white or a palette.

    Transparent pixels come to lie on white; 16-bit channels keep their upper byte.
    """
    if image.mode.startswith("I;16"):
        return _upper_byte(image)
    if not image.has_transparency_data:
        return image if image.mode in ("1", "L", "P", "RGB") else image.convert("RGB")
    layers = image.convert("RGBA")
    page = Image.new("RGB", layers.size, "white")
    page.paste(layers, mask=layers.getchannel("A"))
    return page


def _upper_byte(image: Image.Image) -> Image.Image:
    """Scales 16-bit grey to 8 bits, as Pillow does with 16-bit colour."""
    values = np.asarray(image)
    bits = 16
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        bits = image.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, (16,))[0]
        if image.tag_v2.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0:  # white is zero
            values = ~values
    transparent = image.info.get("transparency")
    shifted = values >> (bits - 8)
    if isinstance(transparent, int):
        shifted = np.where(values == transparent, 255, shifted)
    return Image.fromarray(shifted.astype(np.uint8))
