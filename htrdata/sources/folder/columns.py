"""What the columns of a table hold, by their names, or by what a person says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from htrdata.errors import UsageError
from htrdata.sources.folder.rows import NotATableError, is_image_name, split_named

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
"""What columns are called, by what they hold; in lower case, with ``_`` for spaces and other signs."""

# Taken where there is none of the names above, and only one of these.
_ALSO = {
    "image": (
        "images",
        "image_id",
        "img_id",
        "imagename",
        "imagepath",
        "line_image",
        "word_image",
        *("bild", "datei", "dateiname", "bilddatei", "imagen", "archivo", "fichier", "immagine", "изображение", "файл"),
        "crop",
        "crop_path",
    ),
    "text": (
        *("texts", "labels", "transcriptions", "gt_text", "groundtruth", "identity", "annotation", "content", "value"),
        *("target", "string", "line_text", "word_text", "transkription", "transkript", "wort", "transcripción"),
        *("transcripcion", "texto", "palabra", "texte", "mot", "trascrizione", "testo", "текст", "слово"),
    ),
    "writer": ("scribe", "writerid", "writer_name", "hand", "schreiber", "schreiberin", "escribano", "scripteur"),
    "page": ("folio", "page_name", "seite", "página", "pagina"),
}

# Taken for the split where every value is one.
_SPLIT_LIKE = frozenset(
    [
        *("set", "subset", "partition", "fold", "phase", "usage", "mode", "dataset", "part", "data_split"),
        *("split_name", "dataset_split", "datasplit", "splits", "subset_name", "data_set", "type", "stage"),
    ]
)

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


def may_be_split(name: str) -> bool:
    """Whether a column of this name is taken for the split where every value of it is one."""
    return _plain(name) in _SPLIT_LIKE


def find_columns(
    names: Sequence[str], chosen: Mapping[str, str], rows: Sequence[Sequence[object]], place: str
) -> Columns:
    """Tells what the columns of a table hold.

    Args:
        names: of the columns.
        chosen: what a person says: the name of a column, or its number from 1, by role.
        rows: the first ones, whose values may say which column has the names of images, and which one the splits.
        place: the table, for messages.

    Raises:
        NotATableError: there is no column for images, or none for texts.
        UsageError: several could be meant, there is none of a name that a person gives, or two have one name.
    """
    places = {role: _number(names, name, role, place) for role, name in chosen.items()}
    rows = [row for row in rows if len(row) == len(names)]
    for role in ROLES:
        if role not in places:
            free = {i: _plain(name) for i, name in enumerate(names) if i not in places.values()}
            found = _likely(role, free, rows)
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


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.strip().lower()).strip("_")


def _likely(role: str, free: Mapping[int, str], rows: Sequence[Sequence[object]]) -> list[int]:
    """The columns that may have a role, of those that have none yet: by their names, else by their values."""
    found = [i for i, name in free.items() if name in NAMES[role]]
    if role == "image" and len(found) > 1 and rows:
        found = [i for i in found if is_image_name(str(rows[0][i]))] or found
    if not found:
        also = [i for i, name in free.items() if name in _ALSO.get(role, ())]
        if role == "image" and len(also) != 1 and rows:
            also = [i for i in free if is_image_name(str(rows[0][i]))]
        found = also if len(also) == 1 else []
    if role == "split" and not found:
        alike = [i for i, name in free.items() if name in _SPLIT_LIKE and _are_splits([row[i] for row in rows])]
        found = alike if len(alike) == 1 else []
    return found


def _are_splits(values: Sequence[object]) -> bool:
    return bool(values) and all(isinstance(value, str) and split_named(value) for value in values)


def _number(names: Sequence[str], wanted: str, role: str, place: str) -> int:
    if wanted in names:
        return names.index(wanted)
    if re.fullmatch("[0-9]{1,9}", wanted) and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1
    raise UsageError(f"--column {role}={wanted[:60]}: {place} has no such column, but {', '.join(names)}")
