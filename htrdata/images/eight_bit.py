"""What grey is, and colour: upright, opaque pixels of 8 bits from whatever Pillow has opened.

The one place that decides it, for the images of a source, for those of a store, and for those that a recogniser reads.
"""

from __future__ import annotations

import struct
import zlib
from typing import Literal

import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin

from htrdata.errors import BadDataError

Color = Literal["grey", "rgb"]


class ImageError(BadDataError):
    """Bytes that are not a readable image, or pixels that a format cannot hold."""


MALFORMED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What Pillow raises on malformed files: its own errors are OSError, SyntaxError (a broken structure) and EOFError (no
first frame); the others escape from parsing fields that are missing, too short or out of range. No MemoryError: that is
the machine's fault, not the file's."""

_TO_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def to_eight_bit(image: Image.Image, color: Color) -> Image.Image:
    """Takes an image of any of Pillow's modes to 8 bits of grey or colour.

    The orientation in its EXIF or XMP data is applied (one that cannot be read counts as none), transparent pixels come
    to lie on white, 16-bit channels keep their upper byte. Grey is ITU-R BT.601 luma.

    Args:
        image: opened by Pillow, decoded or not; it is left as it is but for that.
        color: ``grey`` or ``rgb``.

    Returns:
        An image of mode ``L`` or ``RGB``; the given one where nothing has to change.

    Raises:
        ImageError: its numbers have no defined white (floating point, 32-bit integers).
        Exception: one of `MALFORMED`, where Pillow cannot decode or convert it.
    """
    image.load()
    turn = _TO_UPRIGHT.get(orientation_of(image))
    if image.mode == "I" and image.format == "PPM":
        image = _from_pnm(image)
    if image.mode in ("I", "F"):
        raise ImageError("pixels of 32 bits or signed ones have no defined white: save the image with 8 or 16 bits")
    upright, mode = flatten(image), "L" if color == "grey" else "RGB"
    if upright.mode != mode:  # converting to the same mode would copy
        upright = upright.convert(mode)
    return upright if turn is None else upright.transpose(turn)


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8 where it is defined; 1 where there is none or none that can be read."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except MALFORMED:
        return 1
    return orientation if isinstance(orientation, int) else 1


def flatten(image: Image.Image) -> Image.Image:
    """Takes a loaded image of any other mode than ``I`` and ``F`` to 8-bit grey, RGB, black and white or a palette.

    Transparent pixels come to lie on white; 16-bit channels keep their upper byte.
    """
    if image.mode.startswith("I;16"):
        return _upper_byte(image)
    if not image.has_transparency_data:
        return image if image.mode in ("1", "L", "P", "RGB") else image.convert("RGB")
    layers = image.convert("LA").convert("RGBA") if image.mode == "La" else image.convert("RGBA")
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


def _from_pnm(image: Image.Image) -> Image.Image:
    """Takes PNM of more than 8 bits, which Pillow scales so that white is 65,535 whatever the file's is, to 8 bits."""
    return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
