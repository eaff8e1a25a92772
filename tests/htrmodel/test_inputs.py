from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from htrdata.errors import BadDataError, HtrError, SourceMissingError
from htrdata.labels import ALNUM
from htrmodel.config import RecogniserConfig
from htrmodel.inputs import WordImage, fit, open_image, standardise, to_inputs


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
    inputs = standardise(np.array([[[0, 255, 51]]], np.uint8), _config())
    assert inputs.dtype == np.float32
    assert inputs.shape == (1, 1, 1, 3)
    np.testing.assert_allclose(inputs.ravel(), [-1, 1, -0.6], rtol=1e-6)
    np.testing.assert_allclose(standardise(np.array([[[255]]], np.uint8), _config(mean=0.0, std=2.0)), [[[[0.5]]]])


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


WORD = np.random.default_rng(3).integers(0, 256, (40, 90), np.uint8)


@pytest.mark.parametrize(
    "array",
    [
        WORD,
        np.repeat(WORD[:, :, None], 3, axis=2),
        WORD.astype(np.float32) / 255,
        WORD.astype(np.float64) / 255,
        WORD.astype(np.uint16) * 257,
        (WORD.astype(np.uint16) * 257).astype(">u2"),
        np.asfortranarray(WORD),
    ],
    ids=lambda array: f"{array.dtype} {list(array.shape)}",
)
def test_an_array_is_read_as_the_image_it_is(array: np.ndarray) -> None:
    assert np.array_equal(np.asarray(open_image(array)), WORD)


def test_a_bool_array_is_white_where_it_is_true() -> None:
    assert np.array_equal(np.asarray(open_image(WORD > 99)), np.where(WORD > 99, 255, 0))


@pytest.mark.parametrize(
    ("array", "kind", "said"),
    [
        (WORD.astype(np.int64), TypeError, r"an array of int64 \[40, 90\] has no defined white: give uint8, bool"),
        (WORD.astype(np.float32), ValueError, r"numbers from 0 to 255: floating point goes from 0 to 1"),
        (np.full((9, 9), np.nan), ValueError, r"numbers from nan to nan: floating point goes from 0 to 1"),
        (
            WORD[None],
            ValueError,
            r"\[1, 40, 90\] is no image of a word: give \[H, W\] or \[H, W, 3\]; of several, a list",
        ),
        (np.zeros((4, 4, 4), np.uint8), ValueError, r"\[4, 4, 4\] is no image of a word"),
        (np.zeros((0, 4), np.uint8), ValueError, r"uint8 \[0, 4\] has no pixels"),
        (WORD.astype(np.complex64), TypeError, "complex64"),
        (np.zeros((4, 4, 3), np.uint16), TypeError, r"or uint16 \[H, W\]"),
    ],
    ids=lambda value: f"{value.dtype} {list(value.shape)}" if isinstance(value, np.ndarray) else "",
)
def test_other_arrays_are_refused(array: np.ndarray, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said) as caught:
        open_image(array)
    assert isinstance(caught.value, HtrError)


def test_one_image_is_a_batch_of_one_and_none_is_an_empty_one(tmp_path: Path) -> None:
    Image.fromarray(WORD).save(tmp_path / "word.png")
    one = to_inputs(tmp_path / "word.png", _config())
    assert one.shape == (1, 1, 32, 100)
    images: list[WordImage] = [WORD, str(tmp_path / "word.png"), Image.fromarray(WORD)]
    several = to_inputs(iter(images), _config())
    assert np.array_equal(several, np.concatenate([one, one, one]))
    assert to_inputs([], _config()).shape == (0, 1, 32, 100)
