"""Where the files of IAM are: known by their names, wherever they lie below the root, loose or in archives.

    words.txt, lines.txt, forms.txt     annotations in lists; or in ascii.tgz
    a01-000u.xml                        annotations of a form; or in xml.tgz; or in the PNGs of its words
    a01-000u-00-00.png                  a word; or in words.tgz
    a01-000u-00.png                     a line; or in lines.tgz
    a01-000u.png                        a form; or in formsA-D.tgz, formsE-H.tgz, formsI-Z.tgz

Folders do not count, neither on the disk nor in an archive: it does not matter where and how an archive was unpacked.
Images may be of other formats, and lists have copies (``words_new.txt``). A loose file comes before one in an archive.
Archives are tar, gzipped or not, or zip. Those of the names above are taken for what these say; others are looked into.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from htrdata.errors import BadDataError
from htrdata.files.on_disk import FileBelow, FileOnDisk
from htrdata.records import ImageFile
from htrdata.sources.drawn import MARK
from htrdata.sources.iam.embedded import Samples
from htrdata.sources.iam.names import Kind, List, Packing, kind_of, list_of, packing_of
from htrdata.sources.iam.packed import Contents, Member, contents_of, may_hold_iam

MAX_ANNOTATIONS = 64 << 20
"""The largest annotation file that is read, in bytes; words.txt has some 6 million."""

_DEPTH = 16  # folders below each other
_MOST_FOLDERS = 50_000  # words, lines and forms of IAM lie in some 5,000; a root given by mistake is not searched


@dataclass(frozen=True, slots=True)
class IamFiles:
    """What lies below a root.

    Attributes:
        root: the folder.
        loose: by kind, the paths of loose files from the root on, with ``/``, by their ids.
        lists: loose files that may be lists, with what they list by their names.
        archives: archives in the order of their paths, with what their names say.
        marks: loose files that say that the data set is drawn; see `htrdata.sources.drawn`.
        passed: what was found and is not read, and why; complete only once all has been looked at.
    """

    root: Path
    loose: Mapping[Kind, dict[str, str]] = field(
        default_factory=lambda: {"words": {}, "lines": {}, "forms": {}, "xml": {}}
    )
    lists: list[tuple[List, Path]] = field(default_factory=list)
    archives: list[tuple[Packing, Path]] = field(default_factory=list)
    marks: list[Path] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    _walked: dict[Path, Contents] = field(default_factory=dict)

    def has(self, kind: Kind) -> bool:
        """Whether there is anything of a kind.

        Raises:
            BadDataError: an archive is cut off, damaged or none.
        """
        return bool(self.loose[kind]) or any(contents.files[kind] for contents in self._packed(kind))

    def ids(self, kind: Kind) -> set[str]:
        """The ids of all files of a kind.

        Raises:
            BadDataError: an archive is cut off, damaged or none.
        """
        return {*self.loose[kind], *(own_id for contents in self._packed(kind) for own_id in contents.files[kind])}

    def images(self, kind: Kind, wanted: Iterable[str]) -> dict[str, ImageFile]:
        """The images of words, lines or forms. One that is nowhere comes as a file that does not exist.

        Raises:
            BadDataError: an archive is cut off, damaged or none, or has two images of one id.
        """
        ids = list(wanted)
        loose, root = self.loose[kind], str(self.root)
        packed = {} if all(i in loose for i in ids) else self._members(kind)
        found: dict[str, ImageFile] = {}
        for i in ids:
            if i in loose:
                found[i] = FileBelow(root, loose[i])
            else:
                found[i] = packed[i] if i in packed else FileBelow(root, f"{kind}/{i}.png")
        return found

    def xml(self) -> Iterator[tuple[str, str, bytes]]:
        """Yields form, name for messages, and content of every file of a form, loose ones first.

        Raises:
            BadDataError: a file is too large; an archive is cut off, damaged or none, or has two files of one id.
        """
        for form, below in self.loose["xml"].items():
            file = FileBelow(str(self.root), below)
            yield form, file.name, read_bounded(file)
        for form, member in self._members("xml").items():
            if form not in self.loose["xml"]:
                yield form, member.name, read_bounded(member)

    def listing(self, what: List) -> list[ImageFile]:
        """The files that may be the list of words, lines or forms, loose ones first.

        Raises:
            BadDataError: an archive is cut off, damaged or none.
        """
        loose = [FileOnDisk(path) for listed, path in self.lists if listed == what]
        packed = (member for contents in self._packed("ascii") for listed, member in contents.lists if listed == what)
        return [*loose, *packed]

    def packed_marks(self, kind: Kind) -> list[Member]:
        """The files in archives that say that the data set is drawn: in those that may hold a kind, or were walked.

        Raises:
            BadDataError: an archive is cut off, damaged or none.
        """
        walked = [*self._packed(kind), *self._walked.values()]
        return [mark for contents in walked if contents for mark in contents.marks]

    def seen(self, kind: Kind) -> set[str]:
        """The ids of the files of a kind that were looked at: of no archives that there was no need to look into."""
        return {*self.loose[kind], *(own_id for walked in self._walked.values() for own_id in walked.files[kind])}

    def samples(self, kinds: Iterable[Kind], *, of_all: bool) -> Samples:
        """The XML of forms that images of words and lines carry.

        Args:
            kinds: of the images.
            of_all: whether to look into archives, too, where there are loose images.

        Raises:
            BadDataError: an archive is cut off, damaged or none.
        """
        found = Samples()
        for kind in kinds:
            for own_id, below in sorted(self.loose[kind].items()):
                form = own_id.rsplit("-", 2 if kind == "words" else 1)[0]
                if found.needs(form):
                    found.offer(form, FileBelow(str(self.root), below))
            for contents in self._packed(kind) if of_all or not self.loose[kind] else ():
                found.take(contents.samples)
        if found.faults:
            form, told = min(found.faults.items())
            self.passed.append(f"XML in the images of {len(found.faults):,} forms, such as {form}: {told[0]}")
        return found

    def _members(self, kind: Kind) -> dict[str, Member]:
        """The files of a kind in archives, by their ids, each of which is there once."""
        found: dict[str, Member] = {}
        for contents in self._packed(kind):
            for own_id, member in contents.files[kind].items():
                other = found.setdefault(own_id, member)
                if other is not member:
                    raise BadDataError(f"{member.name} is there twice: also as {other.name}; leave one of them")
        return found

    def _packed(self, kind: Packing) -> Iterator[Contents]:
        """What is in the archives that may hold a kind."""
        for packing, path in self.archives:
            if packing not in (kind, "similar", "other"):
                continue
            if path not in self._walked:
                self._walked[path] = self._look_into(packing, path)
            yield self._walked[path]

    def _look_into(self, packing: Packing, path: Path) -> Contents:
        if packing == "other":
            try:
                promising = may_hold_iam(path)
            except BadDataError as error:
                self.passed.append(str(error))
                return Contents()
            if not promising:
                return Contents()
        contents = contents_of(path, samples=packing not in ("forms", "xml", "ascii"))
        self.passed.extend(f"{name} is packed twice: unpack {path}" for name in contents.nested)
        if not contents and not contents.nested:
            self.passed.append(f"{path} holds nothing of IAM")
        return contents


def read_bounded(file: ImageFile) -> bytes:
    """The bytes of an annotation file.

    Raises:
        BadDataError: it is larger than `MAX_ANNOTATIONS`.
        OSError: it cannot be read.
    """
    size = file.size() or 0
    if size > MAX_ANNOTATIONS:
        raise BadDataError(f"{file.name} has {size:,} bytes: no annotation file of IAM has over {MAX_ANNOTATIONS:,}")
    return file.read()


def find_files(root: Path) -> IamFiles:
    """Looks through a root, following links, or at an archive. Of a root that does not exist nothing is found.

    Raises:
        BadDataError: two loose files have one name, or there are folders without end.
        OSError: a folder cannot be read.
    """
    files = IamFiles(root)
    if root.is_file():
        files.archives.append(("similar", root))
    seen: set[str] = set()
    for folder, below, names in os.walk(root, followlinks=True, onerror=_raise):
        real = os.path.realpath(folder)
        inside = folder[len(os.fspath(root)) :].strip(os.sep).replace(os.sep, "/")
        if real in seen or inside.count("/") >= _DEPTH - 1:
            below.clear()
        if real not in seen:
            for name in sorted(names):
                _sort_in(files, f"{inside}/{name}" if inside else name, name)
        seen.add(real)
        if len(seen) > _MOST_FOLDERS:
            raise BadDataError(
                f"there are more than {_MOST_FOLDERS:,} folders below {root}: name the one that IAM is in"
            )
        below.sort()
    return files


def _raise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def _sort_in(files: IamFiles, below: str, name: str) -> None:
    if (known := kind_of(name)) is not None:
        kind, own_id = known
        other = files.loose[kind].setdefault(own_id, below)
        if other is not below:
            paths = files.root / below, files.root / other
            raise BadDataError(f"{paths[0]} is there twice: also as {paths[1]}; leave one of them below {files.root}")
        return
    path = files.root / below
    if (listed := list_of(name)) is not None:
        files.lists.append((listed, path))
    elif name == MARK:
        files.marks.append(path)
    elif (packing := packing_of(name)) == "unreadable":
        files.passed.append(f"{path} is packed in a rare way: unpack it")
    elif packing is not None:
        files.archives.append((packing, path))
