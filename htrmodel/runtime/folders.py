"""The images of a folder and all folders below it, and what is left out there, each with its reason."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from htrdata.labels import visible
from htrdata.sources.drawn import MARK

ENDINGS = frozenset(
    {
        *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".webp", ".bmp", ".gif"),
        *(".pgm", ".ppm", ".pbm", ".pnm", ".jp2", ".j2k", ".jpx", ".avif"),
    }
)
"""Of the files that count as images in a folder; a file that is named itself may end in anything."""

_UNREADABLE = frozenset(
    {".pdf", ".heic", ".heif", ".djvu", ".psd", ".svg", ".eps", ".jxl", ".tga", ".dng", ".cr2", ".nef"}
)
_OF_PROGRAMS = frozenset({"@eadir", "__macosx", "thumbs", "thumbnails"})
"""Folders of smaller copies, by the programs that make them; those whose names begin with a dot are hidden anyway."""

_HIDDEN = "hidden, or a program's own copies"
_OTHER_FORMAT = "in a format that is not read here: save them as PNG, JPEG or TIFF"
_NO_ENDING = "no image by their endings"
_NO_FILE = "no regular file, or a link to a folder: name what they lead to"
_CLOSED = "a folder that cannot be opened"


@dataclass(slots=True)
class FoundFiles:
    """What is in a folder.

    Attributes:
        images: paths of images, sorted.
        left_out: by reason, how many paths were left out, and the first of them.
    """

    images: list[Path] = field(default_factory=list)
    left_out: dict[str, tuple[int, list[str]]] = field(default_factory=dict)

    def leave_out(self, path: str, reason: str) -> None:
        """Notes a path that is no image to read."""
        count, first = self.left_out.get(reason, (0, []))
        self.left_out[reason] = (count + 1, [*first, path] if len(first) < 3 else first)

    def sentences(self) -> Iterator[str]:
        """What was left out, a sentence for each reason."""
        for reason, (count, first) in self.left_out.items():
            names = ", ".join(map(visible, first)) + (", …" if count > len(first) else "")
            yield f"left out {count:,}, {reason}: {names}"


def find_files(folder: Path) -> FoundFiles:
    """Looks through a folder and all folders below it, but for hidden ones and links."""
    found = FoundFiles()

    def closed(error: OSError) -> None:
        found.leave_out(_below(folder, str(error.filename)), f"{_CLOSED} ({error.strerror})")

    for place, folders, files in os.walk(folder, onerror=closed):
        folders.sort()
        for name in list(folders):
            if reason := _folder_fault(Path(place, name)):
                folders.remove(name)
                found.leave_out(_below(folder, str(Path(place, name))) + os.sep, reason)
        for name in sorted(files):
            path = Path(place, name)
            if name == MARK:  # lies beside drawn images, and is none that somebody would miss
                continue
            if reason := _file_fault(path):
                found.leave_out(_below(folder, str(path)), reason)
            else:
                found.images.append(path)
    found.images.sort()
    return found


def _below(folder: Path, path: str) -> str:
    return os.path.relpath(path, folder)


def _folder_fault(path: Path) -> str | None:
    return folder_name_fault(path.name) or (_NO_FILE if path.is_symlink() else None)


def name_fault(name: str) -> str | None:
    """Why a file is no image to read, by its name alone, without folders; None where it may be one."""
    if name.startswith(".") or name.casefold() == "thumbs.db":
        return _HIDDEN
    ending = Path(name).suffix.lower()
    if ending not in ENDINGS:
        return _OTHER_FORMAT if ending in _UNREADABLE else _NO_ENDING
    return None


def folder_name_fault(name: str) -> str | None:
    """Why a folder of that name is not looked into; None where it is."""
    return _HIDDEN if name.startswith(".") or name.casefold() in _OF_PROGRAMS else None


def _file_fault(path: Path) -> str | None:
    if (fault := name_fault(path.name)) is not None:
        return fault
    try:
        return None if stat.S_ISREG(path.stat().st_mode) else _NO_FILE
    except OSError:
        return None  # whoever opens it is told what is wrong with it
