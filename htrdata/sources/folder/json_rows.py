"""The rows of a JSON document: an array of objects, docTR's texts by image, objects by image, or such within an object.

Within an object they are in its only array of objects, such as MMOCR's ``data_list``, or in one for each split.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from htrdata.files.strict_json import Json
from htrdata.sources.folder.label_studio import is_task, row_of
from htrdata.sources.folder.rows import is_image_name, split_named

_HEAD = 50  # values that say what a document is


def rows_of(document: Json) -> Sequence[Json] | None:
    """The rows; None where there are none in a form that is known. Each should be an object, but may be anything."""
    if isinstance(document, list):
        return list(map(_flat, document)) if _are_objects(document) else None
    if not isinstance(document, dict) or not document:
        return None
    if are_texts(document):
        return [{"image": image, "text": text} for image, text in document.items()]
    if is_image_name(next(iter(document))) and all(isinstance(one, dict) for one in document.values()):
        return [{"image": image, **one} for image, one in document.items() if isinstance(one, dict)]
    if all(split_named(key) and are_texts(one) for key, one in document.items()):
        return [
            {"split": key, "image": image, "text": text}
            for key, one in document.items()
            for image, text in _object(one).items()
        ]
    arrays = {key: value for key, value in document.items() if isinstance(value, list) and _are_objects(value)}
    if len(arrays) == len(document) and all(map(split_named, arrays)):
        return [{"split": key, **_object(one)} for key, rows in arrays.items() for one in rows]
    return list(map(_flat, *arrays.values())) if len(arrays) == 1 else None


def are_texts(document: Json) -> bool:
    """Whether a document is texts by the names of images; some may be none, which is wrong in their rows alone."""
    if not isinstance(document, dict) or not document:
        return False
    values = list(document.values())
    texts = sum(isinstance(value, str) for value in values)
    named = is_image_name(next(iter(document)))
    return texts == len(values) or (named and texts > 0 and not any(isinstance(one, dict | list) for one in values))


def _are_objects(values: Sequence[Json]) -> bool:
    return bool(values) and all(isinstance(one, dict) for one in values[:_HEAD])


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _flat(value: Json) -> Json:
    """A row; one of MMOCR, whose text is in its only instance, or of Label Studio, with it."""
    if isinstance(value, dict) and is_task(value):
        return row_of(value)
    if isinstance(value, dict) and "text" not in value:
        instances = value.get("instances")
        if isinstance(instances, list) and len(instances) == 1 and isinstance(instances[0], dict):
            rest = {key: one for key, one in value.items() if key != "instances"}
            return {**rest, **instances[0]}
    return value
