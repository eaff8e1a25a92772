"""Decoding of sound, odd and hostile images, and encoding."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from htrdata.errors import BadDataError, UsageError
from htrdata.images.codec import MAX_JPEG_SIDE, MAX_PIXELS, Color, ImageError, decode, encode, read_size
from htrdata.images.opencv import opencv

# Sides that differ and no symmetry: a wrong turn or mirror cannot pass.
RAMP = np.add.outer(np.arange(24) * 4, np.arange(36) * 3).astype(np.uint8)
COLOURS = np.stack([RAMP, RAMP[::-1], 255 - RAMP], axis=2)
NOISE = np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)
BEST: dict[str, dict[str, Any]] = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}


def saved(image: Image.Image | np.ndarray, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, format, **options)
    return file.getvalue()


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def luma(rgb: np.ndarray) -> np.ndarray:
    return rgb.astype(float) @ (0.299, 0.587, 0.114)


def largest_difference(a: np.ndarray, b: np.ndarray) -> float:
    assert a.shape == b.shape
    return float(np.abs(a.astype(float) - b.astype(float)).max())


def png_chunks(data: bytes) -> list[bytes]:
    chunks, at = [], 8
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        chunks.append(data[at:end])
        at = end
    return chunks


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


SOUND = {
    "jpeg": saved(NOISE, "JPEG", quality=90, exif=exif(6)),
    "progressive": saved(NOISE, "JPEG", progressive=True),
    "cmyk": saved(Image.fromarray(NOISE).convert("CMYK"), "JPEG"),
    "mpo": saved(Image.fromarray(NOISE), "MPO", save_all=True, append_images=[Image.fromarray(NOISE)]),
    "png": saved(NOISE, "PNG", exif=exif(3)),
    "palette": saved(Image.fromarray(NOISE).convert("P"), "PNG", transparency=bytes(range(100))),
    "apng": saved(Image.fromarray(NOISE), "PNG", save_all=True, append_images=[Image.fromarray(255 - NOISE)]),
    "gif": saved(Image.fromarray(NOISE), "GIF", save_all=True, append_images=[Image.fromarray(255 - NOISE)]),
    "webp": saved(NOISE, "WEBP", lossless=True),
    "lossy webp": saved(NOISE, "WEBP", exif=exif(8)),
    "tiff": saved(NOISE, "TIFF", exif=exif(5)),
    "lzw": saved(NOISE, "TIFF", compression="tiff_lzw"),
    "16 bits": saved(NOISE[:, :, 0].astype(np.uint16) * 257, "TIFF"),
    "bmp": saved(NOISE, "BMP"),
}


def claiming(name: str, at: int, layout: str, width: int, height: int) -> bytes:
    """A sound file whose header is made to state another size."""
    data = bytearray(SOUND[name])
    struct.pack_into(layout, data, at, width, height)
    return bytes(data)


def large_png(width: int, height: int) -> bytes:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(bytes(100))) + png_chunk(b"IEND", b"")


def large_tiff(width: int, height: int, *, offset: tuple[int, float] = (4, 8)) -> bytes:
    """A grey TIFF with four pixels at byte 8; `offset` is the type and value of its tag StripOffsets."""
    tags: dict[int, tuple[int, float]] = {256: (4, width), 257: (4, height), 258: (4, 8), 259: (4, 1), 262: (4, 1)}
    tags |= {273: offset, 277: (4, 1), 278: (4, height), 279: (4, 4)}
    layouts = {4: "<HHII", 11: "<HHIf"}
    entries = b"".join(struct.pack(layouts[kind], tag, kind, 1, value) for tag, (kind, value) in tags.items())
    return b"II*\0" + struct.pack("<I4sH", 12, bytes(4), len(tags)) + entries + struct.pack("<I", 0)


class TestFormats:
    @pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "WEBP"])
    def test_lossless_formats_are_exact(self, format: str) -> None:
        data = saved(COLOURS, format, **BEST.get(format, {}))
        assert np.array_equal(decode(data, "rgb"), COLOURS)
        assert largest_difference(decode(data, "grey"), luma(COLOURS)) <= 1
        assert read_size(data) == (36, 24)

    @pytest.mark.parametrize("name", SOUND)
    def test_result_is_uint8_contiguous_and_has_the_size_read(self, name: str) -> None:
        width, height = read_size(SOUND[name])
        assert {width, height} == {40, 60}
        grey, rgb = decode(SOUND[name], "grey"), decode(SOUND[name], "rgb")
        assert grey.shape == (height, width)
        assert rgb.shape == (height, width, 3)
        assert grey.dtype == rgb.dtype == np.uint8
        assert grey.flags.c_contiguous
        assert rgb.flags.c_contiguous

    @pytest.mark.parametrize("color", ["grey", "rgb"])
    @pytest.mark.parametrize("size", [(1500, 1801), (2, 700_001), (900_000, 3)])  # height, width
    def test_images_of_several_strips_are_exact_and_read_only(self, color: Color, size: tuple[int, int]) -> None:
        shape = size if color == "grey" else (*size, 3)
        pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        decoded = decode(encode(pixels, "png"), color)
        assert np.array_equal(decoded, pixels)
        assert decoded.flags.c_contiguous
        assert not decoded.flags.writeable

    def test_colour_jpeg_in_grey_is_its_stored_luma(self) -> None:
        data = saved(COLOURS, "JPEG", quality=95)
        assert np.abs(decode(data, "grey") - luma(COLOURS)).mean() < 1.5
        # Strong colours lie outside RGB and are clipped there; the luma must not have taken that way.
        data = saved(NOISE, "JPEG", quality=50)
        planes = Image.open(io.BytesIO(data))
        planes.draft("YCbCr", None)
        assert np.array_equal(decode(data, "grey"), np.asarray(planes)[:, :, 0])
        assert largest_difference(decode(data, "grey"), luma(decode(data, "rgb"))) > 5

    def test_jpeg_that_stores_rgb_is_grey_by_luma(self) -> None:
        data = saved(COLOURS, "JPEG", quality=100, keep_rgb=True)
        assert largest_difference(decode(data, "grey"), luma(COLOURS)) <= 3

    def test_grey_becomes_rgb_with_equal_channels(self) -> None:
        assert np.array_equal(decode(saved(RAMP, "PNG"), "rgb"), np.repeat(RAMP[:, :, None], 3, axis=2))

    @pytest.mark.parametrize("format", ["JPEG", "TIFF"])
    def test_cmyk_is_converted(self, format: str) -> None:
        inks = np.zeros((16, 32, 4), np.uint8)
        inks[:, 16:] = (0, 255, 255, 0)  # red
        data = saved(Image.fromarray(inks, "CMYK"), format)
        rgb = decode(data, "rgb")
        assert largest_difference(rgb[:, :12], np.full((16, 12, 3), 255, np.uint8)) <= 4
        assert np.abs(rgb[:, 20:].reshape(-1, 3).mean(axis=0) - (255, 0, 0)).max() <= 4
        assert np.abs(decode(data, "grey")[:, 20:].mean() - 0.299 * 255) <= 4

    def test_lab_is_converted_in_both_colours(self) -> None:
        data = saved(Image.new("LAB", (4, 3), (128, 128, 128)), "TIFF")
        assert largest_difference(decode(data, "grey"), luma(decode(data, "rgb"))) <= 1

    def test_one_bit(self) -> None:
        bits = RAMP > 90
        for format in ("PNG", "TIFF", "BMP"):
            assert np.array_equal(decode(saved(Image.fromarray(bits), format), "grey"), bits * np.uint8(255))

    def test_palette(self) -> None:
        image = Image.fromarray((np.indices((4, 6)).sum(axis=0) % 3).astype(np.uint8)).convert("P")
        image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
        assert decode(saved(image, "PNG"), "rgb")[0, :3].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
        assert decode(saved(image, "PNG"), "grey")[0, :3].tolist() == [76, 150, 29]

    @pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF"])
    def test_animations_and_stacks_give_the_first_frame(self, format: str) -> None:
        frames = [Image.new("RGB", (9, 5), (shade,) * 3) for shade in (40, 200, 120)]
        data = saved(frames[0], format, save_all=True, append_images=frames[1:], **BEST.get(format, {}))
        assert np.array_equal(decode(data, "grey"), np.full((5, 9), 40, np.uint8))


class TestDepth:
    @pytest.mark.parametrize("format", ["PNG", "TIFF"])
    def test_16_bits_are_scaled_not_clipped(self, format: str) -> None:
        wide = np.arange(0, 65536, 16, dtype=np.uint16).reshape(64, 64)
        assert np.array_equal(decode(saved(wide, format), "grey"), wide // 256)
        assert np.array_equal(decode(saved(wide, format), "rgb")[:, :, 1], wide // 256)

    def test_big_endian_tiff(self) -> None:
        wide = np.arange(0, 65536, 16, dtype=np.uint16).reshape(64, 64)
        data = saved(Image.frombytes("I;16B", (64, 64), wide.astype(">u2").tobytes()), "TIFF")
        assert data.startswith(b"MM")
        assert np.array_equal(decode(data, "grey"), wide // 256)

    def test_16_bit_tiff_whose_white_is_zero(self) -> None:
        wide = np.arange(0, 65536, 16, dtype=np.uint16).reshape(64, 64)
        data = saved(wide, "TIFF", tiffinfo={262: 0})
        assert np.array_equal(decode(data, "grey"), 255 - wide // 256)

    def test_16_bit_png_with_a_transparent_grey(self) -> None:
        data = saved(np.array([[0, 0x1234, 0xFFFF]], np.uint16), "PNG")
        header, *rest = png_chunks(data)
        data = data[:8] + header + png_chunk(b"tRNS", b"\x12\x34") + b"".join(rest)
        assert decode(data, "grey").tolist() == [[0, 255, 255]]

    @pytest.mark.parametrize("dtype", [np.float32, np.int32])
    def test_numbers_without_a_defined_white_are_refused(self, dtype: type) -> None:
        with pytest.raises(ImageError, match="no defined white"):
            decode(saved(RAMP.astype(dtype), "TIFF"), "grey")


class TestTransparency:
    def test_rgba_lies_on_white(self) -> None:
        pixels = np.zeros((3, 4, 4), np.uint8)
        pixels[..., :3], pixels[..., 3] = (200, 100, 0), (0, 51, 204, 255)
        for format in ("PNG", "TIFF"):
            expected = [[255, 255, 255], [244, 224, 204], [211, 131, 51], [200, 100, 0]]
            assert decode(saved(pixels, format), "rgb")[0].tolist() == expected

    def test_grey_with_alpha_lies_on_white(self) -> None:
        data = saved(Image.merge("LA", [Image.new("L", (2, 2), 55), Image.new("L", (2, 2), 51)]), "PNG")
        assert np.array_equal(decode(data, "grey"), np.full((2, 2), 215, np.uint8))

    def test_palette_with_transparent_entries(self) -> None:
        image = Image.fromarray(np.array([[0, 1, 2]], np.uint8)).convert("P")
        image.putpalette([0, 0, 0, 10, 10, 10, 20, 20, 20])
        assert decode(saved(image, "PNG", transparency=bytes([0, 255, 255])), "grey").tolist() == [[255, 10, 20]]
        assert decode(saved(image, "GIF", transparency=1), "grey").tolist() == [[0, 255, 20]]

    def test_one_transparent_colour(self) -> None:
        pixels = np.array([[[1, 2, 3], [9, 9, 9]]], np.uint8)
        assert decode(saved(pixels, "PNG", transparency=(1, 2, 3)), "rgb").tolist() == [[[255, 255, 255], [9, 9, 9]]]
        assert decode(saved(pixels[:, :, 0], "PNG", transparency=9), "grey").tolist() == [[1, 255]]


# By the TIFF 6.0 and EXIF definition: which side of the picture the first row and the first column of the file show.
STORED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: upright[:, ::-1].swapaxes(0, 1),
    7: lambda upright: upright[::-1, ::-1].swapaxes(0, 1),
    8: lambda upright: upright[::-1].swapaxes(0, 1),
}


class TestOrientation:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
    def test_all_eight_give_the_upright_picture(self, format: str, orientation: int) -> None:
        pixels = np.ascontiguousarray(STORED[orientation](COLOURS))
        data = saved(pixels, format, exif=exif(orientation), **BEST.get(format, {}))
        assert largest_difference(decode(data, "rgb"), COLOURS) <= (4 if format == "JPEG" else 0)
        assert largest_difference(decode(data, "grey"), luma(COLOURS)) <= (4 if format == "JPEG" else 1)
        assert read_size(data) == (36, 24)

    @pytest.mark.parametrize("pages", [1, 2])
    def test_compressed_tiffs_are_turned_once(self, pages: int) -> None:
        first = Image.fromarray(np.ascontiguousarray(STORED[6](COLOURS)))
        more = [first] * (pages - 1)
        data = saved(first, "TIFF", compression="tiff_lzw", exif=exif(6), save_all=True, append_images=more)
        assert np.array_equal(decode(data, "rgb"), COLOURS)
        assert read_size(data) == (36, 24)

    def test_png_that_states_it_after_the_pixels(self) -> None:
        data = saved(np.ascontiguousarray(STORED[8](RAMP)), "PNG", exif=exif(8))
        late = sorted(png_chunks(data), key=lambda chunk: (b"IHDR", b"IDAT", b"eXIf", b"IEND").index(chunk[4:8]))
        data = data[:8] + b"".join(late)
        assert np.array_equal(decode(data, "grey"), RAMP)
        assert read_size(data) == (36, 24)

    def test_xmp_states_it_too(self) -> None:
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", '<rdf:Description tiff:Orientation="6"/>', zip=True)
        data = saved(np.ascontiguousarray(STORED[6](RAMP)), "PNG", pnginfo=info)
        assert np.array_equal(decode(data, "grey"), RAMP)
        assert read_size(data) == (36, 24)

    @pytest.mark.parametrize("block", [b"Exif\0\0", b"Exif\0\0garbage", b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01"])
    def test_unreadable_exif_counts_as_none(self, block: bytes) -> None:
        data = saved(RAMP, "JPEG", quality=100, exif=block)
        assert largest_difference(decode(data, "grey"), RAMP) <= 2
        assert read_size(data) == (36, 24)

    @pytest.mark.parametrize("value", [0, 9, 65535])
    def test_undefined_orientation_counts_as_none(self, value: int) -> None:
        assert np.array_equal(decode(saved(RAMP, "PNG", exif=exif(value)), "grey"), RAMP)


class TestFaults:
    def test_is_bad_data(self) -> None:
        assert issubclass(ImageError, BadDataError)

    @pytest.mark.parametrize("read", [read_size, lambda data: decode(data, "grey")])
    def test_each_fault_is_named(self, read: Callable[[bytes], object]) -> None:
        for data, message in (
            (b"", "empty"),
            (b"<!DOCTYPE html><title>Sign in</title>", "web page"),
            (b"\xef\xbb\xbf\r\n <HTML><body>removed", "web page"),
            (b'<?xml version="1.0"?><svg/>', "web page or XML"),
            (b"%PDF-1.7 and so on", "a PDF, not an image: save its pages"),
            (b"\0\0\0\x18ftypheic and so on", "a HEIC photograph"),
            (b"PK\x03\x04 and so on", "an archive, not an image: unpack it"),
            (b"GIMP and so on", "not a readable JPEG.*14 bytes that begin with b'GIMP and so '"),
            (b"\x89PNG\r\n\x1a\n", "not a readable|damaged"),
            (b"\xff\xd8\xff", "not a readable|damaged"),
        ):
            with pytest.raises(ImageError, match=message):
                read(data)

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", bytes(5)), id="ValueError"),
            pytest.param(large_png(9, 9)[:-12] + b"\0\0\0\1????" * 4, id="SyntaxError"),
            pytest.param(large_tiff(2, 2, offset=(11, 1.5)), id="TypeError"),
            pytest.param(large_tiff(300, 300), id="OSError"),
        ],
    )
    def test_what_pillow_raises_on_damaged_structures(self, data: bytes, request: pytest.FixtureRequest) -> None:
        with pytest.raises(ImageError) as caught:
            decode(data, "grey")
        assert type(caught.value.__cause__).__name__ == request.node.callspec.id

    @pytest.mark.parametrize("format", ["EPS", "PCX", "TGA", "ICO", "PPM", "JPEG2000", "DDS"])
    def test_other_formats_are_refused(self, format: str) -> None:
        with pytest.raises(ImageError, match="not a readable JPEG"):
            decode(saved(NOISE, format), "rgb")

    @pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.95])
    @pytest.mark.parametrize("name", [name for name in SOUND if name not in ("mpo", "apng", "gif")])
    def test_truncation_is_found(self, name: str, part: float) -> None:
        with pytest.raises(ImageError, match=r"damaged|not a readable"):
            decode(SOUND[name][: int(len(SOUND[name]) * part)], "rgb")

    @pytest.mark.parametrize("name", ["mpo", "apng", "gif"])
    def test_truncated_first_frame_is_found(self, name: str) -> None:
        with pytest.raises(ImageError, match=r"damaged|not a readable"):
            decode(SOUND[name][: len(SOUND[name]) // 4], "rgb")

    @settings(max_examples=400, deadline=None)
    @given(
        name=st.sampled_from(sorted(SOUND)),
        end=st.integers(1, 4000),
        edits=st.lists(st.tuples(st.integers(0, 4000) | st.integers(0, 200), st.integers(0, 255)), max_size=6),
    )
    def test_fuzzed_images_raise_nothing_but_image_error(
        self, name: str, end: int, edits: list[tuple[int, int]]
    ) -> None:
        data = bytearray(SOUND[name] if edits else SOUND[name][:end])
        for at, value in edits:
            data[at % len(data)] = value
        try:
            width, height = read_size(bytes(data))
        except ImageError:
            return
        if width * height > 10_000_000:  # a large size is legal, but would make the test slow
            return
        try:
            pixels = decode(bytes(data), "grey")
        except ImageError:
            return
        assert pixels.dtype == np.uint8
        assert pixels.shape == (height, width)


@contextmanager
def at_most_more_memory(size: int) -> Iterator[None]:
    """Lets the process map only so many bytes more; an allocation beyond is a MemoryError."""
    resource = pytest.importorskip("resource")
    if not Path("/proc/self/statm").exists():
        pytest.skip("needs Linux: the address space is limited only there")
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (mapped + size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


class TestSizes:
    BOMBS = {  # noqa: RUF012
        "png": large_png(40_000, 40_000),
        "png just too large": large_png(MAX_PIXELS // 10 + 1, 10),
        "jpeg": claiming("progressive", SOUND["progressive"].index(b"\xff\xc2") + 5, ">HH", 65_000, 65_000),
        "gif": claiming("gif", 6, "<HH", 65_535, 65_535),
        "bmp": claiming("bmp", 18, "<ii", 40_000, 40_000),
        "webp": claiming("webp", SOUND["webp"].index(b"VP8L") + 9, "<HH", 0xFFFF, 0x0FFF),
        "tiff": large_tiff(40_000, 40_000),
    }

    @pytest.mark.parametrize("name", BOMBS)
    def test_bombs_are_refused_before_memory_is_taken(self, name: str) -> None:
        data = self.BOMBS[name]
        with at_most_more_memory(100_000_000):
            for read in (read_size, lambda data: decode(data, "grey"), lambda data: decode(data, "rgb")):
                with pytest.raises(ImageError, match="exceeds limit of 178956970 pixels: save a smaller copy"):
                    read(data)

    def test_the_limit_holds_where_pillow_is_told_to_have_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
        with pytest.raises(ImageError, match="40000 x 40000 pixels are more than the limit of 178,956,970"):
            read_size(self.BOMBS["png"])

    def test_the_limit_of_memory_works(self) -> None:
        with at_most_more_memory(100_000_000), pytest.raises(MemoryError):
            np.ones(200_000_000, np.uint8)

    def test_large_scans_below_the_limit_are_read_without_a_warning(self) -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            before = list(warnings.filters)
            assert read_size(large_png(13_000, 13_000)) == (13_000, 13_000)
            with pytest.raises(ImageError, match="damaged"):  # the pixels are missing
                decode(large_png(11_000, 9_000), "grey")
            assert warnings.filters == before
        assert not caught

    def test_pillow_stays_as_it_was(self) -> None:
        assert Image.MAX_IMAGE_PIXELS == 89_478_485
        assert MAX_PIXELS == 2 * Image.MAX_IMAGE_PIXELS

    def test_size_of_a_png_needs_the_header_only(self) -> None:
        assert read_size(saved(NOISE, "PNG")[:100]) == (60, 40)


class TestEncode:
    @pytest.mark.parametrize("pixels", [RAMP, COLOURS, NOISE, NOISE[:, :, 1], NOISE[:1, :1]])
    def test_png_is_exact(self, pixels: np.ndarray) -> None:
        assert np.array_equal(decode(encode(pixels, "png"), "grey" if pixels.ndim == 2 else "rgb"), pixels)

    @pytest.mark.parametrize("pixels", [RAMP, COLOURS])
    def test_jpeg_is_close_and_closer_with_quality(self, pixels: np.ndarray) -> None:
        color: Any = "grey" if pixels.ndim == 2 else "rgb"
        errors = [
            np.abs(decode(encode(pixels, "jpeg", quality), color).astype(int) - pixels).mean()
            for quality in (10, 50, 95)
        ]
        assert errors[0] > errors[1] > errors[2]
        assert errors[2] < 1.5

    def test_grey_is_stored_as_one_channel(self) -> None:
        assert Image.open(io.BytesIO(encode(RAMP, "jpeg"))).mode == "L"
        assert Image.open(io.BytesIO(encode(RAMP, "png"))).mode == "L"
        assert Image.open(io.BytesIO(encode(RAMP, "jpeg"))).format == "JPEG"
        assert Image.open(io.BytesIO(encode(RAMP, "png"))).format == "PNG"

    @pytest.mark.parametrize("format", ["jpeg", "png"])
    def test_same_pixels_same_bytes(self, format: Any) -> None:
        for pixels in (NOISE, NOISE[:, :, 0], NOISE[::-1, ::-1], NOISE[5:30, 7:40]):
            assert encode(pixels, format) == encode(pixels, format) == encode(np.ascontiguousarray(pixels), format)

    @pytest.mark.parametrize("format", ["jpeg", "png"])
    @pytest.mark.parametrize("shape", [(0, 10), (10, 0), (0, 0, 3)])
    def test_no_pixels(self, shape: tuple[int, ...], format: Any) -> None:
        with pytest.raises(ImageError, match="cannot be encoded"):
            encode(np.zeros(shape, np.uint8), format)

    @pytest.mark.parametrize("shape", [(1, MAX_JPEG_SIDE + 1), (MAX_JPEG_SIDE + 1, 1)])
    def test_longest_side(self, shape: tuple[int, int]) -> None:
        with pytest.raises(ImageError, match="at most 65500 pixels"):
            encode(np.zeros(shape, np.uint8), "jpeg")
        assert decode(encode(np.zeros(shape, np.uint8), "png"), "grey").shape == shape
        fits = np.zeros((min(shape[0], MAX_JPEG_SIDE), min(shape[1], MAX_JPEG_SIDE)), np.uint8)
        assert decode(encode(fits, "jpeg"), "grey").shape == fits.shape

    def test_what_opencv_cannot_encode(self) -> None:
        with pytest.raises(ImageError, match="cannot be encoded as png"):
            encode(np.zeros((1, 1_100_000), np.uint8), "png")

    @pytest.mark.parametrize("pixels", [RAMP.astype(np.float32), COLOURS[:, :, :2], RAMP[0]])
    def test_other_arrays(self, pixels: np.ndarray) -> None:
        with pytest.raises(ValueError, match="expected uint8 pixels"):
            encode(pixels, "png")


class TestOpenCV:
    def test_missing_library_is_one_sentence(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "cv2", None)
        with pytest.raises(UsageError, match=r"pip install opencv-python-headless.*apt-get install libgl1"):
            opencv()

    def test_decoding_does_not_import_it(self) -> None:
        program = "import sys; from htrdata.images.codec import decode; decode(sys.stdin.buffer.read(), 'rgb'); "
        program += "assert 'cv2' not in sys.modules"
        root = Path(__file__).parents[3]
        subprocess.run([sys.executable, "-c", program], input=SOUND["jpeg"], cwd=root, check=True)
