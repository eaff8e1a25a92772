"""UNIPEN: the archive of record 1195803 at Zenodo, proved by the MD5 that the record gives; its reader reads it packed.

    ROOT/unipen-CDROM-train_r01_v07.tgz

Whoever has it is not asked again: ``survival.csv`` keeps the SHA-256 that it had.
"""

from __future__ import annotations

from pathlib import Path

from htrdata.errors import BadDataError, UnreachableError
from htrdata.files import strict_json
from htrdata.files.writing import discard
from htrdata.sources.fetching.hosts import Places
from htrdata.sources.fetching.session import Manner, Session, look_at, open_session, refuse_sample
from htrdata.sources.fetching.survey import FileSurvey
from htrdata.sources.fetching.survival import read_known
from htrdata.sources.fetching.trying import ask_patiently
from htrdata.sources.fetching.wanted import CannotHaveError, Digest, FileOutcome, Status, Wanted

ARCHIVE = "unipen-CDROM-train_r01_v07.tgz"

_RECORD = "https://zenodo.org/api/records/1195803"
_PLACES = Places(hosts=frozenset({"zenodo.org"}))
_RECORD_LIMIT = 1 << 20  # bytes
_ARCHIVE_LIMIT = 1 << 29  # it has some 156 million


def fetch(root: Path, manner: Manner) -> FileSurvey:
    """Fetches the archive, or the rest of it.

    Args:
        root: the folder of the data set.
        manner: how to go about it.

    Raises:
        UnreachableError: Zenodo cannot be reached; the message says how else to get the archive.
        BadDataError: Zenodo's record is not what it was.
        HtrError: as of `htrdata.sources.fetching.session`.
    """
    with open_session(root, _PLACES, manner) as session:
        wanted = [_wanted(_kept_digest(session.survival.known.get(ARCHIVE)))]
        if not look_at(root, wanted, session.survival.known, manner, "files"):
            wanted = [_wanted(_published_digest(session))]
        return FileSurvey("unipen", root, "files", wanted, session.fetch(wanted, "files"))


def preview(root: Path, manner: Manner) -> FileSurvey:
    """What `fetch` would ask for. Nothing is written.

    Raises:
        HtrError: as of `fetch`.
    """
    refuse_sample(root)
    known = read_known(root)
    wanted = [_wanted(_kept_digest(known.get(ARCHIVE)))]
    return FileSurvey("unipen", root, "files", wanted, look_at(root, wanted, known, manner, "files"))


def _wanted(digest: Digest) -> Wanted:
    return Wanted(ARCHIVE, f"{_RECORD}/files/{ARCHIVE}/content", digest, _ARCHIVE_LIMIT)


def _kept_digest(known: FileOutcome | None) -> Digest:
    """What the archive had when it was fetched; one that nothing has, if it never was."""
    return Digest("sha256", known.sha256 if known is not None and known.status is Status.KEPT else "")


def _published_digest(session: Session) -> Digest:
    """Asks Zenodo for the record of the data set.

    Raises:
        UnreachableError: it does not come.
        BadDataError: it has not the archive, or is no record.
    """
    part = session.root / ".record.json.part"
    try:
        asker = session.asker
        ask_patiently(asker, lambda: asker.ask(_RECORD, part, _RECORD_LIMIT))
        return _digest_in(strict_json.parse(part.read_bytes(), _RECORD))
    except CannotHaveError as error:
        raise UnreachableError(
            f"Zenodo's record of UNIPEN could not be had ({error.status}: {error.detail}). Run the same command where "
            f"there is a network, or fetch https://zenodo.org/records/1195803/files/{ARCHIVE} by hand and name it: "
            "`htrdata unipen PATH`"
        ) from error
    finally:
        discard(part)


def _digest_in(record: object) -> Digest:
    """The MD5 of the archive in a record, as Zenodo's interface gives it: ``files``, with ``key`` and ``checksum``."""
    files = record.get("files") if isinstance(record, dict) else None
    for file in files if isinstance(files, list) else ():
        if isinstance(file, dict) and file.get("key") == ARCHIVE:
            checksum = file.get("checksum")
            if isinstance(checksum, str) and checksum.startswith("md5:") and len(checksum) == 36:
                return Digest("md5", checksum.removeprefix("md5:").lower())
    raise BadDataError(
        f"{_RECORD} gives no MD5 for {ARCHIVE}: it is not the record that it was; fetch the archive by hand from "
        "https://zenodo.org/records/1195803 and name it: `htrdata unipen PATH`"
    )
