"""What grey is, is decided once: an image gives the same pixels as a file and as what Pillow has opened."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from htrdata.errors import BadDataError
from htrdata.images.codec import ImageError, decode, grey_image

# Every mode of Pillow that a format can hold, with each of the formats that are decoded.
STORED = {
    "1": ("PNG", "TIFF", "BMP", "GIF"),
    "L": ("JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP"),
    "LA": ("PNG", "TIFF"),
    "P": ("PNG", "TIFF", "BMP", "GIF"),
    "PA": ("TIFF",),
    "RGB": ("JPEG", "PNG", "TIFF", "BMP", "WEBP"),
    "RGBA": ("PNG", "TIFF", "WEBP"),
    "RGBX": ("TIFF",),
    "CMYK": ("JPEG", "TIFF"),
    "YCbCr": ("JPEG", "TIFF"),
    "LAB": ("TIFF",),
    "I;16": ("PNG", "TIFF"),
    "I;16B": ("PNG", "TIFF"),
    "I": ("TIFF",),
    "F": ("TIFF",),
}
CASES = [(mode, kind) for mode, kinds in STORED.items() for kind in kinds]


def noise(mode: str) -> Image.Image:
    """Noise in every channel, the transparency too."""
    random = np.random.default_rng(5)
    if mode in ("I;16", "I;16B"):
        image = Image.fromarray(random.integers(0, 65536, (23, 37), np.uint16))
        return image if mode == "I;16" else image.convert("I").convert("I;16B")
    if mode == "I":
        return Image.fromarray(random.integers(-(2**20), 2**20, (23, 37), np.int32))
    if mode == "F":
        return Image.fromarray(random.random((23, 37), np.float32))
    if mode in ("LA", "La", "PA"):
        bands = [Image.fromarray(band) for band in random.integers(0, 256, (2, 23, 37), np.uint8)]
        return Image.merge("LA", bands).convert(mode)
    colour = Image.fromarray(random.integers(0, 256, (23, 37, 4), np.uint8), "RGBA")
    if mode in ("RGBA", "RGBa"):
        return colour.convert(mode)
    if mode == "LAB":
        return Image.frombytes("LAB", (37, 23), random.integers(0, 256, (23, 37, 3), np.uint8).tobytes())
    return colour.convert("RGB").convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def outcome(grey: object) -> np.ndarray | str:
    """The pixels, or what was refused."""
    try:
        return np.asarray(grey())  # type: ignore[operator]
    except ImageError as error:
        return str(error)


@pytest.mark.parametrize(("mode", "kind"), CASES)
def test_a_file_and_an_image_that_is_open_give_the_same_grey(mode: str, kind: str) -> None:
    data = saved(noise(mode), kind)
    of_file = outcome(lambda: decode(data, "grey"))
    opened = outcome(lambda: grey_image(Image.open(io.BytesIO(data))))
    if isinstance(of_file, str):
        assert opened == of_file
        assert "no defined white" in of_file
    else:
        assert np.array_equal(opened, of_file)
        assert of_file.std() > 10


@pytest.mark.parametrize(("mode", "kind"), CASES)
def test_decoding_an_image_first_changes_nothing_but_the_rounding_of_a_jpeg(mode: str, kind: str) -> None:
    data = saved(noise(mode), kind)
    image = Image.open(io.BytesIO(data))
    image.load()
    of_file, decoded = outcome(lambda: decode(data, "grey")), outcome(lambda: grey_image(image))
    if isinstance(of_file, str) or isinstance(decoded, str):
        assert of_file == decoded
    elif kind == "JPEG" and image.mode == "RGB":
        # Extreme noise: red, green and blue are cut off at 0 and 255.
        assert np.median(np.abs(of_file.astype(int) - decoded)) <= 1
    else:
        assert np.array_equal(of_file, decoded)


@pytest.mark.parametrize(
    ("mode", "same_as"),
    [
        ("La", "LA"),
        ("RGBa", "RGBA"),
        ("RGBX", "RGB"),
        ("HSV", "RGB"),
        ("YCbCr", "RGB"),
        ("PA", "LA"),
        ("I;16B", "I;16"),
    ],
)
def test_a_mode_that_no_file_has_is_read_as_the_one_it_stands_for(mode: str, same_as: str) -> None:
    image = noise(mode)
    grey = np.asarray(grey_image(image))
    plain = image.convert("I").convert("I;16") if mode == "I;16B" else image.convert(same_as)
    assert np.array_equal(grey, decode(saved(plain, "PNG"), "grey"))


@pytest.mark.parametrize("mode", ["I", "F"])
def test_numbers_without_a_white_are_refused_not_made_black(mode: str) -> None:
    with pytest.raises(BadDataError, match="no defined white: save the image with 8 or 16 bits"):
        grey_image(noise(mode))


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "HSV", "I;16"]
)
def test_white_is_white_in_every_mode(mode: str) -> None:
    white = Image.new("L", (9, 8), 255)
    if mode == "I;16":
        image = Image.fromarray(np.full((8, 9), 65535, np.uint16))
    else:
        image = white.convert("LA").convert(mode) if mode in ("La", "PA") else white.convert("RGB").convert(mode)
        image = white.convert("RGBA").convert("RGBa") if mode == "RGBa" else image
    assert (np.asarray(grey_image(image)) == 255).all()


def test_transparent_paper_is_white() -> None:
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    image.putpixel((1, 2), (0, 0, 0, 255))
    grey = np.asarray(grey_image(image))
    assert grey[2, 1] == 0
    assert (np.delete(grey.ravel(), 9) == 255).all()


def test_white_is_zero_is_seen_in_a_tiff_that_is_open() -> None:
    tags = ImageFileDirectory_v2()
    tags[262] = 0  # photometric interpretation: white is zero
    data = saved(noise("I;16"), "TIFF", tiffinfo=tags)
    assert np.array_equal(np.asarray(grey_image(Image.open(io.BytesIO(data)))), decode(data, "grey"))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_orientation_is_applied_to_an_image_that_is_open(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(noise("L"), kind, exif=exif)
    grey = np.asarray(grey_image(Image.open(io.BytesIO(data))))
    assert np.array_equal(grey, decode(data, "grey"))
    assert grey.shape == ((37, 23) if orientation >= 5 else (23, 37))


def test_reading_an_image_leaves_it_as_it_was() -> None:
    data = saved(noise("RGB"), "JPEG")
    image = Image.open(io.BytesIO(data))
    grey_image(image)
    assert image.mode == "RGB"
    assert np.array_equal(np.asarray(image), np.asarray(Image.open(io.BytesIO(data))))
    assert grey_image(grey := noise("L")) is grey


def test_a_damaged_or_closed_image_is_said_to_be() -> None:
    cut = saved(noise("L"), "PNG")[:300]
    with pytest.raises(ImageError, match="the image is damaged"):
        grey_image(Image.open(io.BytesIO(cut)))
    with Image.open(io.BytesIO(saved(noise("L"), "PNG"))) as closed:
        pass
    with pytest.raises(ImageError, match="the image is damaged"):
        grey_image(closed)
