"""Images that a source makes itself: a build takes them as they are.

It makes none where the source itself or the page rules the word out.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import pytest
from PIL import Image

from htrdata.building.options import BuildOptions
from htrdata.building.page_cutting import rows_of_page
from htrdata.files.on_disk import FileOnDisk
from htrdata.images.codec import decode, encode
from htrdata.images.made import GreyJpeg, MadeImage
from htrdata.labels import PRINTABLE, LabelPolicy
from htrdata.records import Box, ImageFile, Page, Reason, Word


@dataclass(frozen=True, slots=True)
class Striped(MadeImage):
    """Twelve by eight pixels."""

    name: ClassVar[str] = "stripes"

    def make(self) -> GreyJpeg:
        pixels = np.repeat(np.arange(0, 240, 20, dtype=np.uint8)[None], 8, axis=0)
        return GreyJpeg(encode(pixels, "jpeg"), 12, 8)


@dataclass(frozen=True, slots=True)
class Unmade(MadeImage):
    """An image that nobody may ask for."""

    name: ClassVar[str] = "unmade"

    def make(self) -> GreyJpeg:
        raise AssertionError("an image was made that nobody looks at")


def page(*words: Word, reason: Reason | None = None) -> Page:
    return Page("p", "train", words, reason=reason)


def test_a_made_image_is_an_image_file() -> None:
    image: ImageFile = Striped()
    assert image.read() == Striped().make().data
    assert image.name == "stripes"


def test_a_class_of_made_images_says_all_that_an_image_file_says() -> None:
    class Nameless(MadeImage):
        def make(self) -> GreyJpeg:
            return Striped().make()

    with pytest.raises(TypeError, match=r"abstract method '?name"):
        Nameless()  # type: ignore[abstract]


def test_judging_makes_no_image() -> None:
    (row,) = rows_of_page(page(Word("a", "one", image=Unmade())), BuildOptions(), pixels=False)
    assert (row.reason, row.text, row.image) == (None, "one", None)


def test_a_word_that_is_ruled_out_is_not_made() -> None:
    kept = Word("a", "one", image=Striped())
    ruled_out = Word("b", "two", image=Unmade(), reason=Reason.SEGMENTATION_ERR)
    first, second = rows_of_page(page(kept, ruled_out), BuildOptions())
    assert (first.reason, first.width, first.height) == (None, 12, 8)
    assert first.image == Striped().make().data
    assert (second.reason, second.text, second.image) == (Reason.SEGMENTATION_ERR, None, None)


def test_a_word_whose_label_is_dropped_is_made_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Striped] = []
    make = Striped.make

    def counted(image: Striped) -> GreyJpeg:
        made.append(image)
        return make(image)

    monkeypatch.setattr(Striped, "make", counted)
    word = Word("a", "é", image=Striped())
    (row,) = rows_of_page(page(word), BuildOptions(labels=LabelPolicy(PRINTABLE)))
    assert (row.reason, row.image, made) == (Reason.OUT_OF_CHARSET, None, [word.image])


def test_no_word_of_a_page_that_is_ruled_out_is_made() -> None:
    (row,) = rows_of_page(page(Word("a", "one", image=Unmade()), reason=Reason.DUPLICATE_PAGE), BuildOptions())
    assert (row.reason, row.image) == (Reason.DUPLICATE_PAGE, None)


# Images of words that come as files: whatever ends in a store opens alike in Pillow and OpenCV

NOISE = np.random.default_rng(8).integers(0, 256, (20, 33, 3), dtype=np.uint8)


def saved(mode: str, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image = (
        Image.fromarray(NOISE).convert(mode) if mode != "I;16" else Image.fromarray(NOISE[:, :, 0].astype("<u2") * 257)
    )
    image.save(file, kind, **options)
    return file.getvalue()


def jpeg_turned_by_xmp() -> bytes:
    xmp, plain = b'http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation="6"/>', saved("L", "JPEG")
    return plain[:20] + b"\xff\xe1" + (len(xmp) + 2).to_bytes(2, "big") + xmp + plain[20:]


def exif(orientation: int) -> Image.Exif:
    found = Image.Exif()
    found[0x0112] = orientation
    return found


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_with(*behind_the_header: bytes) -> bytes:
    plain = encode(NOISE[:, :, 0], "png")
    return plain[:33] + b"".join(behind_the_header) + plain[33:]


def png_of_small_window() -> bytes:
    pixels = np.tile(NOISE.reshape(1, -1), (3, 1))
    rows, (width, height) = np.pad(pixels, ((0, 0), (1, 0))).tobytes(), pixels.shape[::-1]
    head = png_chunk(b"IHDR", struct.pack(">II5B", width, height, 8, 0, 0, 0, 0))
    stream = b"\x08\x1d" + zlib.compress(rows)[2:]  # 256 bytes
    return b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"IDAT", stream) + png_chunk(b"IEND", b"")


WORDS = {
    "grey JPEG turned by XMP": jpeg_turned_by_xmp(),
    "grey JPEG turned by Exif": saved("L", "JPEG", exif=exif(6)),
    "grey JPEG mirrored": saved("L", "JPEG", exif=exif(2)),
    "progressive": saved("L", "JPEG", progressive=True),
    "JPEG in colour": saved("RGB", "JPEG"),
    "JPEG of four inks": saved("CMYK", "JPEG"),
    "JPEG with something behind it": saved("L", "JPEG") + b"any",
    "PNG of a small window": png_of_small_window(),
    "PNG without an end": encode(NOISE[:, :, 0], "png")[:-12],
    "PNG without the checksum of its pixels": encode(NOISE[:, :, 0], "png")[:-16] + bytes(4) + png_chunk(b"IEND", b""),
    "PNG with something behind it": encode(NOISE[:, :, 0], "png") + b"any",
    "PNG with transparency": png_with(png_chunk(b"tRNS", b"\0\x07")),
    "PNG with gamma": png_with(png_chunk(b"gAMA", struct.pack(">I", 10_000)), png_chunk(b"sRGB", b"\0")),
    "PNG with a profile": saved("L", "PNG", icc_profile=b"any"),
    "PNG with a damaged profile": png_with(png_chunk(b"iCCP", b"any\0\0any")),
    "PNG with an unknown critical chunk": png_with(png_chunk(b"ABCD", b"")),
    "PNG of 16 bits": saved("I;16", "PNG"),
    "PNG of a palette": saved("P", "PNG"),
    "black and white": saved("1", "PNG"),
    "turned PNG": saved("L", "PNG", exif=exif(8)),
    "WebP": saved("RGB", "WEBP", lossless=True),
}


@pytest.mark.parametrize("color", ["grey", "rgb"])
@pytest.mark.parametrize("name", WORDS)
def test_what_ends_in_a_store_opens_alike_everywhere(name: str, color: Any, tmp_path: Path) -> None:
    file = tmp_path / "word"
    file.write_bytes(WORDS[name])
    (row,) = rows_of_page(page(Word("a", "one", image=FileOnDisk(file))), BuildOptions(height=0, color=color))
    assert row.image is not None
    pixels = decode(WORDS[name], color)
    assert (row.height, row.width) == pixels.shape[:2]
    assert np.array_equal(decode(row.image, color), pixels)
    seen = cv2.imdecode(np.frombuffer(row.image, np.uint8), cv2.IMREAD_UNCHANGED)
    assert seen is not None
    assert np.array_equal(seen if color == "grey" else seen[:, :, ::-1], pixels)


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        (Box(16, 10, 37, 24), None),  # two pixels over each edge of a page of 33 x 20
        (Box(16, 10, 45, 12, 30), None),
        (Box(16, 10, 23_000, 23_000), Reason.INVALID_BOX),
        (Box(16, 10, 30_000, 1), Reason.INVALID_BOX),
        (Box(16, 10, 1, 30_000, 88), Reason.INVALID_BOX),
        (Box(16, 10, 50, 30), Reason.INVALID_BOX),
        (Box(11_510, 10, 23_000, 23_000), Reason.INVALID_BOX),
        (Box(90_000, 10, 23_000, 23_000), Reason.EMPTY_BOX),
    ],
)
@pytest.mark.parametrize("pixels", [True, False])
def test_a_box_is_limited_by_its_page(box: Box, reason: Reason | None, pixels: bool, tmp_path: Path) -> None:
    (tmp_path / "page.png").write_bytes(encode(NOISE[:, :, 0], "png"))
    listed = Page("p", "train", (Word("a", "one", box),), FileOnDisk(tmp_path / "page.png"))
    (row,) = rows_of_page(listed, BuildOptions(height=0), pixels=pixels)
    assert row.reason is reason
    assert (row.image is None) == (reason is not None or not pixels)


@pytest.mark.parametrize("damaged", [saved("L", "JPEG")[:-200], WORDS["PNG with gamma"][:200], b"\xff\xd8\xff\xe0"])
def test_an_image_that_is_cut_off_is_corrupt(damaged: bytes, tmp_path: Path) -> None:
    (tmp_path / "word").write_bytes(damaged)
    (row,) = rows_of_page(page(Word("a", "one", image=FileOnDisk(tmp_path / "word"))), BuildOptions())
    assert (row.reason, row.image) == (Reason.IMAGE_CORRUPT, None)
