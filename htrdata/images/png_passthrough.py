"""PNGs that can stand in a store as they are: plain ones, proved to be whole without a decoder.

The proof (W3C, "Portable Network Graphics", sections 5, 7, 9, 10 and 11): chunks with right checksums, and a zlib
stream, right to its own checksum and within the window that it states, of exactly the bytes that the header promises,
every line led by a filter that is defined. What stands in a store is header, pixels and end, byte for byte; all that
has no bearing on the pixels is left out. Nothing is left that could keep Pillow, or libpng, by which OpenCV reads, from
the pixels. A PNG that is not proved may be sound, too: it is for `htrdata.images.codec.decode` to say, and what that
gives is encoded anew.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from zlib_ng import zlib_ng

from htrdata.images.codec import MAX_PIXELS, PNG_ORIENTATION_MARKS, Color, decode
from htrdata.images.eight_bit import ImageError
from htrdata.images.opencv import opencv
from htrdata.images.png_chunks import AFTER_HEADER, SIGNATURE, TEXTS, chunk, spans

# Length, name, width, height, bits per channel, colour type, compression, filter, interlacing.
_HEADER = struct.Struct(">I4sIIBBBBB")
_END = chunk(b"IEND", b"")
_FILTERS = bytes(range(5))
_COLOUR_TYPES: dict[Color, int] = {"grey": 0, "rgb": 2}
_LONGEST_SIDE = 1_000_000  # pixels; libpng reads no longer one
_WINDOW = 1 << 15  # bytes; no zlib stream reaches back further

_SMALL_LETTER = 0x20  # in the first letter of a name: who does not know the chunk may leave it out
# But these change what is seen: transparency, orientation, and further frames.
_BEARING = frozenset({b"tRNS", b"eXIf", b"acTL", b"fcTL", b"fdAT"})
# So do texts with these names. Pillow takes the last two, too, for what they are called.
_ORIENTING = (*(mark for mark in PNG_ORIENTATION_MARKS if mark != b"eXIf"), b"exif\0", b"xmp\0")


@dataclass(frozen=True, slots=True)
class WholePng:
    """A PNG that is proved to be whole.

    Attributes:
        size: width and height in pixels.
        color: what its pixels are.
        data: header, pixels and end, as they were.
        lines: what its zlib stream holds: each line of pixels, filtered, behind the number of its filter.
    """

    size: tuple[int, int]
    color: Color
    data: bytes
    lines: bytes

    def pixels(self) -> np.ndarray:
        """The stored pixels, as `htrdata.images.codec.decode` gives them: uint8 [H, W] or [H, W, 3], read-only."""
        width, height = self.size
        if not self.lines[:: len(self.lines) // height].strip(b"\0"):  # none is filtered: they are the pixels
            lines = np.frombuffer(self.lines, np.uint8).reshape(height, -1)[:, 1:]
            shape = (height, width) if self.color == "grey" else (height, width, 3)
            return _read_only(np.ascontiguousarray(lines).reshape(shape))
        # What is proved is no longer to be feared: OpenCV takes half of the time that Pillow does.
        cv2 = opencv()
        found: np.ndarray | None = cv2.imdecode(np.frombuffer(self.data, np.uint8), cv2.IMREAD_UNCHANGED)
        if found is None or found.shape[:2] != (height, width):
            return decode(self.data, self.color)
        return _read_only(found if self.color == "grey" else cv2.cvtColor(found, cv2.COLOR_BGR2RGB))


def prove_png(data: bytes, color: Color) -> WholePng | None:
    """Proves, where it can, that bytes are a whole PNG whose stored pixels are what `codec.decode` gives.

    OpenCV gives the same ones.

    Args:
        data: the encoded image.
        color: ``grey`` or ``rgb``: what the pixels must be, with 8 bits a channel.

    Returns:
        The PNG; None where it is not proved, whatever the reason.
    """
    size = _plain_size(data, color)
    parts = _parts(data) if size is not None else None
    if size is None or parts is None:
        return None
    stored, stream = parts
    line = 1 + size[0] * (3 if color == "rgb" else 1)
    lines = _inflated(stream, line * size[1])
    if lines is None or not _keeps_its_window(stream, len(lines)):
        return None
    filters = lines[::line]
    return WholePng(size, color, stored, lines) if not filters.translate(None, _FILTERS) else None


def _plain_size(data: bytes, color: Color) -> tuple[int, int] | None:
    """Width and height of a PNG whose header says that its pixels are stored as they are seen; None of another."""
    if len(data) < AFTER_HEADER or not data.startswith(SIGNATURE):
        return None
    length, name, width, height, *kind = _HEADER.unpack_from(data, len(SIGNATURE))
    plain = (length, name, kind) == (13, b"IHDR", [8, _COLOUR_TYPES[color], 0, 0, 0])
    possible = 0 < width * height <= MAX_PIXELS and max(width, height) <= _LONGEST_SIDE
    return (width, height) if plain and possible else None


def _parts(data: bytes) -> tuple[bytes, bytes] | None:
    """Header, pixels and end of a PNG, and its zlib stream; None where it is damaged or more decides what is seen."""
    stream: list[bytes] = []
    first = last = AFTER_HEADER
    try:
        for name, begin, end in spans(data):
            if name == b"IDAT":
                if stream and begin != last:
                    return None
                first, last = first if stream else begin, end
                stream.append(data[begin + 8 : end - 4])
            elif name == b"IEND":
                if data[begin:] != _END or not stream:
                    return None
            elif begin != len(SIGNATURE) and (not name[0] & _SMALL_LETTER or _bears(name, data, begin + 8)):
                return None
    except ImageError:
        return None
    if first == AFTER_HEADER and last + len(_END) == len(data):
        return data, b"".join(stream)
    return data[:AFTER_HEADER] + data[first:last] + _END, b"".join(stream)


def _bears(name: bytes, data: bytes, body: int) -> bool:
    """Whether a chunk, whose body begins there, changes what is seen of the pixels."""
    return name in _BEARING or (name in TEXTS and data.startswith(_ORIENTING, body))


def _inflated(stream: bytes, length: int) -> bytes | None:
    """What a zlib stream holds; None where it is damaged, holds more or less, or something is left over."""
    # It takes what zlib takes, and refuses what zlib refuses, in half of the time.
    inflater = zlib_ng.decompressobj()
    try:
        data = inflater.decompress(stream, length + 1)  # never more, whatever the stream holds
    except zlib_ng.error:  # type: ignore[misc]  # its stub has an exception where the class is
        return None
    return data if inflater.eof and not inflater.unused_data and len(data) == length else None


def _keeps_its_window(stream: bytes, length: int) -> bool:
    """Whether a stream states a window that is as large as any stream of its length can need.

    zlib takes its word for it only where it inflates piece by piece, as libpng does, but not as `_inflated` and Pillow.
    """
    return 1 << (stream[0] >> 4) + 8 >= min(length, _WINDOW)


def _read_only(pixels: np.ndarray) -> np.ndarray:
    pixels.flags.writeable = False
    return pixels
