"""Images in and out of bytes: decoding that can be trusted with anything, and encoding.

Whatever was downloaded or found on a disk goes through `decode`, which uses Pillow alone: one decoder for untrusted
bytes, restricted to a few formats. OpenCV turns, scales and encodes pixels that are already decoded.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Literal

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from htrdata.images.eight_bit import MALFORMED, orientation_of, to_eight_bit
from htrdata.images.eight_bit import Color as Color
from htrdata.images.eight_bit import ImageError as ImageError
from htrdata.images.opencv import opencv
from htrdata.images.unreadable import what_else

Format = Literal["jpeg", "png"]

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP")
"""What is decoded: the formats of photographs and scans. Pillow reads some forty more, and most of its security
advisories concern those."""

FORMATS_OF_FILES = (*FORMATS, "PPM", "JPEG2000", "AVIF")
"""What is decoded of a person's own files, beyond what data sets of strangers hold; see `decode_page`, and
`htrdata.images.endings`."""

MAX_PIXELS = 178_956_970
"""The largest image that is decoded; A2 at 600 dpi has 139 million pixels. Beyond it Pillow itself refuses to open a
file unless told otherwise, so none of its settings has to be changed."""

MAX_JPEG_SIDE = 65_500
"""The longest side, in pixels, that JPEG encoders accept."""


_STRIP = 1 << 20  # bytes of pixels

PNG_ORIENTATION_MARKS = (b"eXIf", b"Raw profile type", b"XML:com.adobe.xmp")
"""A PNG may state its orientation after its pixels; one without any of these marks states none."""


def decode(data: bytes, color: Color, formats: tuple[str, ...] = FORMATS) -> np.ndarray:
    """Decodes an image of which nothing is known.

    The result is upright: the orientation in the EXIF or XMP data is applied (one that cannot be read counts as none,
    as in every viewer). Animations give their first frame, transparent pixels lie on white, 16-bit channels keep
    their upper byte, colour profiles are ignored. Grey is ITU-R BT.601 luma; of a JPEG only that is decoded. Python's
    warnings are off for the length of the call, in all threads.

    Args:
        data: the encoded image.
        color: ``grey`` or ``rgb``.
        formats: that it may have; see `FORMATS` and `htrdata.images.endings.formats_of`.

    Returns:
        uint8 [H, W] for ``grey``, [H, W, 3] for ``rgb``; C-contiguous and read-only.

    Raises:
        ImageError: the bytes are no such image, are damaged or cut short, hold more than `MAX_PIXELS` pixels, or hold
            numbers without a defined white (floating point, 32-bit integers).
    """
    with _opened(io.BytesIO(data), formats) as image:
        return _decoded(image, color)


def decode_page(file: BinaryIO, color: Color, page: int = 0) -> np.ndarray:
    """Decodes an image as `decode` does, or a page of it: from a file, which is not read whole.

    Args:
        file: opened for reading; JPEG, PNG, GIF, WebP, TIFF, BMP, PNM, JPEG 2000 or AVIF.
        color: ``grey`` or ``rgb``.
        page: of a TIFF, counted from 0; see `htrdata.images.tiff_pages.find_pages`.

    Returns:
        As `decode`.

    Raises:
        ImageError: as `decode`; or there is no such page.
    """
    with _opened(file, FORMATS_OF_FILES) as image:
        if page:
            image.seek(page)
            _check_size(image)
        return _decoded(image, color)


def grey_image(image: Image.Image) -> Image.Image:
    """Takes an image that Pillow has opened to grey, exactly as `decode` takes the file that it is in.

    A JPEG stores its grey. Of one in colour that Pillow has decoded already, it is computed from rounded red, green and
    blue, which gives another level for some of the pixels; one that it has only opened is decoded as `decode` does.

    Args:
        image: of any mode; of several frames, the one that it stands at.

    Returns:
        An image of mode ``L``, upright; the given one where nothing has to change.

    Raises:
        ImageError: its numbers have no defined white (floating point, 32-bit integers), it is damaged or closed.
    """
    with _told():
        stored = _undecoded_jpeg(image)
        return to_eight_bit(image, "grey") if stored is None else Image.fromarray(decode(stored, "grey"))


def read_size(data: bytes, formats: tuple[str, ...] = FORMATS) -> tuple[int, int]:
    """Reads the size that `decode` would give, from the header; damage further on is not noticed.

    Args:
        data: the encoded image.
        formats: as for `decode`.

    Returns:
        Width and height of the upright image in pixels.

    Raises:
        ImageError: as for `decode`, as far as the header shows it.
    """
    return read_size_of(io.BytesIO(data), formats)


def read_size_of(file: BinaryIO, formats: tuple[str, ...] = FORMATS) -> tuple[int, int]:
    """As `read_size`, of a file that is opened for reading; only a PNG is read whole."""
    with _opened(file, formats) as image:
        width, height = image.size
        if image.format == "TIFF":  # Pillow has applied the orientation
            return width, height
        if image.format == "PNG":
            place = file.tell()
            file.seek(0)
            data = file.read()
            file.seek(place)
            if not any(mark in data for mark in PNG_ORIENTATION_MARKS):
                return width, height
        return (height, width) if orientation_of(image) in (5, 6, 7, 8) else (width, height)


def encode(pixels: np.ndarray, format: Format, quality: int = 95) -> bytes:
    """Encodes pixels; the same pixels give the same bytes with the same version of OpenCV, on any x86-64 processor.

    Args:
        pixels: uint8 [H, W] grey or [H, W, 3] RGB.
        format: ``jpeg`` (colour at half resolution) or ``png``.
        quality: 1 to 100, of a JPEG; a PNG is exact.

    Raises:
        ImageError: there are no pixels, or a side is longer than the format allows (`MAX_JPEG_SIDE`).
        ValueError: the array is of another type or shape.
    """
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)):
        raise ValueError(f"expected uint8 pixels [H, W] or [H, W, 3], not {pixels.dtype} {list(pixels.shape)}")
    height, width = pixels.shape[:2]
    if not pixels.size:
        raise ImageError(f"an image of {width} x {height} pixels cannot be encoded")
    if format == "jpeg" and max(width, height) > MAX_JPEG_SIDE:
        raise ImageError(f"{width} x {height} pixels: the sides of a JPEG are at most {MAX_JPEG_SIDE} pixels")
    cv2 = opencv()
    if format == "jpeg":
        options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    else:
        # Run lengths of unfiltered pixels: for crops of handwriting the smallest of zlib's strategies and, but for
        # Huffman codes alone, which fail on clean paper, the fastest. A noisy grey crop of 64 x 200 pixels: 0.11 to
        # 0.2 ms and 7.6 kB; with OpenCV's defaults 0.13 ms and 8.3 kB, with Pillow's 0.68 ms and 7.9 kB.
        options = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
        options += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE]
    stored = np.ascontiguousarray(pixels) if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    try:
        done, encoded = cv2.imencode(f".{format}", stored, options)
    except cv2.error as error:
        raise ImageError(f"{width} x {height} pixels cannot be encoded as {format}: {error}") from error
    if not done:
        raise ImageError(f"{width} x {height} pixels cannot be encoded as {format}")
    return bytes(encoded)


def _decoded(image: Image.Image, color: Color) -> np.ndarray:
    if color == "grey":
        image.draft("L", None)
    return _pixels(to_eight_bit(image, color))


@contextmanager
def _opened(file: BinaryIO, formats: tuple[str, ...]) -> Iterator[Image.Image]:
    """Opens an image whose header says that it is small enough, and turns all that Pillow raises into ImageError."""
    beginning = file.read(64)
    file.seek(0)
    if not beginning:
        raise ImageError("the file is empty (0 bytes)")
    with warnings.catch_warnings():
        # Pillow warns of large images, which are checked here, and of odd metadata; broken pixels are errors.
        warnings.simplefilter("ignore")
        try:
            with _told(), Image.open(file, formats=formats) as image:
                _check_size(image)
                yield image
        except UnidentifiedImageError as error:
            raise ImageError(what_else(beginning, file.seek(0, io.SEEK_END), formats)) from error


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageError(f"{width} x {height} pixels are more than the limit of {MAX_PIXELS:,}")


@contextmanager
def _told() -> Iterator[None]:
    """Turns all that Pillow raises of an image into ImageError."""
    try:
        yield
    except (ImageError, UnidentifiedImageError):
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(f"{str(error).partition(',')[0]}: save a smaller copy") from error
    except MALFORMED as error:
        raise ImageError(f"the image is damaged: {error or type(error).__name__}") from error


def _undecoded_jpeg(image: Image.Image) -> bytes | None:
    """The file of a JPEG in colour that Pillow has opened, but not decoded; None for any other image."""
    if not isinstance(image, JpegImageFile) or image.mode != "RGB" or not image.tile or image.decoderconfig:
        return None
    if image.fp is None or image.tell():
        return None
    place = image.fp.tell()
    image.fp.seek(0)
    content = image.fp.read()
    image.fp.seek(place)
    return content


def _pixels(image: Image.Image) -> np.ndarray:
    """The pixels of a grey or RGB image, read-only.

    Pillow gives them to NumPy as bytes that it joins from pieces: of a large page strip by strip, or it would be there
    three times.
    """
    assert image.mode in ("L", "RGB")
    width, height = image.size
    rows = max(1, _STRIP // (width * len(image.getbands())))
    if height <= rows:
        return np.asarray(image)
    pixels = np.empty((height, width) if image.mode == "L" else (height, width, 3), np.uint8)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        pixels[top:bottom] = np.asarray(image.crop((0, top, width, bottom)))
    pixels.flags.writeable = False
    return pixels
