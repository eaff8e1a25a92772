"""A file that is wanted, where it is published and what it hashes to; and what became of it."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

RESUMED_FROM = 1 << 20
"""Bytes of a part file from which on the rest alone is asked for; files with less begin anew."""

_AT_ONCE = 1 << 20  # bytes


class Status(enum.StrEnum):
    """What became of a file. See `FINAL` for those that another run does not ask for again."""

    KEPT = "kept"  # it is there, and its bytes are those that were published
    REMOVED = "removed"  # the server shows, or leads to, a picture that says so
    MISSING = "missing"  # 404 or 410
    HASH_MISMATCH = "hash_mismatch"  # something else came, in full
    TOO_LARGE = "too_large"  # more bytes than such a file can have
    NO_HASH = "no_hash"  # nobody says what it hashes to: it is not asked for
    INVALID_ID = "invalid_id"  # its name is none: it is not asked for
    WEB_PAGE = "web_page"  # HTML came
    TRUNCATED = "truncated"  # the answer ended too early, each time
    REDIRECTED = "redirected"  # the answer led to another host or scheme, or round in circles
    REFUSED = "refused"  # 401, 403 or 451
    RATE_LIMITED = "rate_limited"  # 429, each time
    SERVER_ERROR = "server_error"  # 408, 425 or 5xx, each time
    STRANGE_ANSWER = "strange_answer"  # no HTTP, or a status that has no meaning here
    TIMEOUT = "timeout"  # no answer in time, or too slow a one
    UNREACHABLE = "unreachable"  # no connection, or none that its certificate vouches for
    NOT_TRIED = "not_tried"  # the server was given up before its turn, or nobody has asked yet


FINAL = frozenset(
    {
        Status.KEPT,
        Status.REMOVED,
        Status.MISSING,
        Status.HASH_MISMATCH,
        Status.TOO_LARGE,
        Status.NO_HASH,
        Status.INVALID_ID,
    }
)
"""What another run need not ask for again, as the answer would be the same; all else may be of the moment."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What a file hashes to.

    Attributes:
        kind: ``git`` is the id that git gives a file of these bytes: SHA-1 behind a header with their number.
        hex: in lower case.
    """

    kind: Literal["md5", "sha256", "git"]
    hex: str

    def fits(self, sums: Sums) -> bool:
        """Whether a file of these sums is the one that is meant."""
        return {"md5": sums.md5, "sha256": sums.sha256, "git": sums.git}[self.kind] == self.hex

    def __str__(self) -> str:
        return f"{self.kind} {self.hex}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that is wanted.

    Attributes:
        name: its path below the root, with ``/``; checked by whoever makes it.
        url: where it is published.
        digest: what it hashes to; None where nobody says so.
        limit: bytes that it cannot have more of.
        splits: in which it is, where it is a page.
        words: annotated ones on it.
        fault: why it is not to be asked for, if so.
    """

    name: str
    url: str
    digest: Digest | None
    limit: int
    splits: tuple[str, ...] = ()
    words: int = 0
    fault: Status | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOutcome:
    """What became of a file.

    Attributes:
        name: as of `Wanted`.
        status: in one word.
        http: the status code of the last answer; None where there was none.
        bytes: of the file; None where it is not kept.
        md5: of the file, or of the whole answer that was not it.
        sha256: likewise.
        when: the time of this finding, in UTC, as ISO 8601 has it.
        detail: what a person should know besides.
    """

    name: str
    status: Status
    http: int | None = None
    bytes: int | None = None
    md5: str = ""
    sha256: str = ""
    when: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Sums:
    """Size and digests of a file, and how it begins and ends."""

    size: int
    md5: str
    sha256: str
    git: str
    head: bytes
    tail: bytes


def sums_of(path: Path) -> Sums:
    """Reads a file once.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return sums_of_blocks(iter(lambda: file.read(_AT_ONCE), b""), path.stat().st_size)


def sums_of_blocks(blocks: Iterable[bytes], size: int) -> Sums:
    """Those of bytes that come piece by piece, of which there are so many."""
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    git = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    head = tail = b""
    for block in blocks:
        head = head or block[:512]
        tail = (tail + block[-2:])[-2:]
        for digest in (md5, sha256, git):
            digest.update(block)
    return Sums(size, md5.hexdigest(), sha256.hexdigest(), git.hexdigest(), head, tail)


class CannotHaveError(Exception):
    """A question that brought no file.

    Attributes:
        status: why.
        detail: in words.
        http: the status code of the answer; None where there was none.
        again: whether asking once more may help.
    """

    def __init__(self, status: Status, detail: str, http: int | None = None, *, again: bool = False) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.http = http
        self.again = again


class StoppedError(Exception):
    """The run was stopped while a file was waited for."""
