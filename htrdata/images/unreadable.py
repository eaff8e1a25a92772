"""What a file is that should be an image and is none: in words that tell what to do."""

from __future__ import annotations

from collections.abc import Sequence

_NAMES = {"WEBP": "WebP", "JPEG2000": "JPEG 2000", "PPM": "PNM"}


def what_else(beginning: bytes, size: int, formats: Sequence[str]) -> str:
    """Says what a file is that no decoder knows.

    Args:
        beginning: its first bytes, 64 or all of them.
        size: of it, in bytes.
        formats: that were tried, by Pillow's names.
    """
    start = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        return "a web page or XML instead of an image: perhaps a login page, or a notice that the image was removed"
    if start.startswith(b"%PDF"):
        return "a PDF, not an image: save its pages as PNG or TIFF"
    if beginning[4:8] == b"ftyp" and beginning[8:12] in (b"heic", b"heix", b"mif1", b"hevc"):
        return "a HEIC photograph, which is not read here: save it as JPEG or PNG"
    if start.startswith((b"PK\x03\x04", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf")):
        return "an archive, not an image: unpack it, and name the folder"
    *others, last = (_NAMES.get(name, name) for name in formats)
    return f"not a readable {', '.join(others)} or {last} image: {size} bytes that begin with {beginning[:12]!r}"
