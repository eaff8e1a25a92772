"""PNGs that can stand in a store as they are: plain ones, proved to be whole without a decoder.

The proof (W3C, "Portable Network Graphics", sections 5, 7, 9 and 10): known chunks with right checksums, and a zlib
stream, right to its own checksum, of exactly the bytes that the header promises, every line led by a filter that is
defined. Nothing is left over that could keep the pixels from being read. A PNG that is not proved may be sound, too: it
is for `htrdata.images.codec.decode` to say.
"""

from __future__ import annotations

import struct
import zlib

from htrdata.images.codec import MAX_PIXELS, PNG_ORIENTATION_MARKS, Color

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Length, name, width, height, bits per channel, colour type, compression, filter, interlacing.
_HEADER = struct.Struct(">I4sIIBBBBB")
_CHUNK = struct.Struct(">I4s")
_CRC = struct.Struct(">I")
_FIRST_CHUNK, _AFTER_HEADER = len(_SIGNATURE), len(_SIGNATURE) + 25
_FILTERS = bytes(range(5))
_COLOUR_TYPES: dict[Color, int] = {"grey": 0, "rgb": 2}

# What may stand beside the pixels without a bearing on them, with its length: gamma, white point, resolution, time, …
_HARMLESS = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9, b"tIME": 7}


def stored_png_size(data: bytes, color: Color) -> tuple[int, int] | None:
    """Reads the size of a PNG whose header says that its pixels are stored as `htrdata.images.codec.decode` gives them.

    Args:
        data: the encoded image.
        color: ``grey`` or ``rgb``: what the pixels must be, with 8 bits a channel.

    Returns:
        Width and height in pixels; None of anything else.
    """
    if len(data) < _AFTER_HEADER or not data.startswith(_SIGNATURE):
        return None
    length, name, width, height, *kind = _HEADER.unpack_from(data, _FIRST_CHUNK)
    plain = (length, name, kind) == (13, b"IHDR", [8, _COLOUR_TYPES[color], 0, 0, 0])
    return (width, height) if plain and 0 < width * height <= MAX_PIXELS else None


def is_whole_png(data: bytes, color: Color) -> bool:
    """Proves, where it can, that bytes are a whole PNG whose stored pixels are what `codec.decode` gives.

    Args:
        data: the encoded image.
        color: ``grey`` or ``rgb``.

    Returns:
        True where it is proved; False where it is not, whatever the reason.
    """
    size = stored_png_size(data, color)
    stream = _pixel_stream(data) if size is not None else None
    if size is None or stream is None:
        return False
    line = 1 + size[0] * (3 if color == "rgb" else 1)
    inflater = zlib.decompressobj()
    try:
        lines = inflater.decompress(stream, line * size[1] + 1)  # never more, whatever the stream holds
    except zlib.error:
        return False
    whole = inflater.eof and not inflater.unused_data and len(lines) == line * size[1]
    return whole and not lines[::line].translate(None, _FILTERS)  # every line begins with the number of its filter


def _pixel_stream(data: bytes) -> bytes | None:
    """The zlib stream of a PNG of no other chunks than known ones, all with right checksums; None of another."""
    stream: list[bytes] = []
    at, end = _FIRST_CHUNK, len(data)
    view = memoryview(data)
    while at + 12 <= end:
        length, name = _CHUNK.unpack_from(data, at)
        after = at + 8 + length
        if after + 4 > end or zlib.crc32(view[at + 4 : after]) != _CRC.unpack_from(data, after)[0]:
            return None
        if name == b"IDAT":
            stream.append(data[at + 8 : after])
        elif name == b"IEND":
            return b"".join(stream) if length == 0 and after + 4 == end else None
        elif at != _FIRST_CHUNK and (stream or _HARMLESS.get(name) != length):
            return None
        at = after + 4
    return None


def is_plain_png(data: bytes, color: Color) -> bool:
    """Says whether an image that `codec.decode` can decode is a PNG whose stored pixels are what it gives.

    Args:
        data: the encoded image.
        color: ``grey`` or ``rgb``.
    """
    bits, colour_type = 24, 25  # where they stand in the header
    if not data.startswith(_SIGNATURE) or data[bits : colour_type + 1] != bytes((8, _COLOUR_TYPES[color])):
        return False
    # Chance may put a mark into the pixels: then the image counts as another one, and nothing is lost.
    return not any(mark in data for mark in (b"tRNS", b"acTL", *PNG_ORIENTATION_MARKS))
