"""Reads JSON that strangers wrote: nothing is lost or guessed, and errors name the place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from htrdata.errors import BadDataError


def load(path: Path) -> Any:
    """Reads a JSON document.

    Raises:
        BadDataError: it is not UTF-8, or as of `parse`.
        OSError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDataError(f"{path} is not UTF-8: byte {error.start:,} ({error.reason})") from error
    return parse(text, path)


def parse(text: str, path: Path, line: int | None = None) -> Any:
    """Reads a JSON document, or one line of JSON Lines.

    Args:
        text: the document.
        path: the file that it stands in, for messages.
        line: which line of the file it is, from 1; None where it is all of it.

    Raises:
        BadDataError: it is not JSON, is nested too deeply, or has NaN, Infinity, a number of thousands of digits or a
            key twice in one object.
    """
    place = str(path) if line is None else f"{path}, line {line}"
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        at = f"{path}, line {line or error.lineno}, column {error.colno}"
        raise BadDataError(f"{at}: {error.msg}; is it cut off?") from error
    except RecursionError as error:
        raise BadDataError(f"{place} is nested too deeply") from error
    except _NotStrictError as error:
        raise BadDataError(f"{place} {error}") from error
    except ValueError as error:  # Python's limit for the digits of a whole number
        raise BadDataError(f"{place} holds a number that is too long: {error}") from error


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
