"""Decoding against Pillow, and the two ways to the size of the input against their definitions."""

from __future__ import annotations

import io
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from htrdata.images.codec import ImageError, decode
from htrdata.labels import PRINTABLE
from htrmodel.config import RecogniserConfig
from htrmodel.data import decoding
from htrmodel.data.decoding import decode_grey, decode_word

from .conftest import draw


def saved(pixels: np.ndarray, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    cmyk = pixels.ndim == 3 and pixels.shape[2] == 4
    image = Image.frombytes("CMYK", pixels.shape[1::-1], pixels) if cmyk else Image.fromarray(pixels)
    image.save(buffer, format, **options)
    return buffer.getvalue()


def colours(seed: int, channels: int = 3) -> np.ndarray:
    """Soft colours over the whole range: uint8 [H, W, channels]."""
    first = draw(seed)
    height, width = first.shape
    others = (Image.fromarray(draw(seed + 100 * i)).resize((width, height)) for i in range(1, channels))
    return np.ascontiguousarray(np.stack([first, *map(np.asarray, others)], 2))


@pytest.mark.parametrize("seed", range(8))
def test_jpegs_give_the_pixels_that_pillow_gives(seed: int) -> None:
    for pixels in (draw(seed), colours(seed)):
        for options in ({"quality": 95}, {"quality": 30}, {"progressive": True}, {"subsampling": 0, "quality": 90}):
            encoded = saved(pixels, "JPEG", **options)
            assert np.array_equal(decode_grey(encoded), decode(encoded, "grey"))


def test_jpegs_do_not_go_through_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "decode", None)
    assert decode_grey(saved(draw(1), "JPEG")).shape == draw(1).shape


def test_other_images_are_left_to_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    page = colours(3)
    four_inks = saved(np.dstack([page, draw(3)]), "JPEG")
    others = [
        saved(page, "PNG"),
        saved(draw(3), "PNG"),
        four_inks,
        four_inks[:2] + b"\xff\xe0\0\x10AVI1" + bytes(10) + four_inks[2:],
        saved(page, "GIF"),
        saved(draw(3), "JPEG") + b"\0\0",  # what some cameras append
    ]
    monkeypatch.setattr(decoding, "_decode_jpeg", None)
    for encoded in others:
        assert np.array_equal(decode_grey(encoded), decode(encoded, "grey"))
    with pytest.raises(ImageError):  # OpenCV may fill it up in silence
        decode_grey(saved(draw(3), "JPEG")[:-40])


def test_a_jpeg_with_an_orientation_is_turned() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    encoded = saved(draw(4), "JPEG", exif=exif)
    assert decode_grey(encoded).shape == draw(4).shape[::-1]
    assert np.array_equal(decode_grey(encoded), decode(encoded, "grey"))


@pytest.mark.parametrize("behind", ["", "\xff\xfe\0\3!"])  # nothing, or a comment
def test_a_jpeg_that_xmp_turns_is_turned(behind: str) -> None:
    xmp = b'http://ns.adobe.com/xap/1.0/\0<rdf tiff:Orientation="6"/>'
    plain = saved(draw(4), "JPEG")
    added = behind.encode("latin-1") + b"\xff\xe1" + (len(xmp) + 2).to_bytes(2, "big") + xmp
    encoded = plain[:20] + added + plain[20:]
    assert decode_grey(encoded).shape == draw(4).shape[::-1]
    assert np.array_equal(decode_grey(encoded), decode(encoded, "grey"))


def cut(encoded: bytes) -> bytes:
    return encoded[: len(encoded) // 2]


def without_scan(encoded: bytes) -> bytes:
    return encoded[:20] + b"\xff\xd9"


def enormous(encoded: bytes) -> bytes:
    frame = encoded.index(b"\xff\xc0") + 5
    return encoded[:frame] + b"\xff\xdc\xff\xdc" + encoded[frame + 4 :]


@pytest.mark.parametrize("harm", [cut, without_scan, enormous, lambda _: b"<html>", lambda _: b""])
def test_what_is_no_image(harm: object) -> None:
    assert callable(harm)
    with pytest.raises(ImageError):
        decode_grey(harm(saved(draw(1), "JPEG")))


sizes = st.integers(1, 300)


@settings(deadline=None, max_examples=40)
@given(sizes, sizes, st.sampled_from([(32, 100), (48, 96), (64, 256)]))
def test_stretch_is_pillows_bicubic_and_pad_repeats_the_last_column(
    height: int, width: int, size: tuple[int, int]
) -> None:
    pixels = np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width), np.uint8)
    encoded = saved(pixels, "PNG")
    wanted_height, wanted_width = size
    stretched = decode_word(encoded, RecogniserConfig(charset=PRINTABLE, height=size[0], width=size[1]))
    image = Image.fromarray(pixels)
    assert np.array_equal(stretched, np.asarray(image.resize((wanted_width, wanted_height), Image.Resampling.BICUBIC)))
    padded = decode_word(encoded, RecogniserConfig(charset=PRINTABLE, height=size[0], width=size[1], resize="pad"))
    # clova's AlignCollate and NormalizePAD, as their paper's code describes them.
    new_width = min(wanted_width, math.ceil(wanted_height * (width / float(height))))
    expected = np.empty((wanted_height, wanted_width), np.uint8)
    expected[:, :new_width] = np.asarray(image.resize((new_width, wanted_height), Image.Resampling.BICUBIC))
    expected[:, new_width:] = expected[:, new_width - 1 : new_width]
    assert padded.dtype == np.uint8
    assert np.array_equal(padded, expected)


def test_workers_import_little() -> None:
    code = (
        "import sys, htrmodel.data.decoding; print(*sorted({'torch', 'pyarrow', 'pandas', 'cv2'} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.split() == []
