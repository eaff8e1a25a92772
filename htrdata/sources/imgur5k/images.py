"""The pages of Imgur5K on disk: wherever a download has put them, and what stands in the place of removed ones."""

from __future__ import annotations

import errno
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from htrdata.files.on_disk import FileOnDisk
from htrdata.images.codec import ImageError, read_size
from htrdata.images.endings import ENDINGS

NOTICES = frozenset({"d835884373f4d6c8f24742ceabe74946"})
"""MD5 of ``removed.png``, to which imgur.com leads those who ask for an image that was removed."""

_NOTICE_PIXELS = (161, 81)
_MOST_OF_NOTICE = 20_000  # bytes; it has 503, but some save it anew
_DEPTH = 3  # folders: images/train/, and one more


@dataclass(frozen=True, slots=True)
class PostedImage(FileOnDisk):
    """A page: missing, too, where the notice that it was removed lies in its place.

    Attributes:
        md5: what its bytes must hash to, where that is known.
    """

    md5: str | None = None

    def read(self) -> bytes:
        """The bytes of the file.

        Raises:
            FileNotFoundError: there is none, or it is the notice.
            OSError: it cannot be read.
        """
        data = FileOnDisk.read(self)
        if len(data) <= _MOST_OF_NOTICE and _is_notice(data, self.md5):
            raise FileNotFoundError(errno.ENOENT, "a notice that the image was removed", self.name)
        return data


def _is_notice(data: bytes, expected: str | None) -> bool:
    """Whether a small image is the notice: by its bytes, or by its size where it is not the page that is expected."""
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if md5 in NOTICES:
        return True
    try:
        return md5 != expected and read_size(data) == _NOTICE_PIXELS
    except ImageError:
        return False


class PageFiles:
    """The images in a folder and in those below it, by their names without ending.

    Args:
        folder: of the images.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: dict[str, list[Path]] = {}
        for place, below, names in os.walk(folder, followlinks=True):
            if len(Path(place).relative_to(folder).parts) >= _DEPTH:
                below.clear()
            for stem, ending in map(os.path.splitext, names):
                if ending.lower() in ENDINGS:
                    self._found.setdefault(stem, []).append(Path(place, stem + ending))

    def find(self, page_id: str, split: str | None) -> Path:
        """The file of a page: of several that in the folder itself, then in one named as the split, then a JPEG.

        Returns:
            Its path; where there is none, the place that the downloader of Imgur5K would put it in.
        """
        return min(self._found.get(page_id, ()), key=lambda path: self._rank(path, split), default=self._usual(page_id))

    def _usual(self, page_id: str) -> Path:
        return self._folder / f"{page_id}.jpg"

    def _rank(self, path: Path, split: str | None) -> tuple[bool, bool, bool, str]:
        usual = path == self._usual(path.stem)
        return not usual, path.parent != self._folder, path.parent.name != split, _in_order(path)


def _in_order(path: Path) -> str:
    """JPEGs first, then by name: the same order on every system."""
    return f"{path.suffix.lower() not in ('.jpg', '.jpeg'):d} {path.as_posix()}"
