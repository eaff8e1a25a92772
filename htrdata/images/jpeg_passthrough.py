"""Whether a JPEG can stand in a shard as it is, told from its markers."""

from __future__ import annotations


def is_plain_grey_jpeg(data: bytes) -> bool:
    """Says whether an image that `htrdata.images.codec.decode` can decode is a grey JPEG that no metadata turns.

    Args:
        data: the encoded image.
    """
    if not data.startswith(b"\xff\xd8") or b"Exif" in data:
        return False
    place = 2
    while place + 10 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # the frame: its tenth byte counts components
            return data[place + 9] == 1
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return False
