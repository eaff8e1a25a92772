"""Lists that strangers wrote, a line for each thing: read whole, with the numbers of the lines for messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from htrdata.errors import BadDataError


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text that are not blank, with their numbers from 1, without their ends (LF, CRLF or CR).

    Raises:
        BadDataError: it is not UTF-8; the message names the byte.
        OSError: it cannot be read; FileNotFoundError where it is not there.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDataError(f"{path} is not UTF-8: byte {error.start:,} ({error.reason})") from error
    # Not splitlines(): a word may hold a character that it takes for the end of a line.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line
