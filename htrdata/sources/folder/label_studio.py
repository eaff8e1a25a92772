"""Label Studio's own JSON: a task for each image, with what people wrote into its field for the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from htrdata.files.strict_json import Json
from htrdata.sources.folder.rows import is_image_name


def is_task(value: Json) -> bool:
    """Whether an object is a task of Label Studio."""
    return (
        isinstance(value, dict) and isinstance(value.get("data"), dict) and isinstance(value.get("annotations"), list)
    )


def row_of(task: Mapping[str, Json]) -> dict[str, Json]:
    """The row of a task: what it has of data, its image, and its text, as a list where there are several.

    Annotations that were cancelled do not count; of several, those that say the same count once.
    """
    data = task["data"]
    kept = (
        {f"data_{key}": value for key, value in data.items() if not _is_image(value)} if isinstance(data, dict) else {}
    )
    images = [value for value in data.values() if _is_image(value)] if isinstance(data, dict) else []
    written = set(_texts(task["annotations"]))
    texts = [text for one in sorted(written) for text in one]
    text: Json = None if not texts else texts[0] if len(texts) == 1 else [*texts]
    image: Json = images[0] if len(images) == 1 else [*images]
    return {**kept, "image": image, "text": text}


def _is_image(value: Json) -> bool:
    return isinstance(value, str) and is_image_name(value)


def _texts(annotations: Json) -> Iterator[tuple[str, ...]]:
    """The texts of each annotation; where somebody drew several boxes, that of each."""
    for annotation in annotations if isinstance(annotations, list) else ():
        if isinstance(annotation, dict) and not annotation.get("was_cancelled"):
            yield tuple(_written(annotation.get("result")))


def _written(results: Json) -> Iterator[str]:
    """What stands in the fields for text of one annotation."""
    for result in results if isinstance(results, Sequence) and not isinstance(results, str) else ():
        value = result.get("value") if isinstance(result, dict) and result.get("type") == "textarea" else None
        text = value.get("text") if isinstance(value, dict) else None
        yield from (one for one in (text if isinstance(text, list) else [text]) if isinstance(one, str))
