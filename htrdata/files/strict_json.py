"""Reads JSON that strangers wrote: nothing is lost or guessed, and errors name the place.

What it holds becomes a typed description in `htrdata.files.typed_json`.
"""

from __future__ import annotations

import json
import reprlib
from pathlib import Path
from typing import Any, NoReturn

from htrdata.errors import BadDataError
from htrdata.files.regular import read_regular

_SHOWN = reprlib.Repr()  # of a document that stands where a word should, only the beginning
_SHOWN.maxlevel, _SHOWN.maxstring, _SHOWN.maxlong, _SHOWN.maxother = 4, 200, 200, 200

MOST = 1 << 28
"""Bytes of a document; the annotations of all pages of Imgur5K have some sixty million."""

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
"""What a JSON document holds."""


def load(path: Path) -> Any:
    """Reads a JSON document.

    Raises:
        BadDataError: it is not UTF-8 or not JSON, is nested too deeply, or has NaN, Infinity, a number of thousands of
            digits or a key twice in one object; it is no regular file, or larger than `MOST`.
        OSError: it cannot be read.
    """
    return parse(read_regular(path, MOST), path)


def parse(data: bytes | str, place: object, line: int | None = None) -> Any:
    """Reads a JSON document, or one line of JSON Lines.

    Args:
        data: the document.
        place: the file that it stands in, for messages.
        line: which line of the file it is, from 1; None where it is all of it.

    Raises:
        BadDataError: as of `load`; the message names the place.
    """
    where = place if line is None else f"{place}, line {line}"
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        raise BadDataError(f"{where} is not UTF-8: byte {error.start:,} ({error.reason})") from error
    except json.JSONDecodeError as error:
        at = f"{place}, line {line or error.lineno}, column {error.colno}"
        raise BadDataError(f"{at}: {error.msg}; is it cut off?") from error
    except RecursionError as error:
        raise BadDataError(f"{where} is nested too deeply") from error
    except _NotStrictError as error:
        raise BadDataError(f"{where} {error}") from error
    except ValueError as error:  # of Python's limit for whole numbers
        raise BadDataError(f"{where} holds a number that is too long: over 4,300 digits; is it damaged?") from error


def shortened(value: object) -> str:
    """A value as messages show it, at most 60 characters of it."""
    try:
        text = _SHOWN.repr(value)
    except ValueError:  # of whole numbers of thousands of digits, which Python does not write down
        text = f"{type(value).__name__} with a number of thousands of digits"
    return text if len(text) <= 60 else f"{text[:57]}…"


class _NotStrictError(ValueError):
    pass


def _refuse_constant(name: str) -> NoReturn:
    raise _NotStrictError(f"holds {name}, which is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _NotStrictError(f"has the key {twice!r} twice in one object: one of the two would be lost")
    return result
