from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from htrdata.errors import BadDataError, SourceMissingError
from htrdata.labels import ALNUM
from htrmodel.config import RecogniserConfig
from htrmodel.inputs import fit, normalise, open_image, to_grey, to_inputs


def _config(**fields: Any) -> RecogniserConfig:
    return RecogniserConfig(charset=ALNUM, **fields)


def _gradient(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.linspace(0, 255, width).round().astype(np.uint8)[None].repeat(height, 0))


def test_an_image_of_the_right_size_is_left_as_it_is() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 100), np.uint8)
    assert np.array_equal(fit(Image.fromarray(pixels), _config()), pixels)


def test_stretching_ignores_the_shape_and_padding_keeps_it() -> None:
    square = _gradient(64, 64)
    stretched, padded = fit(square, _config()), fit(square, _config(resize="pad"))
    assert stretched.shape == padded.shape == (32, 100)
    assert np.array_equal(padded[:, :32], np.asarray(square.resize((32, 32), Image.Resampling.BICUBIC)))
    assert (padded[:, 32:] == padded[:, 31:32]).all()
    assert stretched[:, 99].mean() > 250
    assert np.array_equal(fit(_gradient(900, 64), _config(resize="pad")), fit(_gradient(900, 64), _config()))


def test_inputs_run_from_minus_one_to_one() -> None:
    inputs = normalise(np.array([[[0, 255, 51]]], np.uint8), _config())
    assert inputs.dtype == np.float32
    assert inputs.shape == (1, 1, 1, 3)
    np.testing.assert_allclose(inputs.ravel(), [-1, 1, -0.6], rtol=1e-6)
    np.testing.assert_allclose(normalise(np.array([[[255]]], np.uint8), _config(mean=0.0, std=2.0)), [[[[0.5]]]])


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "1", "CMYK", "I;16", "I"])
def test_white_is_white_in_every_mode(mode: str) -> None:
    white = Image.fromarray(np.full((8, 9), 65535, np.uint16)) if mode == "I;16" else Image.new("L", (9, 8), 255)
    if mode == "I":
        white = Image.fromarray(np.full((8, 9), 65535, np.int32))
    elif mode != "I;16":
        white = white.convert(mode)
    assert (np.asarray(to_grey(white)) == 255).all()


def test_transparent_paper_is_white() -> None:
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    image.putpixel((1, 2), (0, 0, 0, 255))
    grey = np.asarray(to_grey(image))
    assert grey[2, 1] == 0
    assert (np.delete(grey.ravel(), 9) == 255).all()


def test_orientation_is_applied() -> None:
    image = _gradient(20, 10)
    exif = Image.Exif()
    exif[0x0112] = 3
    buffer = io.BytesIO()
    image.save(buffer, "PNG", exif=exif)
    assert np.array_equal(np.asarray(open_image(buffer.getvalue())), np.asarray(image)[::-1, ::-1])


def test_faults_are_named(tmp_path: Path) -> None:
    path = tmp_path / "word.png"
    with pytest.raises(SourceMissingError, match=r"no image at .*word\.png"):
        open_image(path)
    _gradient(200, 50).save(path)
    path.write_bytes(path.read_bytes()[:80])
    with pytest.raises(BadDataError, match=r"word\.png: the image is damaged"):
        to_inputs([path], _config())
    with pytest.raises(BadDataError, match="an image of 4 bytes: not a readable JPEG"):
        open_image(b"text")
