"""Text files as strangers write them: which encoding, and their lines with numbers."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator

from htrdata.errors import BadDataError, UsageError
from htrdata.sources.folder.trees import TableFile

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_HEAD = 1 << 16  # bytes


def find_encoding(path: TableFile, asked: str | None) -> str:
    """The encoding of a file: what is asked for, else UTF-16 where its first bytes say so, else UTF-8.

    Raises:
        UsageError: what is asked for is no encoding that Python knows.
    """
    if asked is not None:
        try:
            return codecs.lookup(asked).name
        except LookupError:
            raise UsageError(
                f"--encoding {asked} is not known: utf-8, utf-16, cp1252 and latin-1 are, for example"
            ) from None
    with path.open("rb") as file:
        head = file.read(_HEAD)
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    # Without a mark: half of the bytes of Latin letters are zero, the second or the first of each pair.
    if head[1::2].count(0) > len(head) // 5:
        return "utf-16-le"
    return "utf-16-be" if head[::2].count(0) > len(head) // 5 else "utf-8"


def head_lines(path: TableFile, encoding: str) -> list[str]:
    """The lines at the beginning of a file that are not blank, without their ends; none where it is no such text."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        whole = len(head) < _HEAD
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError as error:
        text = head[: error.start].decode(encoding, "replace")
    if text.count("\0") > len(text) // 1000 + 1:
        return []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [line for line in (lines if whole else lines[:-1] or lines) if line.strip()]


def numbered_lines(path: TableFile, encoding: str) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers from 1 and without their ends: LF, CRLF or CR, and no others.

    Raises:
        BadDataError: the file is not in this encoding.
    """
    try:
        with open_text(path, encoding) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line.removesuffix("\n")
    except UnicodeError as error:
        raise not_in(path, encoding) from error


def open_text(path: TableFile, encoding: str, newline: str | None = None) -> io.TextIOWrapper:
    """Opens a file as text; ends of lines as of `open`."""
    return io.TextIOWrapper(path.open("rb"), encoding, newline=newline)


def is_in(path: TableFile, encoding: str) -> bool:
    """Whether the beginning of a file is in an encoding."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def not_in(path: TableFile, encoding: str) -> BadDataError:
    """The error that says where a file is not in an encoding."""
    data = path.read_bytes()
    try:
        data.decode(encoding)
        where = "its end"
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        where = f"line {line:,}, byte {error.start:,}"
    return BadDataError(
        f"{path} is not {encoding.upper().removesuffix('-SIG')} ({where}): convert it, or say what it is, such as "
        "--encoding cp1252"
    )
