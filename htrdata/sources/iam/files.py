"""Where the files of IAM are: known by their names, wherever they lie below the root, loose or in archives.

    words.txt, forms.txt      annotations in lines; or in ascii.tgz
    a01-000u.xml              annotations of a form; or in xml.tgz
    a01-000u-00-00.png        a word; or in words.tgz
    a01-000u.png              a form; or in formsA-D.tgz, formsE-H.tgz, formsI-Z.tgz

Folders do not count, neither on the disk nor in an archive: it does not matter where and how an archive was unpacked.
A loose file comes before one in an archive. Archives are known by how their names begin (words, forms, xml, ascii) and
end (``.tgz``, ``.tar.gz``, or ``.tar``, which some browsers make of a download).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from htrdata.errors import BadDataError
from htrdata.records import FileOnDisk, ImageFile
from htrdata.sources.archives import Archive, ArchiveMember
from htrdata.sources.drawn import MARK

Kind = Literal["words", "forms", "xml", "ascii"]

_FORM = r"[a-z][0-9]{2}-[0-9]{3}[a-z]?"
FORM_ID = re.compile(_FORM)
WORD_ID = re.compile(rf"{_FORM}-[0-9]{{2}}-[0-9]{{2}}")

_NAMES: Mapping[Kind, re.Pattern[str]] = {
    "words": re.compile(rf"({WORD_ID.pattern})\.png"),
    "forms": re.compile(rf"({_FORM})\.png"),
    "xml": re.compile(rf"({_FORM})\.xml"),
    "ascii": re.compile(r"(words|forms)\.txt"),
}
_ARCHIVE = re.compile(r"(words|forms|xml|ascii).*(\.tgz|\.tar\.gz|\.tar)", re.IGNORECASE)

MAX_ANNOTATIONS = 64 << 20
"""The largest annotation file that is read, in bytes; words.txt has some 6 million."""

_DEPTH = 6  # ROOT/iam/words/a01/a01-000u/ has 4; a root given by mistake is not searched to its ends


@dataclass(frozen=True, slots=True)
class IamFiles:
    """What lies below a root.

    Attributes:
        root: the folder.
        loose: by kind, the loose files by their id: that of a word or form, or ``words`` and ``forms`` of the lines.
        archives: by kind, in the order of their paths.
        marks: files that say that the data set is drawn; see `htrdata.sources.drawn`.
    """

    root: Path
    loose: Mapping[Kind, dict[str, Path]] = field(default_factory=lambda: {kind: {} for kind in _NAMES})
    archives: Mapping[Kind, list[Path]] = field(default_factory=lambda: {kind: [] for kind in _NAMES})
    marks: list[Path] = field(default_factory=list)

    def has(self, kind: Kind) -> bool:
        """Whether there is anything of a kind."""
        return bool(self.loose[kind] or self.archives[kind])

    def images(self, kind: Kind, wanted: Iterable[str]) -> dict[str, ImageFile]:
        """The images of words or forms. One that is nowhere comes as a file that does not exist.

        Raises:
            BadDataError: an archive is cut off, damaged or none, or has two images of one id.
        """
        ids = list(wanted)
        loose = self.loose[kind]
        packed = {} if all(i in loose for i in ids) else dict(self._packed(kind))
        found: dict[str, ImageFile] = {}
        for i in ids:
            if i in loose:
                found[i] = FileOnDisk(loose[i])
            else:
                found[i] = packed[i] if i in packed else FileOnDisk(self.root / kind / f"{i}.png")
        return found

    def annotations(self, kind: Kind) -> Iterator[tuple[str, str, bytes]]:
        """Yields id, name for messages, and content of every annotation file of a kind, loose ones first.

        Raises:
            BadDataError: a file is too large; an archive is cut off, damaged or none, or has two files of one id.
        """
        for file_id, path in self.loose[kind].items():
            yield file_id, *_read(FileOnDisk(path))
        for file_id, member in self._packed(kind):
            if file_id not in self.loose[kind]:
                yield file_id, *_read(member)

    def _packed(self, kind: Kind) -> Iterator[tuple[str, ArchiveMember]]:
        """The files of a kind in archives, with their ids, each of which is there once."""
        names: dict[str, str] = {}
        for path in self.archives[kind]:
            for member in Archive(path).members():
                match = _NAMES[kind].fullmatch(member.file_name)
                if match is not None:
                    other = names.setdefault(match[1], member.name)
                    if other != member.name:
                        raise BadDataError(f"{member.name} is there twice: also as {other}; leave one of them")
                    yield match[1], member


def _read(file: ImageFile) -> tuple[str, bytes]:
    size = file.size() or 0
    if size > MAX_ANNOTATIONS:
        raise BadDataError(f"{file.name} has {size:,} bytes: no annotation file of IAM has over {MAX_ANNOTATIONS:,}")
    return file.name, file.read()


def find_files(root: Path) -> IamFiles:
    """Looks through a root, following links; of a root that does not exist nothing is found.

    Raises:
        BadDataError: two loose files have one name.
        OSError: a folder cannot be read.
    """
    files = IamFiles(root)
    seen: set[str] = set()
    for folder, below, names in os.walk(root, followlinks=True, onerror=_raise):
        real = os.path.realpath(folder)
        if real in seen or len(Path(folder).relative_to(root).parts) >= _DEPTH:
            below.clear()
        if real not in seen:
            place = Path(folder)
            for name in sorted(names):
                _sort_in(files, place, name)
        seen.add(real)
        below.sort()
    return files


def _raise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def _sort_in(files: IamFiles, folder: Path, name: str) -> None:
    if name == MARK:
        files.marks.append(folder / name)
        return
    archive = _ARCHIVE.fullmatch(name)
    if archive is not None:
        files.archives[cast(Kind, archive[1].lower())].append(folder / name)
        return
    for kind, pattern in _NAMES.items():
        match = pattern.fullmatch(name)
        if match is not None:  # no name is of two kinds
            path = folder / name
            other = files.loose[kind].setdefault(match[1], path)
            if other is not path:
                raise BadDataError(f"{path} is there twice: also as {other}; leave one of them below {files.root}")
            return
