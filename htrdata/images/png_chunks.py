"""The chunks of a PNG (W3C, "Portable Network Graphics", section 5), and the texts in them (section 11)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from htrdata.images.eight_bit import ImageError

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_HEAD = struct.Struct(">I4s")  # the length of a chunk's body, and its name
_CRC = struct.Struct(">I")
_FIXED = _HEAD.size + _CRC.size
_AFTER_HEADER = len(SIGNATURE) + _FIXED + 13
_MOST_CHUNKS = 1000  # a PNG of an encoder has a few; a hostile one may have one for every dozen bytes


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yields name and body of each chunk of a PNG before its end.

    Raises:
        ImageError: it is no PNG, is cut off, has a chunk with a wrong checksum, or has thousands of chunks.
    """
    if not data.startswith(SIGNATURE):
        raise ImageError(f"no PNG: {len(data):,} bytes that begin with {data[:8]!r}" if data else "0 bytes")
    place, view = len(SIGNATURE), memoryview(data)
    for _ in range(_MOST_CHUNKS):
        if place + _FIXED > len(data):
            raise ImageError(f"a PNG that is cut off after {len(data):,} bytes")
        length, name = _HEAD.unpack_from(data, place)
        body, after = place + _HEAD.size, place + _HEAD.size + length
        if after + _CRC.size > len(data):
            raise ImageError(f"a PNG that is cut off after {len(data):,} bytes, within its chunk {name!r}")
        if zlib.crc32(view[place + 4 : after]) != _CRC.unpack_from(data, after)[0]:
            raise ImageError(f"a PNG whose chunk {name!r} has a wrong checksum")
        if name == b"IEND":
            return
        yield name, data[body:after]
        place = after + _CRC.size
    raise ImageError(f"a PNG of more than {_MOST_CHUNKS:,} chunks")


def compressed_texts(data: bytes, keyword: bytes, longest: int) -> list[bytes]:
    """The texts of the ``zTXt`` chunks of a PNG that have a keyword, in order.

    Args:
        data: the PNG.
        keyword: of the texts, as Latin-1.
        longest: bytes; a longer text is not unpacked.

    Raises:
        ImageError: as for `chunks`; a text is damaged or longer.
    """
    bodies = (body for name, body in chunks(data) if name == b"zTXt" and body.startswith(keyword + b"\0"))
    return [_unpacked(body[len(keyword) + 1 :], longest) for body in bodies]


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


def after_header(data: bytes, name: bytes, body: bytes) -> bytes:
    """A PNG with one more chunk, right after its header.

    Args:
        data: the PNG.
        name: of the chunk, four letters.
        body: of the chunk.
    """
    chunk = name + body
    whole = _CRC.pack(len(body)) + chunk + _CRC.pack(zlib.crc32(chunk))
    return data[:_AFTER_HEADER] + whole + data[_AFTER_HEADER:]
