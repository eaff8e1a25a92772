"""From encoded images in shards to the grey pixels that a recogniser takes.

Worker processes import this module and what it imports: it is kept light.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from htrdata.errors import BadDataError
from htrdata.images.codec import ImageError, decode
from htrdata.images.opencv import opencv
from htrdata.store.shards import Shard
from htrmodel.config import RecogniserConfig
from htrmodel.inputs import fit

Pixels = NDArray[np.uint8]


def decode_block(
    first: int,
    shards: Sequence[Shard],
    numbers: NDArray[np.int32],
    keys: NDArray[np.int32],
    config: RecogniserConfig,
) -> tuple[int, Pixels]:
    """Decodes some words.

    Args:
        first: any number, given back: blocks may come in another order than they were asked for.
        shards: the shards.
        numbers: of N words, the number of the shard of each, from 0.
        keys: the index of the key of each, from 1.
        config: says the size of the input and how images are brought to it.

    Returns:
        `first`, and uint8 [N, height, width].

    Raises:
        BadDataError: a shard or an image is damaged.
        SourceMissingError: a shard is gone.
    """
    images = np.empty((len(keys), config.height, config.width), np.uint8)
    for image, number, key in zip(images, numbers.tolist(), keys.tolist(), strict=True):
        image[:] = decode_stored(shards[number], key, config)
    return first, images


def decode_columns(
    first: int,
    shards: Sequence[Shard],
    numbers: NDArray[np.int32],
    keys: NDArray[np.int32],
    config: RecogniserConfig,
) -> tuple[int, int, Pixels]:
    """Decodes some lines.

    Args:
        first: any number, given back.
        shards: the shards.
        numbers: of N lines, the number of the shard of each, from 0.
        keys: the index of the key of each, from 1.
        config: says the size of the input and how images are brought to it.

    Returns:
        `first`, N, and the columns of all of them, one line after the other: uint8 [columns, height].

    Raises:
        BadDataError: a shard or an image is damaged.
        SourceMissingError: a shard is gone.
    """
    lines = [
        decode_stored(shards[number], key, config).T
        for number, key in zip(numbers.tolist(), keys.tolist(), strict=True)
    ]
    return first, len(lines), np.concatenate(lines)


def decode_stored(shard: Shard, key: int, config: RecogniserConfig) -> Pixels:
    """Decodes an image of a shard and brings it to the size of the input.

    Args:
        shard: that it is in.
        key: the index of its key, from 1.
        config: says the size of the input and how images are brought to it.

    Returns:
        uint8 [height, width].

    Raises:
        BadDataError: the shard or the image is damaged.
        SourceMissingError: the shard is gone.
    """
    try:
        return decode_word(shard.image(key), config)
    except ImageError as error:
        raise BadDataError(f"{shard.folder}, image {key}: {error}") from error


def decode_word(encoded: bytes, config: RecogniserConfig) -> Pixels:
    """Decodes an image and brings it to the size of the input.

    Returns:
        uint8 [height, width].

    Raises:
        ImageError: the bytes are not an image that can be read.
    """
    return fit(Image.fromarray(decode_grey(encoded)), config)


def decode_grey(encoded: bytes) -> Pixels:
    """Decodes an image as `htrdata.images.codec.decode` does, but most JPEGs in less than half its time.

    Returns:
        uint8 [H, W].

    Raises:
        ImageError: the bytes are not an image that can be read.
    """
    # OpenCV's libjpeg gives the same pixels as Pillow's. But it fills up a file that is cut short, only JFIF says that
    # there are no four channels, and not all that turns an image (APP1, before the scan) turns it for both.
    plain = encoded[:4] == b"\xff\xd8\xff\xe0" and encoded[6:11] == b"JFIF\0" and encoded[-2:] == b"\xff\xd9"
    plain = plain and encoded.find(b"\xff\xe1", 20, encoded.find(b"\xff\xda")) < 0
    pixels = _decode_jpeg(encoded) if plain else None
    return decode(encoded, "grey") if pixels is None else pixels


def _decode_jpeg(encoded: bytes) -> Pixels | None:
    """Decodes a JPEG with OpenCV; None where it cannot, so that Pillow says why."""
    cv2 = opencv()
    try:
        pixels: Pixels | None = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:  # more pixels than it allows
        return None
    return pixels
