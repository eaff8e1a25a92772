"""Which reader reads a file as a table: by the ending of its name, and by whether it is a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from htrdata.sources.folder import arrow_tables, json_tables, sheet_tables, text_tables
from htrdata.sources.folder.not_read import remedies
from htrdata.sources.folder.rows import Asked, NotATableError, Recognise, Table, is_image_name
from htrdata.sources.folder.trees import TableFile
from htrdata.sources.packed import PACKED_ENDINGS

_READERS: dict[str, Recognise] = {
    ".jsonl": json_tables.recognise,
    ".ndjson": json_tables.recognise,
    ".json": json_tables.recognise,
    ".xlsx": sheet_tables.recognise,
    ".xlsm": sheet_tables.recognise,
}

# Of files that are mapped into memory, or read at several places.
_OF_FILES: dict[str, Callable[[Path, Asked], Table]] = {
    ".parquet": arrow_tables.recognise,
    ".arrow": arrow_tables.recognise,
}


def recognise(file: TableFile, below: str, asked: Asked) -> Table:
    """Opens a file as a table.

    Args:
        file: the file.
        below: its path below the root, for messages.
        asked: what a person says of it.

    Raises:
        NotATableError: it is none of images and texts, or in a form that is not read; the message says what to do.
        UsageError: it is one, but a person must say what is meant.
        BadDataError: it is damaged.
    """
    own = isinstance(file, Path)
    if own and below.lower().endswith(PACKED_ENDINGS):
        raise NotATableError("it is an archive: name it as PATH")
    if is_image_name(below):
        raise NotATableError("it is an image: name the folder that it is in")
    ending = file.suffix.lower()
    if isinstance(file, Path) and ending in _OF_FILES:
        return _OF_FILES[ending](file, asked)
    if ending in _OF_FILES:
        raise NotATableError("it is not read within an archive: unpack that, and name the folder")
    if known := remedies([below]):
        raise NotATableError(known[0])
    return _READERS.get(ending, text_tables.recognise)(file, asked)
