"""Several images in place of one, as PaddleOCR lists variants of a picture: ``["a.png", "b.png"]``."""

from __future__ import annotations

import json

from htrdata.sources.folder.rows import is_image_name


def names_listed(cell: str) -> list[str] | None:
    """The names of several images with one text, as PaddleOCR lists them in place of one; None where it is no list."""
    if not cell.startswith("[") or not cell.endswith("]"):
        return None
    try:
        names = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    listed = isinstance(names, list) and bool(names) and all(isinstance(name, str) for name in names)
    return names if listed and any(map(is_image_name, names)) else None


def names_images(cell: str) -> bool:
    """Whether a cell is the name of an image, or lists some."""
    return is_image_name(cell) or names_listed(cell) is not None
