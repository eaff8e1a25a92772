"""Images that a build has not found: where it has looked for them."""

from __future__ import annotations

from collections.abc import Iterable

from htrdata.building.part import Part
from htrdata.labels import visible
from htrdata.records import Reason

_SHOWN = 2


def looked_for(parts: Iterable[Part]) -> str:
    """Says where images were looked for that are not there, by the first two of them.

    Args:
        parts: of a plan, in some word of which `Reason.IMAGE_MISSING` was found.
    """
    found: list[str] = []
    for part in parts:
        for page in part.pages:
            images = (page.image, *(word.image for word in page.words))
            found += [visible(image.name) for image in images if image is not None and image.size() is None]
            if len(found) > _SHOWN:
                return f"{Reason.IMAGE_MISSING}: there is no {', no '.join(found[:_SHOWN])}, …"
    if not found:
        return f"{Reason.IMAGE_MISSING}: the files are there, and are no images of words"
    return f"{Reason.IMAGE_MISSING}: there is no {', no '.join(found)}"
