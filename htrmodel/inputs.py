"""Images of words as a recogniser takes them. Needs numpy and Pillow only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from htrdata.errors import BadDataError, SourceMissingError, StorageError
from htrdata.images.codec import ImageError, decode
from htrmodel.config import RecogniserConfig


def open_image(source: Path | str | bytes) -> Image.Image:
    """Decodes an image file: grey and upright; see `htrdata.images.codec.decode`.

    Args:
        source: its path, or its bytes.

    Raises:
        SourceMissingError: there is no such file.
        StorageError: it cannot be read.
        BadDataError: it is no image, or a damaged one.
    """
    name = f"an image of {len(source):,} bytes" if isinstance(source, bytes) else str(source)
    try:
        content = source if isinstance(source, bytes) else Path(source).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise SourceMissingError(f"no image at {name}") from None
    except OSError as error:
        raise StorageError(f"cannot read {name}: {error.strerror}") from error
    try:
        return Image.fromarray(decode(content, "grey"))
    except ImageError as error:
        raise BadDataError(f"{name}: {error}") from error


def to_grey(image: Image.Image) -> Image.Image:
    """Turns any image into 8 bits of grey: transparent parts become white, 16 bits are scaled to 8."""
    if image.mode.startswith("I;16") or image.mode == "I":
        return Image.fromarray((np.asarray(image).clip(0, 65535) // 257).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("L")


def fit(image: Image.Image, config: RecogniserConfig) -> NDArray[np.uint8]:
    """Brings an image of a word to the size of the input.

    Args:
        image: of any size and mode.
        config: says the size, and whether the image is stretched to it or padded, on the right, with its last column.

    Returns:
        uint8 [height, width], 0 for black.
    """
    grey = image if image.mode == "L" and not image.has_transparency_data else to_grey(image)
    width = config.width
    if config.resize == "pad":
        width = min(width, max(1, -(-config.height * grey.width // grey.height)))
    pixels = np.asarray(grey.resize((width, config.height), Image.Resampling.BICUBIC))
    if width == config.width:
        return pixels
    return np.pad(pixels, ((0, 0), (0, config.width - width)), mode="edge")


def normalise(pixels: NDArray[np.uint8], config: RecogniserConfig) -> NDArray[np.float32]:
    """Turns grey values, uint8 [N, H, W], into inputs, float32 [N, 1, H, W]."""
    scaled = pixels[:, None].astype(np.float32) / np.float32(255)
    return (scaled - np.float32(config.mean)) / np.float32(config.std)


def to_inputs(images: Sequence[Image.Image | Path | str], config: RecogniserConfig) -> NDArray[np.float32]:
    """Opens, fits and normalises images: float32 [N, 1, H, W]. Raises as `open_image` does."""
    opened = (image if isinstance(image, Image.Image) else open_image(image) for image in images)
    return normalise(np.stack([fit(image, config) for image in opened]), config)
