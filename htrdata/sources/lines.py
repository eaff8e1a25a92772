"""Lists that strangers wrote, a line for each thing: read whole, with the numbers of the lines for messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from htrdata.errors import BadDataError
from htrdata.files.regular import read_regular

MOST = 1 << 28
"""Bytes of a list; that of all words of Imgur5K has some twenty million."""


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text that are not blank, with their numbers from 1, without their ends (LF, CRLF or CR).

    Raises:
        BadDataError: it is not UTF-8 (the message names the byte), no regular file, or larger than `MOST`.
        OSError: it cannot be read; FileNotFoundError where it is not there.
    """
    try:
        text = read_regular(path, MOST).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise BadDataError(f"{path} is not UTF-8: byte {error.start:,} ({error.reason})") from error
    # Not splitlines(): a word may hold a character that it takes for the end of a line.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line
