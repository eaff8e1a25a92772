"""DHSD: its repository at one commit, as GitHub packs it: one request instead of six thousand.

    ROOT/train.csv, …                     proved by the ids that git has for them at that commit
    ROOT/german_hw_data/writer1/1_0.png   proved by the SHA-256 in the repository's checksums.sha256

GitHub packs an archive when it is asked for one, and not always into the same bytes: the archive itself is therefore no
more than a part file, and each file in it is proved on its own before it gets its name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from htrdata.errors import BadDataError
from htrdata.files.writing import move_durably
from htrdata.sources.archives import Archive, ArchiveMember
from htrdata.sources.fetching.hosts import Places
from htrdata.sources.fetching.session import Manner, Session, look_at, open_session, refuse_sample, stays, storing
from htrdata.sources.fetching.survey import FileSurvey
from htrdata.sources.fetching.survival import read_known
from htrdata.sources.fetching.trying import ask_patiently, is_web_page, kept, now
from htrdata.sources.fetching.wanted import (
    CannotHaveError,
    Digest,
    FileOutcome,
    Status,
    Wanted,
    sums_of,
    sums_of_blocks,
)
from htrdata.sources.lines import read_lines

if TYPE_CHECKING:
    from htrdata.sources.fetching.asking import Asker

_COMMIT = "ab871d395966c3f1177444a2db847e047b9559b8"
_ARCHIVE = f"https://codeload.github.com/nauman-riaz/DHSD/tar.gz/{_COMMIT}"
_PLACES = Places(hosts=frozenset({"codeload.github.com"}))
_ARCHIVE_LIMIT = 1 << 28  # bytes; the files have 72 million
_FILE_LIMIT = 1 << 22

_CHECKSUMS = "checksums.sha256"
_FILES = {
    _CHECKSUMS: "72ab0c1d869eb4b626d780debb2282a2e31c0fd6",
    "LICENSE": "432394e5b80d9fca3801ae24b80a40f710f79255",
    "README.md": "ccd68c211d75c2c8ece186bff6fe463bb9be6532",
    "train.csv": "2c81ab6ff5fd25fe09f5639ad7d63fc6d25fcc45",
    "test.csv": "67dd2c1aa8af37700b1a247640060883e631c023",
}
"""The files that checksums.sha256 does not name, and it; with the ids of their content at that commit."""

_TABLES = ("train.csv", "test.csv")
"""Of these the ones that people may have changed."""

_NAME = re.compile(r"data\.csv|german_hw_data/writer\d{1,4}/\d{1,4}_\d{1,5}\.png")


def fetch(root: Path, manner: Manner) -> FileSurvey:
    """Fetches the repository's files.

    Args:
        root: the folder of the data set.
        manner: how to go about it.

    Raises:
        HtrError: as of `htrdata.sources.fetching.session`.
    """
    with open_session(root, _PLACES, manner) as session:
        left = frozenset(name for name in _TABLES if stays(root, _pinned(name), manner.say))
        wanted = _wanted(root, left)
        found = _kept(root, wanted, session.survival.known, manner)
        if len(found) < len(wanted) or not _names_all(wanted):
            found |= _fetch_archive(session, left)
            wanted = _wanted(root, left)
        session.take_down(wanted, found)
        return FileSurvey("dhsd", root, "files", wanted, found)


def preview(root: Path, manner: Manner) -> FileSurvey:
    """What `fetch` would ask for; only the tables, as long as nobody knows which images there are. Nothing is written.

    Raises:
        HtrError: as of `fetch`.
    """
    refuse_sample(root)
    wanted = _wanted(root, frozenset(name for name in _TABLES if stays(root, _pinned(name), manner.say)))
    then = "" if _names_all(wanted) else "what checksums.sha256 names, in the same archive"
    return FileSurvey("dhsd", root, "files", wanted, _kept(root, wanted, read_known(root), manner), then=then)


def _kept(
    root: Path, wanted: Sequence[Wanted], known: Mapping[str, FileOutcome], manner: Manner
) -> dict[str, FileOutcome]:
    """What is there; what could not be had before may be in the next archive, which is asked for as a whole."""
    found = look_at(root, wanted, known, manner, "files")
    return {name: one for name, one in found.items() if one.status is Status.KEPT}


def _pinned(name: str) -> Wanted:
    return Wanted(name, _ARCHIVE, Digest("git", _FILES[name]), _FILE_LIMIT)


def _wanted(root: Path, left: Collection[str]) -> list[Wanted]:
    """The files that are to be there: those that checksums.sha256 names, too, as soon as it is there and right.

    Args:
        root: the folder of the data set.
        left: names of files that are left as they are.
    """
    files = [_pinned(name) for name in _FILES if name not in left]
    path = root / _CHECKSUMS
    if path.is_file() and Digest("git", _FILES[_CHECKSUMS]).fits(sums_of(path)):
        for number, line in read_lines(path):
            sha256, _, name = line.partition("  ")
            if not _NAME.fullmatch(name):
                raise BadDataError(f"{path}, line {number}: {name!r} is no file of the data set")
            files.append(Wanted(name, _ARCHIVE, Digest("sha256", sha256), _FILE_LIMIT))
    return files


def _names_all(wanted: Sequence[Wanted]) -> bool:
    return len(wanted) > len(_FILES)


def _fetch_archive(session: Session, left: Collection[str]) -> dict[str, FileOutcome]:
    """Fetches the archive and takes out of it what is not there: what became of each of the files.

    Raises:
        OSError: a file cannot be written.
    """
    part = session.root / ".archive.tar.gz.part"
    asker = session.asker
    try:
        members = ask_patiently(asker, lambda: _ask_for_members(asker, part))
    except CannotHaveError as error:
        wanted = _wanted(session.root, left)
        there = _kept(session.root, wanted, session.survival.known, session.manner)
        return {
            one.name: FileOutcome(name=one.name, status=error.status, http=error.http, when=now(), detail=error.detail)
            for one in wanted
            if one.name not in there
        }
    with storing(session.root):
        _unpack(session.root, [_pinned(_CHECKSUMS)], members, session.manner)  # it names the others
        found = _unpack(session.root, _wanted(session.root, left), members, session.manner)
        part.unlink()
    return found


def _unpack(
    root: Path, wanted: Sequence[Wanted], members: Mapping[str, ArchiveMember], manner: Manner
) -> dict[str, FileOutcome]:
    """Puts files of the archive in their places, if they are those that were published and not there yet."""
    found: dict[str, FileOutcome] = {}
    moves: dict[Path, Path] = {}
    for number, one in enumerate(wanted, 1):
        path = root / one.name
        part = path.with_name(f".{path.name}.part")
        found[one.name] = there = _take_out(path, part, one, members.get(one.name))
        if there.status is Status.KEPT and part.exists():
            moves[part] = path
        manner.progress("files", number, len(wanted))
    move_durably(moves)
    return found


def _ask_for_members(asker: Asker, part: Path) -> dict[str, ArchiveMember]:
    """The files of the archive, by their names in the repository."""
    code = asker.ask(_ARCHIVE, part, _ARCHIVE_LIMIT)
    try:
        found = {member.member.partition("/")[2]: member for member in Archive(part).members()}
    except BadDataError as error:
        page = is_web_page(part.read_bytes()[:512])
        part.unlink()
        asker.judge(_ARCHIVE, str(error))
        status, detail = (Status.WEB_PAGE, "a web page came") if page else (Status.TRUNCATED, str(error))
        raise CannotHaveError(status, detail, code, again=not page) from error
    asker.judge(_ARCHIVE, None)
    return found


def _take_out(path: Path, part: Path, wanted: Wanted, member: ArchiveMember | None) -> FileOutcome:
    """Writes a file of the archive into its part file, if it is the one that was published and not there yet."""
    assert wanted.digest is not None
    part.unlink(missing_ok=True)
    if path.is_file() and wanted.digest.fits(sums := sums_of(path)):
        return kept(wanted, sums, None)
    if member is None or member.length > wanted.limit:
        return FileOutcome(name=wanted.name, status=Status.MISSING, when=now(), detail="the archive does not have it")
    data = member.read()
    sums = sums_of_blocks([data], len(data))
    if not wanted.digest.fits(sums):
        detail = f"{sums.size:,} bytes of SHA-256 {sums.sha256} came"
        return FileOutcome(name=wanted.name, status=Status.HASH_MISMATCH, when=now(), detail=detail)
    path.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(data)
    return kept(wanted, sums, 200)
