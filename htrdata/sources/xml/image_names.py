"""Finding the picture of an XML file, as the tools lay them out.

The name in the file is a stranger's: a path of another system, of a server, or missing. Only its last part counts, and
only files that were found below the root are ever opened.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

from htrdata.images.endings import ENDINGS_OF_FILES, UNREAD, ending_of
from htrdata.records import ImageFile
from htrdata.sources.xml.files import ExportedFile


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
        for one in files:
            if one.is_leftover:
                continue
            ending = ending_of(one.below.name)
            if ending in UNREAD:
                self.unread[UNREAD[ending]] += 1
            elif ending in ENDINGS_OF_FILES:
                self._by_name.setdefault(one.below.name.lower(), []).append(one)
                self._by_stem.setdefault(one.below.stem.lower(), []).append(one)

    def find(self, xml: PurePosixPath, name: str) -> ImageFile | None:
        """Finds the picture of an XML file.

        First by the name that the file gives, then by that name with another ending, last by the name of the XML file.
        Of several pictures of a name the one beside the XML file counts, then the one in the folder above (Transkribus
        has its XML in ``page/``), then the only one next to it in a folder of its own (``alto/`` and ``jpg/``).

        Args:
            xml: path of the XML file, below the root.
            name: of the picture, as the file has it; may be empty.

        Returns:
            The picture; None where there is none, or more than one that could be meant.
        """
        last = _last_part(name).lower()
        stem = last.rpartition(".")[0] or last
        for found in (
            self._by_name.get(last, []),
            self._by_stem.get(stem, []),
            self._by_stem.get(xml.stem.lower(), []),
        ):
            if found:
                return _nearest(xml, found)
        return None


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


def _nearest(xml: PurePosixPath, found: list[ExportedFile]) -> ImageFile | None:
    for near in (
        [one for one in found if one.below.parent == xml.parent],
        [one for one in found if one.below.parent == xml.parent.parent],
        [one for one in found if one.below.parent.parent == xml.parent.parent],
        found,
    ):
        if near:
            return near[0].file if len(near) == 1 else None
    return None
