"""Finds the images that a table names: tables are moved, images too, and systems write paths in several ways."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from htrdata.errors import UsageError
from htrdata.images.endings import ENDINGS_OF_FILES
from htrdata.sources.folder.rows import is_image_name, split_within
from htrdata.sources.folder.trees import Tree
from htrdata.sources.names import alike

_SAMPLE = 1000  # names that say how all names of a table are to be taken
_LONGEST = 255  # bytes
_ENDINGS = (".png", ".jpg", *sorted(ENDINGS_OF_FILES - {".png", ".jpg"}))
_COMMON = (".png", ".jpg", ".jpeg", ".tif", ".tiff")  # in place of each other
_FEW = 10  # of these, for folders that are less likely
_UPLOADED = re.compile("[0-9a-f]{8}-(?=.)")
_NO_PATH = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class _Way:
    """How names become paths: from which folder, without how many leading folders, with which ending.

    The ending is added, or takes the place of the one that names have. What was uploaded to Label Studio goes there by
    another name than here: eight hexadecimal digits and a hyphen stand before it.
    """

    base: str
    leading: int = 0
    ending: str = ""
    instead: bool = False
    uploaded: bool = False

    def parts(self, parts: Sequence[str]) -> list[str] | None:
        if len(parts) <= self.leading:
            return None
        name = parts[-1].rpartition(".")[0] if self.instead else parts[-1]
        name = _UPLOADED.sub("", name) if self.uploaded else name
        return [*parts[self.leading : -1], name + self.ending]


class ImageNames:
    """The images that one table names.

    A name is taken as a path from the folder of the table, from the root, or from one below it with images; where no
    name is one, leading folders (those of another machine, say) are left out of all names, and where they have no
    ending, or that of another format, they get one. Names in another Unicode form or another case than the file's are
    found, too, and ways up from the folder of the table that stay below the root (``../images/a.png``).

    Args:
        tree: the files.
        likely: the folders below it that names start from, each with a slash behind it, or empty.
        others: further ones that they may start from.
        names: of the table, as they stand there.
        place: the table, for messages.
        split: what the table is called by: of several folders with such images it means the one that is called so, too.

    Raises:
        UsageError: they may be those of several of the other folders.
    """

    def __init__(
        self,
        tree: Tree,
        likely: Sequence[str],
        others: Sequence[str],
        names: Iterable[str],
        place: str,
        split: str | None = None,
    ) -> None:
        self._split = split
        self._tree, self._table = tree, likely[0]
        self._names_in: tuple[str, dict[str, str | None]] | None = None
        sample = list(itertools.islice(names, _SAMPLE))
        self._way = self._find_way(likely, others, sample, place)
        if any("%" in name for name in sample) and not any(self._at(name) for name in sample):
            self._way = self._find_way(likely, others, list(map(unquote, sample)), place)

    @property
    def other_format(self) -> str | None:
        """The ending that images have in place of the one in the table; None where they are called as there."""
        return self._way.ending if self._way.instead else None

    @property
    def uploaded(self) -> bool:
        """Whether images are called without the digits that Label Studio puts before their names."""
        return self._way.uploaded

    def find(self, name: str) -> str | None:
        """The path of an image below the root, with ``/``; None where there is none. It may be written as in a URL."""
        found = self._at(name)
        return self._at(unquote(name)) if found is None and "%" in name else found

    def _at(self, name: str) -> str | None:
        parts = split_name(name)
        if parts is None:
            return self._upwards(name)
        taken = self._way.parts(parts)
        if not taken:
            return None
        below = self._way.base + "/".join(taken)
        return below if self._tree.is_file(below) else self.alikely(taken)

    def _find_way(self, likely: Sequence[str], others: Sequence[str], names: list[str], place: str) -> _Way:
        split = [parts for parts in map(split_name, names) if parts]
        named = all(is_image_name(parts[-1]) for parts in split)
        endings = [("", False), *((ending, named) for ending in (_COMMON if named else _ENDINGS))]
        deepest = max(map(len, split), default=1)
        ways: Iterable[tuple[int, tuple[str, bool]]] = itertools.product(range(deepest), endings)
        if named:  # another format is the last thing to look for
            ways = ((leading, ending) for ending in endings for leading in range(deepest))
        for leading, (ending, instead) in ways:
            for base in likely:
                if self._fits(way := _Way(base, leading, ending, instead), split[:_FEW] if instead else split):
                    return way
            fitting = [
                way
                for base in others
                if self._fits(way := _Way(base, leading, ending, instead), split[:_FEW], most=True)
            ]
            below = [way for way in fitting if way.base.startswith(likely[0])]  # the table's own folder
            called = [way for way in fitting if self._split and _split_of(way.base) == self._split]
            fitting = below if len(below) == 1 else called if len(called) == 1 else fitting
            if len(fitting) > 1:
                folders = " or ".join(f"--images {self._tree.place}/{way.base}".rstrip("/") for way in fitting[:3])
                raise UsageError(
                    f"the images that {place} names stand in several folders: say which is meant with {folders}"
                )
            if fitting:
                return fitting[0]
        if split and all(_UPLOADED.match(parts[-1]) for parts in split):
            bases = [(base, leading) for leading in range(deepest) for base in (*likely, *others)]
            found = (_Way(base, leading, uploaded=True) for base, leading in bases)
            return next((way for way in found if self._fits(way, split, most=True)), _Way(likely[0]))
        return _Way(likely[0])

    def _fits(self, way: _Way, names: Sequence[Sequence[str]], *, most: bool = False) -> bool:
        """Whether names can be taken so. As they stand, one that is there is enough: others may be missing."""
        there = (self._is_there(way, parts) for parts in names)
        return 2 * sum(there) > len(names) if most or way.leading or way.ending else any(there)

    def _is_there(self, way: _Way, parts: Sequence[str]) -> bool:
        taken = way.parts(parts)
        return taken is not None and self._tree.is_file(way.base + "/".join(taken))

    def _upwards(self, name: str) -> str | None:
        """An image whose name goes up from the folder of the table, and stays below the root."""
        below = posixpath.normpath(self._table + name.replace("\\", "/"))
        wrong = not name or is_absolute(name) or _NO_PATH.search(name) or below.split("/")[0] in ("", ".", "..")
        return below if not wrong and self._tree.is_file(below) else None

    def alikely(self, parts: Sequence[str]) -> str | None:
        """A path whose parts differ from those wanted in case or Unicode form, where there is only one."""
        below = self._way.base
        for number, part in enumerate(parts):
            end = "/" if number < len(parts) - 1 else ""
            if not self._tree.exists(f"{below}{part}"):
                found = self._listed(below).get(alike(part))
                if found is None:
                    return None
                part = found
            below += part + end
        return below if self._tree.is_file(below) else None

    def _listed(self, below: str) -> dict[str, str | None]:
        """What is in a folder, by names without case and Unicode form; None for what several are called."""
        if self._names_in is None or self._names_in[0] != below:
            found: dict[str, str | None] = {}
            for name in self._tree.names(below):
                found[alike(name)] = None if alike(name) in found else name
            self._names_in = below, found
        return self._names_in[1]


def _split_of(folder: str) -> str | None:
    """The split that a folder, or the nearest one above it, is called by."""
    return next(filter(None, map(split_within, reversed(folder.split("/")))), None)


def split_name(name: str) -> list[str] | None:
    """The parts of a name that stands for a path, of whatever system; None of one that cannot be that of an image."""
    if not name or _NO_PATH.search(name):
        return None
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    # No system has longer names, and asking for one is an error there.
    wrong = ".." in parts or any(len(part.encode()) > _LONGEST for part in parts)
    return None if not parts or wrong else parts


def is_absolute(name: str) -> bool:
    """Whether a name begins at the root of a system."""
    return name.startswith(("/", "\\")) or name[1:2] == ":"
