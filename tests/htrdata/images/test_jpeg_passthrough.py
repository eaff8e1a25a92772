"""Grey JPEGs that may stand as they are: those of which every decoder gives the pixels that Pillow gives."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from htrdata.images.codec import ImageError, decode, encode
from htrdata.images.jpeg_passthrough import is_plain_grey_jpeg

GREY = np.random.default_rng(5).integers(0, 256, (24, 50), dtype=np.uint8)


def saved(mode: str = "L", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(GREY).convert(mode).save(file, "JPEG", **options)
    return file.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


XMP = segment(0xE1, b'http://ns.adobe.com/xap/1.0/\0<rdf tiff:Orientation="6"/>')
EXIF = Image.Exif()
EXIF[0x0112] = 6


def with_segment(added: bytes, encoded: bytes | None = None) -> bytes:
    encoded = encoded or encode(GREY, "jpeg")
    return encoded[:20] + added + encoded[20:]  # behind JFIF's


PLAIN = [
    encode(GREY, "jpeg"),
    saved(),
    saved(progressive=True),
    saved(restart_marker_rows=1),
    saved(comment=b"any"),
    with_segment(segment(0xE2, b"ICC_PROFILE\0\1\1any")),
    with_segment(segment(0xEE, b"Adobe\0d\0\0\0\0\2")),
    encode(GREY, "jpeg") + b"\0\0",
]
OTHERS = [
    b"",
    b"\xff\xd8",
    encode(GREY, "png"),
    saved("RGB"),
    saved("CMYK"),
    saved(exif=EXIF),
    with_segment(XMP),
    with_segment(b"\xff" + XMP),  # a byte to fill up
    with_segment(segment(0xE0, b"any") + XMP),
    encode(GREY, "jpeg").replace(b"\xff\xc0", b"\xff\xc9"),  # arithmetic coding, which few read
]


def seen_by_opencv(encoded: bytes) -> np.ndarray:
    pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    return pixels


@pytest.mark.parametrize("encoded", PLAIN)
def test_a_plain_one_opens_alike_everywhere(encoded: bytes) -> None:
    assert is_plain_grey_jpeg(encoded)
    assert np.array_equal(seen_by_opencv(encoded), decode(encoded, "grey"))


@pytest.mark.parametrize("encoded", OTHERS)
def test_another_one_is_told_from_it(encoded: bytes) -> None:
    assert not is_plain_grey_jpeg(encoded)


@given(
    encoded=st.sampled_from(PLAIN + OTHERS[5:9]),
    changes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 2), st.binary(max_size=2)), max_size=3),
)
@settings(max_examples=200, deadline=None)
def test_what_is_plain_and_decodes_does_so_alike(encoded: bytes, changes: list[tuple[float, int, bytes]]) -> None:
    body = bytearray(encoded)
    for place, length, new in changes:
        at = int(place * len(body))
        body[at : at + length] = new
    changed = bytes(body)
    try:
        pixels = decode(changed, "grey")
    except ImageError:
        return
    if is_plain_grey_jpeg(changed):
        assert np.array_equal(seen_by_opencv(changed), pixels)
