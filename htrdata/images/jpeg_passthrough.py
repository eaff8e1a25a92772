"""Whether a JPEG can stand in a shard as it is, told from its markers."""

from __future__ import annotations

_SCAN = 0xDA
_FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended and progressive, with Huffman codes: what every decoder reads
# Tables, restarts, comments and applications: but not APP1 (Exif and XMP), by which some decoders turn an image.
_HARMLESS = frozenset({0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)}) - {0xE1}


def is_plain_grey_jpeg(data: bytes) -> bool:
    """Says whether an image that `htrdata.images.codec.decode` can decode is a grey JPEG that no metadata turns.

    OpenCV gives the same pixels of such a one.

    Args:
        data: the encoded image.
    """
    if not data.startswith(b"\xff\xd8"):
        return False
    place, components = 2, 0
    while place + 10 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == _SCAN:
            return components == 1
        if marker in _FRAMES:
            components = data[place + 9]
        elif marker not in _HARMLESS:
            return False
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return False
