"""Targets of what lets PNGs and JPEGs stand in a store as they are: it is compared with Pillow and OpenCV.

The first byte of an input says how it is mended before it is looked at, or mutations would not get past checksums: of a
PNG, those of its chunks are put right, and its pixels may stand there unpacked, to be packed with some window.
"""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from htrdata.images.codec import Color, ImageError, decode, encode
from htrdata.images.jpeg_passthrough import is_plain_grey_jpeg
from htrdata.images.opencv import opencv
from htrdata.images.png_chunks import compressed_texts
from htrdata.images.png_passthrough import prove_png

from .made_inputs import grey_noise
from .target import Target

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST_PIXELS = 1 << 18
AS_IS, CHECKSUMS, PACKED = range(3)


def read_png(data: bytes, _folder: Path) -> None:
    """What is proved to be whole opens in Pillow and in OpenCV with the same pixels, also as it stands in a store."""
    png = mended_png(data)
    with contextlib.suppress(ImageError):
        compressed_texts(png, b"xml", 1 << 16)
    if _pixels_of(png) > _MOST_PIXELS:
        return
    colours: tuple[Color, ...] = ("grey", "rgb")
    for color in colours:
        whole = prove_png(png, color)
        if whole is not None:
            pixels = decode(png, color)
            assert pixels.shape[:2] == whole.size[::-1]
            assert np.array_equal(whole.pixels(), pixels)
            assert np.array_equal(decode(whole.data, color), pixels)
            check_opencv(whole.data, pixels)


def _pixels_of(png: bytes) -> int:
    """What the header of a PNG promises."""
    width, height = struct.unpack_from(">II", png.ljust(24, b"\0"), 16)
    return int(width * height)


def read_jpeg(data: bytes, _folder: Path) -> None:
    """A plain grey JPEG that Pillow decodes opens in OpenCV, with the same pixels."""
    if not is_plain_grey_jpeg(data):
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            width, height = Image.open(io.BytesIO(data), formats=["JPEG"]).size
        if width * height > _MOST_PIXELS:
            return
        pixels = decode(data, "grey")
    except (ImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return
    check_opencv(data, pixels)


def check_opencv(data: bytes, pixels: np.ndarray) -> None:
    """OpenCV gives these pixels."""
    cv2 = opencv()
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert found is not None, "OpenCV cannot read it"
    found = found if found.ndim == 2 else found[:, :, ::-1]
    assert (found.dtype, found.shape) == (pixels.dtype, pixels.shape), "OpenCV gives another type or size"
    assert np.array_equal(found, pixels), "OpenCV gives other pixels"


def mended_png(data: bytes) -> bytes:
    """The PNG that an input stands for."""
    kind, window, png = (data[0] % 3, 8 + data[1] % 8, data[2:]) if len(data) > 2 else (AS_IS, 15, data)
    if kind == AS_IS or not png.startswith(_SIGNATURE):
        return png
    chunks = [(name, packed(body, window) if (kind, name) == (PACKED, b"IDAT") else body) for name, body in split(png)]
    return _SIGNATURE + b"".join(chunk(name, body) for name, body in chunks)


def split(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG as far as they go, whatever their checksums."""
    at = len(_SIGNATURE)
    while at + 8 <= len(png):
        (length,) = struct.unpack_from(">I", png, at)
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def chunk(name: bytes, body: bytes) -> bytes:
    """A chunk with its checksum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def packed(body: bytes, window: int) -> bytes:
    """A zlib stream that states another window than it was packed with, where that is not 15; its head is valid."""
    stream = bytearray(zlib.compress(body, 6))
    stream[0] = (window - 8) << 4 | 8
    stream[1] -= (stream[0] << 8 | stream[1]) % 31
    stream[1] += 31 if (stream[0] << 8 | stream[1]) % 31 else 0
    return bytes(stream)


def png_seeds() -> list[bytes]:
    grey, rgb = grey_noise(9, 7), np.dstack([grey_noise(5, 6, seed) for seed in range(3)])
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "htrdata")
    info.add_text("Comment", "x" * 300, zip=True)
    kinds = [encode(grey, "png"), encode(rgb, "png")]
    made: tuple[tuple[Image.Image, dict[str, Any]], ...] = (
        (Image.fromarray(grey), {"pnginfo": info, "dpi": (300, 300)}),
        (Image.fromarray(grey_noise(60, 80) // 128 * 255), {}),
        (Image.fromarray(rgb), {"optimize": True}),
        (Image.fromarray(grey).convert("1"), {}),
        (Image.fromarray(grey).convert("P"), {}),
        (Image.fromarray(grey).convert("RGBA"), {}),
        (Image.fromarray(grey), {"transparency": 3}),
    )
    for image, options in made:
        content = io.BytesIO()
        image.save(content, "PNG", **options)
        kinds.append(content.getvalue())
    plain = chunk(b"IHDR", struct.pack(">IIBBBBB", 7, 9, 8, 0, 0, 0, 0))
    lines = b"".join(bytes([row % 5]) + grey[row].tobytes() for row in range(9))
    unpacked = _SIGNATURE + plain + chunk(b"IDAT", lines) + chunk(b"IEND", b"")
    return [
        *(bytes([kind, 7]) + png for png in kinds for kind in (AS_IS, CHECKSUMS)),
        *(bytes([PACKED, window]) + unpacked for window in (0, 7)),
    ]


def jpeg_seeds() -> list[bytes]:
    grey = Image.fromarray(grey_noise(17, 23))
    options: list[dict[str, Any]] = [
        {},
        {"progressive": True},
        {"optimize": True, "quality": 20},
        {"restart_marker_rows": 1},
        {"dpi": (9, 9)},
    ]
    exif = Image.Exif()
    exif[0x112] = 6
    found = [encode(np.asarray(grey), "jpeg"), encode(np.dstack([np.asarray(grey)] * 3), "jpeg")]
    for more in [*options, {"exif": exif}, {"comment": b"x"}, {"xmp": b'<x tiff:Orientation="6"/>'}]:
        content = io.BytesIO()
        grey.save(content, "JPEG", **more)
        found.append(content.getvalue())
    return found


IMAGE_TARGETS = (Target("png", read_png, png_seeds), Target("jpeg", read_jpeg, jpeg_seeds, largest=2048))
