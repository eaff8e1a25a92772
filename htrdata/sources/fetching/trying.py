"""Obtains one file: looks whether it is there, asks as often as makes sense, proves what came, puts it in its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from htrdata.files.writing import sync_file, sync_folder
from htrdata.sources.fetching.wanted import (
    FINAL,
    RESUMED_FROM,
    CannotHaveError,
    FileOutcome,
    Status,
    StoppedError,
    Sums,
    Wanted,
    sums_of,
)

if TYPE_CHECKING:
    from htrdata.sources.fetching.asking import Asker


T = TypeVar("T")


def look(root: Path, wanted: Wanted, known: FileOutcome | None) -> FileOutcome | None:
    """What is known of a file without asking anybody; None where it has to be asked for.

    Args:
        root: the folder of the data set.
        wanted: the file.
        known: what an earlier run found, if one did.

    Returns:
        An outcome of `FINAL`: the file is there and right, or can never be had.

    Raises:
        OSError: the file is there and cannot be read.
    """
    path = root / wanted.name
    if wanted.fault is not None or wanted.digest is None:
        return FileOutcome(name=wanted.name, status=wanted.fault or Status.NO_HASH, when=now())
    if path.is_file():
        sums = sums_of(path)
        if wanted.digest.fits(sums) and _sha256(known) in ("", sums.sha256):
            kept_before = known is not None and known.status is Status.KEPT
            return known if kept_before else kept(wanted, sums, None)
        return None
    return known if known is not None and known.status in FINAL - {Status.KEPT} else None


def obtain(asker: Asker, root: Path, wanted: Wanted, known: FileOutcome | None) -> FileOutcome:
    """Asks for a file that is not there, and puts it in its place if it is the one that was published.

    Args:
        asker: of the data set.
        root: its folder.
        wanted: the file.
        known: what an earlier run found, if one did: a file that was kept once must have the same SHA-256 again, since
            others can be made of the same MD5.

    Raises:
        StoppedError: the run was stopped; what has come is left in a part file.
        OSError: the file cannot be written.
    """
    path = root / wanted.name
    part = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        code, sums = ask_patiently(asker, lambda: _ask_and_prove(asker, wanted, part, _sha256(known)))
    except CannotHaveError as error:
        if error.status in FINAL or (part.exists() and part.stat().st_size < RESUMED_FROM):
            part.unlink(missing_ok=True)  # else the rest alone is worth asking for
        mistaken = error if isinstance(error, _NotTheFileError) else None
        return FileOutcome(
            name=wanted.name,
            status=error.status,
            http=error.http,
            md5=mistaken.sums.md5 if mistaken is not None else "",
            sha256=mistaken.sums.sha256 if mistaken is not None else "",
            when=now(),
            detail=error.detail + (f"; the file {wanted.name} here is another one" if path.exists() else ""),
        )
    sync_file(part)
    if asker.stop.is_set():  # nobody holds the folder's lock for a thread that was left behind
        raise StoppedError
    part.replace(path)
    sync_folder(path.parent)
    return kept(wanted, sums, code)


class _NotTheFileError(CannotHaveError):
    """Something came in full that is not the file."""

    def __init__(self, status: Status, detail: str, http: int, sums: Sums, *, again: bool = False) -> None:
        super().__init__(status, detail, http, again=again)
        self.sums = sums


def ask_patiently(asker: Asker, ask: Callable[[], T]) -> T:
    """Asks again, each time after a longer while, as long as that may help.

    Args:
        asker: of the data set.
        ask: asks once.

    Raises:
        CannotHaveError: of the last time.
        StoppedError: the run was stopped.
    """
    import tenacity

    polite = asker.politeness
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: isinstance(error, CannotHaveError) and error.again),
        stop=tenacity.stop_after_attempt(polite.attempts) | tenacity.stop_when_event_set(asker.stop),
        wait=tenacity.wait_exponential(polite.backoff, polite.longest_backoff)
        + tenacity.wait_random(0, polite.backoff),
        sleep=tenacity.sleep_using_event(asker.stop),
        reraise=True,
    )
    try:
        return retrying(ask)
    except CannotHaveError as error:
        if asker.stop.is_set() and error.again:
            raise StoppedError from error
        raise


def _ask_and_prove(asker: Asker, wanted: Wanted, part: Path, sha256: str) -> tuple[int, Sums]:
    code = asker.ask(wanted.url, part, wanted.limit)
    sums = sums_of(part)
    assert wanted.digest is not None
    if wanted.digest.fits(sums) and sha256 in ("", sums.sha256):
        asker.judge(wanted.url, None)
        return code, sums
    error = _what_came(asker.places.tombstones, sums, code, resumed=code == 206)
    part.unlink()
    asker.judge(wanted.url, error.detail if error.status in (Status.WEB_PAGE, Status.TRUNCATED) else None)
    raise error


def _what_came(tombstones: frozenset[str], sums: Sums, code: int, *, resumed: bool) -> _NotTheFileError:
    """Why a file is not the one that was published."""
    if sums.md5 in tombstones:
        return _NotTheFileError(Status.REMOVED, "the picture for removed images came", code, sums)
    if is_web_page(sums.head):
        return _NotTheFileError(Status.WEB_PAGE, "a web page came", code, sums)
    cut = sums.size == 0 or (sums.head.startswith(b"\xff\xd8") and sums.tail != b"\xff\xd9")
    if cut:
        return _NotTheFileError(Status.TRUNCATED, f"it ended after {sums.size:,} bytes", code, sums, again=True)
    detail = f"{sums.size:,} bytes of MD5 {sums.md5} came"
    return _NotTheFileError(Status.HASH_MISMATCH, detail, code, sums, again=resumed)


def _sha256(known: FileOutcome | None) -> str:
    """That of a file that was kept once; empty where none was."""
    return known.sha256 if known is not None and known.status is Status.KEPT else ""


def is_web_page(head: bytes) -> bool:
    """Whether bytes begin as HTML or XML does."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def kept(wanted: Wanted, sums: Sums, code: int | None) -> FileOutcome:
    """That a file is there, and that it is the one that was published."""
    return FileOutcome(
        name=wanted.name,
        status=Status.KEPT,
        http=code,
        bytes=sums.size,
        md5=sums.md5,
        sha256=sums.sha256,
        when=now(),
    )


def now() -> str:
    """The time, as outcomes have it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
