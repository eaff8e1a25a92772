"""What the columns of a table hold, by their names, or by what a person says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from htrdata.errors import UsageError
from htrdata.sources.folder.rows import NotATableError, is_image_name

NAMES = {
    "image": (
        *("filename", "file_name", "path", "image", "file", "file_path", "filepath"),
        *("image_path", "image_name", "image_file", "img", "img_path", "img_name"),
    ),
    "text": ("text", "label", "transcription", "words", "word", "transcript", "sentence", "ground_truth", "gt"),
    "split": ("split",),
    "writer": ("writer", "writer_id"),
    "page": ("page", "page_id"),
    "id": ("id",),
}
"""What columns are called, by what they hold."""

ROLES = tuple(NAMES)

# The columns of a manifest and of a build, which a source cannot name; the tests hold this against the store's own.
_TAKEN = frozenset(
    [
        *("id", "dataset", "split", "status", "reason", "text", "source_text", "shard", "key", "page", "box"),
        *("outside", "width", "height", "writer", "image_sha256", "unit", "unknown", "image"),
        *("likeness", "index", "corrected_text"),
    ]
)
_PREFIX = "own_"


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one table.

    Attributes:
        places: the place, from 0, of the column for each role that has one.
        extra: the places of all others, with their names in a manifest.
    """

    places: Mapping[str, int]
    extra: Mapping[int, str]


def manifest_name(column: str) -> str:
    """What a further column is called in a manifest, where names are taken: see `htrdata.store.manifest.own_name`."""
    return f"{_PREFIX}{column}" if column in _TAKEN or column.startswith(_PREFIX) else column


def find_columns(names: Sequence[str], chosen: Mapping[str, str], first: Sequence[object], place: str) -> Columns:
    """Tells what the columns of a table hold.

    Args:
        names: of the columns.
        chosen: what a person says: the name of a column, or its number from 1, by role.
        first: the first row, which may say which of several columns has the names of images.
        place: the table, for messages.

    Raises:
        NotATableError: there is no column for images, or none for texts.
        UsageError: several could be meant, there is none of a name that a person gives, or two have one name.
    """
    places = {role: _number(names, name, role, place) for role, name in chosen.items()}
    for role in ROLES:
        if role not in places:
            found = [
                i for i, name in enumerate(names) if name.strip().lower() in NAMES[role] and i not in places.values()
            ]
            if role == "image" and len(found) > 1:
                found = (
                    [i for i in found if is_image_name(str(first[i]))] or found if len(first) == len(names) else found
                )
            if len(found) > 1:
                options = " or ".join(f"--column {role}={names[i]}" for i in found)
                raise UsageError(f"{place} has several columns that may hold the {role}: say which with {options}")
            if found:
                places[role] = found[0]
    listed = ", ".join(names)
    for role in ("image", "text"):
        if role not in places:
            raise NotATableError(
                f"none of its columns ({listed}) is known to hold the {role}: --column {role}=NAME says it"
            )
    extra = {
        i: manifest_name(name.strip() or f"column_{i + 1}") for i, name in enumerate(names) if i not in places.values()
    }
    if len(set(extra.values())) < len(extra):
        twice = next(name for name in extra.values() if list(extra.values()).count(name) > 1)
        raise UsageError(f"{place} has two columns {twice.removeprefix(_PREFIX)!r}: rename one of them")
    return Columns(places, extra)


def _number(names: Sequence[str], wanted: str, role: str, place: str) -> int:
    if wanted in names:
        return names.index(wanted)
    if re.fullmatch("[0-9]{1,9}", wanted) and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1
    raise UsageError(f"--column {role}={wanted[:60]}: {place} has no such column, but {', '.join(names)}")
