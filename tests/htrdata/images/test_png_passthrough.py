"""PNGs that are proved to be whole are those that decode, in Pillow and OpenCV, to the pixels stored in them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from htrdata.images import png_passthrough
from htrdata.images.codec import MAX_PIXELS, Color, ImageError, decode, encode
from htrdata.images.png_passthrough import prove_png

NOISE = np.random.default_rng(3).integers(0, 256, (13, 21, 3), dtype=np.uint8)
GREY = NOISE[:, :, 0].copy()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def header(width: int = 21, height: int = 13, kind: tuple[int, ...] = (8, 0, 0, 0, 0)) -> bytes:
    return chunk(b"IHDR", struct.pack(">II5B", width, height, *kind))


def lines(pixels: np.ndarray, filter: int = 0) -> bytes:
    """The lines of a PNG without its compression, all with one filter's number; the pixels are not filtered."""
    flat = pixels.reshape(len(pixels), -1)
    return np.column_stack([np.full(len(flat), filter, np.uint8), flat]).tobytes()


def png(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def windowed(stream: bytes, window: int) -> bytes:
    """A zlib stream whose header states a window of 2 ** `window` bytes."""
    first = window - 8 << 4 | 8
    return bytes([first, 31 - (first << 8) % 31]) + stream[2:]


def seen_by_opencv(data: bytes) -> np.ndarray:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    return pixels if pixels.ndim == 2 else pixels[:, :, ::-1]


XML = chunk(b"zTXt", b"xml\0\0" + zlib.compress(b"<form/>" * 999))  # as IAM's words have
XMP = b'<x tiff:Orientation="6"/>'
FAR = np.tile(np.random.default_rng(4).integers(0, 256, (1, 5000), dtype=np.uint8), (3, 1))  # repeats 5,001 bytes back


STREAM = zlib.compress(lines(GREY))
PIXELS, END = chunk(b"IDAT", STREAM), chunk(b"IEND", b"")
PLAIN = png(header(), PIXELS, END)


def saved(image: np.ndarray | Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, "PNG", **options)
    return file.getvalue()


def turned() -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = 6
    return tags


def with_text(key: str) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text(key, "any")
    return info


@pytest.mark.parametrize(
    ("data", "color"),
    [
        (PLAIN, "grey"),
        (saved(GREY), "grey"),
        (saved(NOISE), "rgb"),
        (encode(GREY, "png"), "grey"),
        (encode(NOISE, "png"), "rgb"),
        (saved(GREY, dpi=(300, 300)), "grey"),
        (png(header(), chunk(b"gAMA", bytes(4)), chunk(b"IDAT", STREAM[:9]), chunk(b"IDAT", STREAM[9:]), END), "grey"),
        (png(header(), chunk(b"sRGB", b"\1"), chunk(b"cHRM", bytes(32)), PIXELS, END), "grey"),
        (png(header(), chunk(b"IDAT", windowed(STREAM, 9)), END), "grey"),  # room for all 286 bytes
        (png(header(), XML, PIXELS, END), "grey"),
        (png(header(), chunk(b"iCCP", b"any\0\0" + zlib.compress(b"profile")), PIXELS, END), "grey"),
        (saved(GREY, pnginfo=with_text("Author")), "grey"),
        (png(header(), PIXELS, chunk(b"tEXt", b"date:create\0now"), chunk(b"tEXt", b"Comment\0"), END), "grey"),
    ],
)
def test_a_plain_png_is_proved_and_decodes_to_its_pixels(data: bytes, color: Color) -> None:
    proved = prove_png(data, color)
    assert proved is not None
    assert proved.size == (21, 13)
    pixels = GREY if color == "grey" else NOISE
    for seen in (decode(data, color), decode(proved.data, color), seen_by_opencv(proved.data), proved.pixels()):
        assert np.array_equal(seen, pixels)
    assert not proved.pixels().flags.writeable
    assert prove_png(data, "rgb" if color == "grey" else "grey") is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        PLAIN[:20],
        saved(GREY, exif=turned()),
        saved(GREY, transparency=7),
        saved(GREY, pnginfo=with_text("Raw profile type exif")),
        saved(Image.fromarray(GREY).convert("P")),
        saved(Image.fromarray(GREY).convert("1")),
        saved(GREY.astype(np.uint16) * 257),
        saved(GREY, save_all=True, append_images=[Image.fromarray(255 - GREY)]),
        png(header(kind=(8, 0, 0, 0, 1)), PIXELS, END),  # it says that it is interlaced
        png(header(width=0), PIXELS, END),
        png(header(width=MAX_PIXELS, height=2), PIXELS, END),
        png(header(1_000_001, 1), chunk(b"IDAT", zlib.compress(bytes(1_000_002))), END),  # libpng reads none so long
        png(header(), chunk(b"eXIf", turned().tobytes()[6:]), PIXELS, END),
        png(header(), chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP), PIXELS, END),
        png(header(), chunk(b"tEXt", b"XML:com.adobe.xmp\0" + XMP), PIXELS, END),
        png(header(), PIXELS, chunk(b"zTXt", b"Raw profile type xmp\0\0" + zlib.compress(XMP)), END),
        png(header(), XML, chunk(b"tEXt", b"exif\0any"), PIXELS, END),
    ],
)
def test_what_is_not_plain_is_left_to_the_decoder(data: bytes) -> None:
    assert prove_png(data, "grey") is None


@pytest.mark.parametrize(
    "data",
    [
        PLAIN[:-1],
        PLAIN + b"\0",
        png(header(), PIXELS),
        png(header(), END),
        png(PIXELS, header(), END),
        png(header(), PIXELS, chunk(b"IEND", b"x")),
        png(header(height=14), PIXELS, END),
        png(header(height=12), PIXELS, END),
        png(header(), chunk(b"IDAT", STREAM[:-4] + b"sum?"), END),
        png(header(), chunk(b"IDAT", STREAM[:-9]), END),
        png(header(), chunk(b"IDAT", STREAM + b"more"), END),
        png(header(), chunk(b"IDAT", zlib.compress(lines(GREY, filter=5))), END),
        png(header(), chunk(b"IDAT", zlib.compress(bytes(50_000_000))), END),
        png(header(), PIXELS[:-1] + bytes([PIXELS[-1] ^ 1]), END),
        png(header()[:-1] + b"?", PIXELS, END),
        png(header(5000, 3), chunk(b"IDAT", windowed(zlib.compress(lines(FAR)), 12)), END),
        png(header(), chunk(b"IDAT", STREAM[:9]), XML, chunk(b"IDAT", STREAM[9:]), END),
        png(header(), chunk(b"ABCD", b""), PIXELS, END),
        png(header(), *[chunk(b"tEXt", b"Comment\0")] * 1001, PIXELS, END),
        png(header(), XML[:-1] + b"?", PIXELS, END),
    ],
)
def test_a_fault_anywhere_is_no_proof(data: bytes) -> None:
    assert prove_png(data, "grey") is None


@st.composite
def damaged(draw: Callable[[st.SearchStrategy[Any]], Any]) -> bytes:
    """A sound PNG with some bytes changed, cut out or doubled, its checksums put right or not."""
    far = header(5000, 3) + chunk(b"IDAT", windowed(zlib.compress(lines(FAR)), draw(st.integers(8, 15)))) + END
    sound = [header() + PIXELS + END, header() + XML + PIXELS + END, saved(GREY)[8:], saved(NOISE)[8:], far]
    body = bytearray(draw(st.sampled_from(sound)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(body) - 1))
        body[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    if draw(st.booleans()):
        at = 0
        while at + 12 <= len(body):
            end = at + 8 + int.from_bytes(body[at : at + 4], "big")
            body[end : end + 4] = struct.pack(">I", zlib.crc32(bytes(body[at + 4 : end])))
            at = end + 4
    return png(bytes(body))


@given(damaged(), st.sampled_from(["grey", "rgb"]))
@settings(max_examples=400, deadline=None)
def test_what_is_proved_always_decodes_alike(data: bytes, color: Color) -> None:
    proved = prove_png(data, color)
    if proved is not None:
        pixels = decode(proved.data, color)
        assert pixels.shape[1::-1] == proved.size
        assert np.array_equal(seen_by_opencv(proved.data), pixels)
        assert np.array_equal(proved.pixels(), pixels)
        with suppress(ImageError):  # of what stands beside the pixels
            assert np.array_equal(decode(data, color), pixels)


@pytest.mark.parametrize(
    "beside",
    [
        XML,
        XML * 2,
        chunk(b"zTXt", b"xml\0\0" + zlib.compress(bytes(90_000_000), 9)),  # which Pillow refuses
        chunk(b"zTXt", b"xml\0\0no stream"),
        chunk(b"zTXt", b"xml\0\1" + zlib.compress(b"another method")),
        chunk(b"zTXt", b""),
        chunk(b"iTXt", b"xml\0\1\0\0\0" + zlib.compress(b"<form/>")),
        chunk(b"tEXt", b"transparency\0x"),  # which Pillow takes for a colour
        chunk(b"pHYs", bytes(8)),
        chunk(b"gAMA", b""),
        chunk(b"prVt", b"of somebody's own"),
    ],
)
def test_what_has_no_bearing_on_the_pixels_is_left_out(beside: bytes) -> None:
    for data in (png(header(), beside, PIXELS, END), png(header(), PIXELS, beside, END)):
        proved = prove_png(data, "grey")
        assert proved is not None
        assert proved.data == PLAIN
        assert np.array_equal(proved.pixels(), GREY)


@given(
    height=st.integers(1, 9), width=st.integers(1, 9), filters=st.lists(st.integers(0, 4), min_size=9), data=st.data()
)
@settings(max_examples=60, deadline=None)
def test_any_lines_of_defined_filters_are_whole(
    height: int, width: int, filters: list[int], data: st.DataObject
) -> None:
    raw = b"".join(bytes([filters[y]]) + data.draw(st.binary(min_size=width, max_size=width)) for y in range(height))
    found = png(header(width, height), chunk(b"IDAT", zlib.compress(raw)), END)
    proved = prove_png(found, "grey")
    assert proved is not None
    assert np.array_equal(proved.pixels(), decode(found, "grey"))
    assert decode(found, "grey").shape == (height, width)


@pytest.mark.parametrize("strategy", [zlib.Z_DEFAULT_STRATEGY, zlib.Z_RLE, zlib.Z_HUFFMAN_ONLY, zlib.Z_FIXED])
def test_a_stream_is_taken_where_zlib_takes_it_and_not_otherwise(strategy: int) -> None:
    """Damage of which no checksum of a chunk tells, in the tables of codes and elsewhere."""
    generator = np.random.default_rng(strategy)
    taken = 0
    for number in range(1500):
        held = generator.integers(0, 40 if number % 2 else 3, 300, np.uint8).tobytes()
        compressor = zlib.compressobj(6, zlib.DEFLATED, 15, 8, strategy)
        stream = bytearray(compressor.compress(held) + compressor.flush())
        place = generator.integers(0, len(stream) if number % 3 else min(40, len(stream)))
        stream[place] ^= 1 << generator.integers(0, 8)
        inflater = zlib.decompressobj()
        try:
            found = inflater.decompress(bytes(stream), 301)
        except zlib.error:
            found = b""
        expected = found if inflater.eof and not inflater.unused_data and len(found) == 300 else None
        assert png_passthrough._inflated(bytes(stream), 300) == expected
        taken += expected is not None
    assert taken  # as where but the window in the header has grown
