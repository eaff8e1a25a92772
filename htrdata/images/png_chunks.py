"""The chunks of a PNG (W3C, "Portable Network Graphics", section 5), and the texts in them (section 11)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from zlib_ng import zlib_ng

from htrdata.images.eight_bit import ImageError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
AFTER_HEADER = len(SIGNATURE) + 25
"""Where the first chunk behind the header begins."""

TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
"""Chunks that hold a keyword, a zero byte, and a text."""

_HEAD = struct.Struct(">I4s")  # the length of a chunk's body, and its name
_CRC = struct.Struct(">I")
_MOST_CHUNKS = 1000  # an encoder writes a few, and libpng reads no more texts


def spans(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yields the name of each chunk up to ``IEND``, and from where to where it reaches in the data.

    Eight bytes of that stand before its body, and four behind.

    Raises:
        ImageError: it is no PNG, is cut off, has a chunk with a wrong checksum, or has too many.
    """
    if not data.startswith(SIGNATURE):
        raise ImageError(f"no PNG: {len(data):,} bytes that begin with {data[:8]!r}")
    place, end, view = len(SIGNATURE), len(data), memoryview(data)
    for _ in range(_MOST_CHUNKS):
        if place + 12 > end:
            raise ImageError(f"a PNG that is cut off after {end:,} bytes")
        length, name = _HEAD.unpack_from(data, place)
        after = place + 12 + length
        if after > end:
            raise ImageError(f"a PNG that is cut off after {end:,} bytes, within its chunk {name!r}")
        if zlib_ng.crc32(view[place + 4 : after - 4]) != _CRC.unpack_from(data, after - 4)[0]:
            raise ImageError(f"a PNG whose chunk {name!r} has a wrong checksum")
        yield name, place, after
        if name == b"IEND":
            return
        place = after
    raise ImageError(f"a PNG of more than {_MOST_CHUNKS:,} chunks")


def compressed_texts(data: bytes, keyword: bytes, longest: int) -> list[bytes]:
    """The texts of the ``zTXt`` chunks of a PNG that have a keyword, in order.

    Args:
        data: the PNG.
        keyword: of the texts, as Latin-1.
        longest: bytes; a longer text is not unpacked.

    Raises:
        ImageError: as for `spans`; a text is damaged or longer.
    """
    bodies = (data[begin + 8 : end - 4] for name, begin, end in spans(data) if name == b"zTXt")
    start = keyword + b"\0"
    return [_unpacked(body.removeprefix(start), longest) for body in bodies if body.startswith(start)]


def _unpacked(packed: bytes, longest: int) -> bytes:
    """A compressed text, before which stands the number of the method: there is but one, 0."""
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(packed[1:], longest + 1)
    except zlib.error as error:
        raise ImageError(f"a PNG with a compressed text that is damaged ({error})") from error
    if len(text) > longest:
        raise ImageError(f"a PNG with a compressed text of more than {longest:,} bytes")
    if packed[:1] != b"\0" or not inflater.eof:
        raise ImageError("a PNG with a compressed text that is damaged")
    return text


def chunk(name: bytes, body: bytes) -> bytes:
    """A chunk of this name, which has four letters."""
    named = name + body
    return _CRC.pack(len(body)) + named + _CRC.pack(zlib.crc32(named))


def after_header(data: bytes, name: bytes, body: bytes) -> bytes:
    """A PNG with one more chunk, right after its header."""
    return data[:AFTER_HEADER] + chunk(name, body) + data[AFTER_HEADER:]
