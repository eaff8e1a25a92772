"""The images of pages and words, opened as far as a build needs them: read, proved or decoded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from htrdata.building.options import BuildOptions
from htrdata.files.on_disk import NoImageFileError
from htrdata.images import codec
from htrdata.images.endings import formats_of
from htrdata.images.jpeg_passthrough import is_plain_grey_jpeg
from htrdata.images.made import GreyJpeg, MadeImage
from htrdata.images.png_passthrough import WholePng, prove_png
from htrdata.records import ImageFile, Reason


@dataclass(slots=True)
class OpenedImage:
    """A page's or word's image as far as it was opened.

    Attributes:
        reason: why it cannot be used.
        size: width and height in pixels.
        pixels: decoded, where they are needed to cut the word.
        encoded: what may stand in a store for the pixels, if anything may; alone, without `pixels`, it is a word's own
            image that needs no change.
        stored: the same, where it comes from a file, to be decoded if somebody wants to know what it looks like.
    """

    reason: Reason | None = None
    size: tuple[int, int] | None = None
    pixels: np.ndarray | None = None
    encoded: bytes = b""
    stored: WholePng | None = None


def open_page(image: ImageFile, md5: str | None, options: BuildOptions, *, pixels: bool) -> OpenedImage:
    """Opens the image of a page, or of a word, and decodes it where pixels are asked for."""
    data = _read(image)
    if isinstance(data, Reason):
        return OpenedImage(data)
    if md5 is not None and options.check_hashes and hashlib.md5(data, usedforsecurity=False).hexdigest() != md5:
        return OpenedImage(Reason.HASH_MISMATCH)
    formats = formats_of(image.name)
    return _decoded(data, options, formats) if pixels else _measured(data, formats)


def open_own(image: ImageFile, ruled_out: Reason | None, options: BuildOptions, *, pixels: bool) -> OpenedImage:
    """Opens a word's own image. One that is whole, and is not kept or kept as it is, need not be decoded."""
    if isinstance(image, MadeImage):
        # Making it takes time and finds no damage: there is no need where nobody looks at it.
        return _made(image.make(), options) if pixels and ruled_out is None else OpenedImage()
    data = _read(image)
    if isinstance(data, Reason):
        return OpenedImage(data)
    png = prove_png(data, options.color)
    if png is None:
        formats = formats_of(image.name)
        return _decoded_own(data, options, formats) if pixels else _measured(data, formats)
    if not pixels:
        return OpenedImage(size=png.size)
    stays = png.data if options.format != "jpeg" else b""
    undecoded = ruled_out is not None or _may_stay(png.size, options)
    return OpenedImage(size=png.size, pixels=None if undecoded else png.pixels(), encoded=stays, stored=png)


def _made(image: GreyJpeg, options: BuildOptions) -> OpenedImage:
    """Takes an image that was made in this process at its word; its pixels are needed only where they change."""
    size = (image.width, image.height)
    if options.format == "auto" and options.color == "grey" and _may_stay(size, options):
        return OpenedImage(size=size, encoded=image.data)
    return _decoded_own(image.data, options, codec.FORMATS)


def _decoded_own(data: bytes, options: BuildOptions, formats: tuple[str, ...]) -> OpenedImage:
    """Decodes a word's own image."""
    picture = _decoded(data, options, formats)
    stays = options.format == "auto" and options.color == "grey" and is_plain_grey_jpeg(data)
    return replace(picture, encoded=data if stays else b"")


def _may_stay(size: tuple[int, int], options: BuildOptions) -> bool:
    """Whether a build has nothing to change in the pixels of a word's own image of this width and height."""
    return options.format != "jpeg" and not options.normalise and not 0 < options.height < size[1]


def _read(image: ImageFile) -> bytes | Reason:
    """The bytes of an image, or why there are none."""
    try:
        return image.read()
    except (FileNotFoundError, NotADirectoryError):
        return Reason.IMAGE_MISSING
    except NoImageFileError:
        return Reason.IMAGE_CORRUPT


def _measured(data: bytes, formats: tuple[str, ...]) -> OpenedImage:
    try:
        return OpenedImage(size=codec.read_size(data, formats))
    except codec.ImageError:
        return OpenedImage(Reason.IMAGE_CORRUPT)


def _decoded(data: bytes, options: BuildOptions, formats: tuple[str, ...]) -> OpenedImage:
    try:
        decoded = codec.decode(data, options.color, formats)
    except codec.ImageError:
        return OpenedImage(Reason.IMAGE_CORRUPT)
    return OpenedImage(size=(decoded.shape[1], decoded.shape[0]), pixels=decoded)
