"""The pages of a TIFF, and formats that are read from a person's own files alone."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from htrdata.images import tiff_pages
from htrdata.images.codec import ImageError, decode, decode_page
from htrdata.images.tiff_pages import find_pages


def grey(level: int, size: tuple[int, int] = (12, 9)) -> Image.Image:
    return Image.new("L", size, level)


def tiff(*pages: Image.Image, kinds: tuple[int, ...] = ()) -> bytes:
    """A TIFF of these pages; `kinds` are their NewSubfileType."""
    file = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(file) as writer:
        for number, page in enumerate(pages):
            page.save(writer, "TIFF", tiffinfo={254: kinds[number]} if kinds else {})
            writer.newFrame()
    return file.getvalue()


def test_each_page_has_its_own_pixels_and_size() -> None:
    file = io.BytesIO(tiff(grey(10), grey(20, (5, 4)), grey(30)))
    assert find_pages(file) == [0, 1, 2]
    shapes = []
    for page in find_pages(file):
        file.seek(0)
        pixels = decode_page(file, "grey", page)
        assert (pixels == 10 * (page + 1)).all()
        shapes.append(pixels.shape)
    assert shapes == [(9, 12), (4, 5), (9, 12)]


def test_smaller_pictures_and_masks_are_no_pages() -> None:
    assert find_pages(io.BytesIO(tiff(grey(1), grey(2), grey(3), grey(4), kinds=(0, 1, 4, 2)))) == [0, 3]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_other_images_are_one_page(kind: str) -> None:
    file = io.BytesIO()
    grey(7).save(file, kind, **({"save_all": True, "append_images": [grey(200)]} if kind == "GIF" else {}))
    assert find_pages(file) == [0]


def test_what_is_damaged_is_a_page_that_says_so() -> None:
    content = tiff(grey(10), grey(20))
    first = tiff(grey(10))
    for cut in range(len(first) + 1, len(content)):
        file = io.BytesIO(content[:cut])
        assert find_pages(file)[0] == 0
    assert find_pages(io.BytesIO(b"II*\0")) == [0]
    assert find_pages(io.BytesIO(b"")) == [0]


def test_a_page_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ImageError, match="outside sequence"):
        decode_page(io.BytesIO(tiff(grey(10))), "grey", 5)


def test_a_chain_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiff_pages, "MAX_PAGES", 3)
    assert find_pages(io.BytesIO(tiff(*[grey(1)] * 3))) == [0, 1, 2]
    with pytest.raises(ImageError, match="more than 3 pages: split it"):
        find_pages(io.BytesIO(tiff(*[grey(1)] * 5)))


@pytest.mark.parametrize(
    ("kind", "options"), [("PPM", {}), ("JPEG2000", {"irreversible": False}), ("AVIF", {"quality": 100})]
)
def test_files_of_ones_own_may_be_of_more_formats(kind: str, options: dict[str, object], tmp_path: Path) -> None:
    pixels = np.tile(np.arange(0, 240, 4, dtype=np.uint8), (20, 1))
    path = tmp_path / "word"
    try:
        Image.fromarray(pixels).save(path, kind, **options)
    except (KeyError, OSError) as error:
        pytest.skip(f"this Pillow writes no {kind}: {error}")
    with path.open("rb") as file:
        found = decode_page(file, "grey")
    assert np.abs(found.astype(int) - pixels).max() <= (3 if kind == "AVIF" else 0)
    with pytest.raises(ImageError, match="not a readable JPEG"):
        decode(path.read_bytes(), "grey")


def test_pnm_of_sixteen_bits_keeps_its_white() -> None:
    header = b"P5 4 1 1023\n"
    values = np.array([0, 256, 512, 1023], ">u2").tobytes()
    assert decode_page(io.BytesIO(header + values), "grey").tolist() == [[0, 64, 128, 255]]
