"""Names of files for the words of a store: their ids, as far as any system can have them."""

from __future__ import annotations

import hashlib
import re

_ENDING = re.compile(r"(?i)(?<=[^/])\.(?:png|jpe?g|tiff?|webp|bmp|gif)\Z")
_NO_NAME = re.compile(r"[^\w.+=@~ -]")  # \w is any letter, of any script
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")  # of Windows
_LONGEST = 100  # characters of a part: of four bytes each they would be too long for some systems


class FileNames:
    """Gives each word of a split a name of its own."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def of(self, word_id: str, image: bytes) -> str:
        """A path with ``/``, which ends as the format of the image does.

        Args:
            word_id: of the word. Where it is the path of an image it stays, but for the ending.
            image: encoded.
        """
        found, usual = _ENDING.search(word_id), _endings(image)
        ending = found[0] if found and found[0].lower() in usual else usual[0]
        parts = _ENDING.sub("", word_id).split("/")
        safe = all(map(_is_safe, parts))
        name = "/".join(parts if safe else map(_made_safe, parts))
        if not safe or name.lower() in self._given:
            name += f"_{hashlib.sha256(word_id.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
        self._given.add(name.lower())  # without its ending, since a text stands beside each image
        return name + ending


def _endings(image: bytes) -> tuple[str, ...]:
    """How names of an image of this format end, the usual ending first."""
    return (".png",) if image.startswith(b"\x89PNG") else (".jpg", ".jpeg")


def _is_safe(part: str) -> bool:
    plain = bool(part) and len(part) <= _LONGEST and _NO_NAME.search(part) is None
    return plain and part[0] not in ". " and part[-1] not in ". " and _RESERVED.fullmatch(part) is None


def _made_safe(part: str) -> str:
    name = _NO_NAME.sub("_", part).strip(". ")[-_LONGEST:] or "_"
    return f"_{name}" if _RESERVED.fullmatch(name) else name
