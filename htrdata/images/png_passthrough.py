"""PNGs that can stand in a store as they are: plain ones, proved to be whole without a decoder.

The proof (W3C, "Portable Network Graphics", sections 5, 7, 9, 10 and 11): known chunks with right checksums, and a zlib
stream, right to its own checksum and within the window that it states, of exactly the bytes that the header promises,
every line led by a filter that is defined. Nothing is left over that could keep Pillow, or libpng, by which OpenCV
reads, from the pixels. A PNG that is not proved may be sound, too: it is for `htrdata.images.codec.decode` to say, and
what that gives is encoded anew.
"""

from __future__ import annotations

import struct
import zlib

from htrdata.images.codec import MAX_PIXELS, Color

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Length, name, width, height, bits per channel, colour type, compression, filter, interlacing.
_HEADER = struct.Struct(">I4sIIBBBBB")
_CHUNK = struct.Struct(">I4s")
_CRC = struct.Struct(">I")
_FIRST_CHUNK, _AFTER_HEADER = len(_SIGNATURE), len(_SIGNATURE) + 25
_FILTERS = bytes(range(5))
_COLOUR_TYPES: dict[Color, int] = {"grey": 0, "rgb": 2}
_LONGEST_SIDE = 1_000_000  # pixels; libpng reads no longer one
_WINDOW = 1 << 15  # bytes; no zlib stream reaches back further

# What may stand beside the pixels without a bearing on them, with its length: gamma, white point, resolution, time, …
_HARMLESS = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9, b"tIME": 7}
# What texts may be called. Pillow takes "transparency" or "exif", for example, for what it is called.
_TEXTS = frozenset(
    {b"xml", b"Author", b"Comment", b"Copyright", b"Creation Time", b"Description", b"Software", b"Source", b"Title"}
    | {b"date:create", b"date:modify", b"date:timestamp"}
)
_LONGEST_TEXT = 1 << 20  # bytes, unpacked; Pillow refuses files with longer ones
_MOST_CHUNKS = 1000  # libpng reads no more texts


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
    possible = 0 < width * height <= MAX_PIXELS and max(width, height) <= _LONGEST_SIDE
    return (width, height) if plain and possible else None


def is_whole_png(data: bytes, color: Color) -> bool:
    """Proves, where it can, that bytes are a whole PNG whose stored pixels are what `codec.decode` gives.

    OpenCV gives the same ones.

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
    lines = _inflated(stream, line * size[1])
    whole = lines is not None and len(lines) == line * size[1] and _keeps_its_window(stream, len(lines))
    return whole and lines is not None and not lines[::line].translate(None, _FILTERS)  # of each line, its filter


def _inflated(stream: bytes, most: int) -> bytes | None:
    """What a zlib stream holds; None where it is damaged, holds more than that, or something is left over."""
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(stream, most + 1)  # never more, whatever the stream holds
    except zlib.error:
        return None
    return data if inflater.eof and not inflater.unused_data and len(data) <= most else None


def _keeps_its_window(stream: bytes, length: int) -> bool:
    """Whether a stream states a window that is as large as any stream of its length can need.

    zlib takes its word for it only where it inflates piece by piece, as libpng does, but not as `_inflated` and Pillow.
    """
    return 1 << (stream[0] >> 4) + 8 >= min(length, _WINDOW)


def _pixel_stream(data: bytes) -> bytes | None:
    """The zlib stream of a PNG of no other chunks than known ones, all with right checksums; None of another."""
    stream: list[bytes] = []
    at, end, last = _AFTER_HEADER, len(data), b"IHDR"
    view = memoryview(data)
    if zlib.crc32(view[_FIRST_CHUNK + 4 : at - 4]) != _CRC.unpack_from(data, at - 4)[0]:
        return None
    for _ in range(_MOST_CHUNKS):
        if at + 12 > end:
            return None
        length, name = _CHUNK.unpack_from(data, at)
        after = at + 8 + length
        if after + 4 > end or zlib.crc32(view[at + 4 : after]) != _CRC.unpack_from(data, after)[0]:
            return None
        if name == b"IDAT" and (not stream or last == b"IDAT"):
            stream.append(data[at + 8 : after])
        elif name == b"IEND":
            return b"".join(stream) if length == 0 and after + 4 == end else None
        elif name in (b"tEXt", b"zTXt"):
            if not _is_harmless_text(name, data[at + 8 : after]):
                return None
        elif stream or _HARMLESS.get(name) != length:
            return None
        at, last = after + 4, name
    return None


def _is_harmless_text(name: bytes, body: bytes) -> bool:
    """Whether a text is of a kind without a bearing on the pixels, and of a length that every decoder takes."""
    keyword, _, text = body.partition(b"\0")
    if keyword not in _TEXTS or len(body) > _LONGEST_TEXT:
        return False
    return name == b"tEXt" or (text[:1] == b"\0" and _inflated(text[1:], _LONGEST_TEXT - 1) is not None)
