"""Reads and writes ``dataset.json``."""

from __future__ import annotations

import json
from pathlib import Path

from htrdata.errors import BadDataError
from htrdata.files import strict_json, typed_json
from htrdata.files.regular import read_regular
from htrdata.files.writing import replace_durably
from htrdata.store.description import Description
from htrdata.store.format import FORMAT, FORMAT_1
from htrdata.store.format_1 import from_format_1

_MOST = 64 << 20  # bytes; one of ten thousand shards has three million
_REBUILD = "build the data set again with --overwrite"
_REMEDY = f"copy it again from where it came, or {_REBUILD}"


def read_description(path: Path) -> Description:
    """Reads the description of a data set, of this or an older format.

    Raises:
        FileNotFoundError: there is none.
        BadDataError: it is damaged, or of a format that is not known here.
        OSError: it cannot be read.
    """
    text = read_regular(path, _MOST)
    try:
        document = strict_json.parse(text, path)
    except BadDataError as error:
        raise BadDataError(f"{error} The file is damaged: {_REMEDY}") from error
    check_format(document, path, (FORMAT, FORMAT_1), _REBUILD)
    if document["format"] == FORMAT_1:
        document = from_format_1(document, path, _REMEDY)
    return typed_json.decode(document, Description, f"{path} is damaged", _REMEDY)


def check_format(document: object, path: Path, known: tuple[str, ...], remedy: str) -> None:
    """Refuses a document of a format that is not known here, before anything else of it is looked at.

    Raises:
        BadDataError: the format is another one, or is not given; the message says which version reads it.
    """
    found = document.get("format") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(found, str):
        what = "the field format is missing" if found is None else f"the field format is {found!r}"
        raise BadDataError(f"{path} is damaged: {what}, where {known[0]!r} is expected; {remedy}")
    if found not in known:
        versions = document.get("versions")
        writer = versions.get("htrdata") if isinstance(versions, dict) else None
        reader = f"htrdata {writer}, which wrote it, or a later one" if isinstance(writer, str) else "a later htrdata"
        raise BadDataError(
            f"{path} is of the format {found!r}, and this htrdata reads {' and '.join(known)}: take {reader}; or "
            f"{remedy}"
        )


def as_text(content: object) -> str:
    """A typed description as JSON, as it stands in its file but for the line end."""
    return json.dumps(typed_json.encode(content), indent=1, ensure_ascii=False)


def write_json(path: Path, content: object) -> None:
    """Writes a typed description as JSON; it is there whole or not at all, also after a crash of the system."""
    replace_durably(path, f"{as_text(content)}\n".encode())
