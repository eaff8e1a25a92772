"""Finding the picture of an XML file, as the tools lay them out.

The name in the file is a stranger's: a path of another system, of a server, or missing. Only its last part counts, and
only files that were found below the root are ever opened.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from urllib.parse import unquote

from htrdata.images.endings import ENDINGS_OF_FILES, UNREAD, ending_of
from htrdata.records import ImageFile
from htrdata.sources.names import alike
from htrdata.sources.xml.files import ExportedFile

_NEAR: tuple[Callable[[PurePosixPath, PurePosixPath], bool], ...] = (
    lambda xml, picture: picture.parent == xml.parent,
    lambda xml, picture: picture.parent == xml.parent.parent,
    lambda xml, picture: picture.parent.parent == xml.parent.parent,
)
"""Where a picture may stand to be near an XML file, the nearest first."""


class Pictures:
    """The pictures among files.

    Args:
        files: of an export, or below another folder.

    Attributes:
        unread: how many there are besides that nothing here reads, by what they are.
    """

    def __init__(self, files: Iterable[ExportedFile]) -> None:
        self.unread: Counter[str] = Counter()
        self._by_name: dict[str, list[ExportedFile]] = {}
        self._by_stem: dict[str, list[ExportedFile]] = {}
        self._xml: dict[str, list[PurePosixPath]] = {}
        self._places: dict[str, PurePosixPath] = {}
        for one in files:
            if one.is_leftover:
                continue
            ending = ending_of(one.below.name)
            if ending in UNREAD:
                self.unread[UNREAD[ending]] += 1
            elif ending in ENDINGS_OF_FILES:
                self._places[one.file.name] = one.below
                self._by_name.setdefault(alike(one.below.name), []).append(one)
                self._by_stem.setdefault(alike(one.below.stem), []).append(one)
            elif ending == ".xml":
                self._xml.setdefault(alike(one.below.stem), []).append(one.below)

    def find(self, xml: PurePosixPath, name: str) -> ImageFile | None:
        """Finds the picture of an XML file.

        First by the name that the file gives, then by that name with another ending, then by it as part of an address
        (``%20``), last by the name of the XML file. Capitals, and how a system writes an é, make no difference.
        Of several pictures of a name the one beside the XML file counts, then the one in the folder above (Transkribus
        has its XML in ``page/``), then the only one next to it in a folder of its own (``alto/`` and ``jpg/``), then
        the only one anywhere, if it is not that of another XML file of the same name. Where several stand there, the
        one in a folder of the name that the file gives counts (``img/1.jpg`` beside ``thumbs/1.jpg``).

        Args:
            xml: path of the XML file, below the root.
            name: of the picture, as the file has it; may be empty.

        Returns:
            The picture; None where there is none, or more than one that could be meant.
        """
        last = alike(_last_part(name))
        plain = alike(_last_part(unquote(name)))
        for found in (
            self._by_name.get(last, []),
            self._by_stem.get(_stem(last), []),
            self._by_name.get(plain, []),
            self._by_stem.get(_stem(plain), []),
            self._by_stem.get(alike(xml.stem), []),
        ):
            if found:
                return self._nearest(xml, found, _folder(name))
        return None

    def is_near(self, xml: PurePosixPath, picture: ImageFile) -> bool:
        """Whether a picture that was found stands where tools lay out that of an XML file."""
        return any(near(xml, self._places[picture.name]) for near in _NEAR)

    def _nearest(self, xml: PurePosixPath, found: list[ExportedFile], folder: str) -> ImageFile | None:
        for near in _NEAR:
            if there := [one for one in found if near(xml, one.below)]:
                named = [one for one in there if folder and alike(one.below.parent.name) == folder]
                there = named if len(there) > 1 and named else there
                return there[0].file if len(there) == 1 else None
        same = self._xml.get(alike(xml.stem), [])
        if len(found) != 1 or (xml in same and any(near(other, found[0].below) for other in same for near in _NEAR)):
            return None  # the picture of another document, which has a page of this name, too
        return found[0].file


def usual_place(xml: PurePosixPath, name: str) -> PurePosixPath:
    """Where the picture of an XML file would stand, for messages that tell of its absence: beside the file.

    Args:
        xml: path of the XML file.
        name: of the picture, as the file has it; may be empty, or no name for a file.
    """
    last = _last_part(name)
    possible = last not in ("", ".", "..") and "\0" not in last and len(last.encode()) < 256
    return xml.with_name(last) if possible else xml.with_suffix(".jpg")


def _last_part(name: str) -> str:
    return re.split(r"[\\/]", name)[-1]


def _folder(name: str) -> str:
    """The folder of a picture as a file names it; empty without one."""
    return alike(_last_part(re.split(r"[\\/](?=[^\\/]*$)", unquote(name))[0])) if re.search(r"[\\/]", name) else ""


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name
