"""Pictures whose lines several files of an export have: Transkribus writes ALTO beside PAGE, others a file a version.

One of them counts, so that no line is in a store twice, and none in two splits.
"""

from __future__ import annotations

from collections.abc import Sequence

from htrdata.records import Box, Page, Reason

_SHARE = 0.5  # of the lines of a page that must lie on those of another one; halves of a sheet hardly share any


def transcribed_again(pages: Sequence[Page]) -> set[str]:
    """The pages whose lines stand where those of another page of the same picture do.

    Of such pages that counts which is in a split, then the one with more lines that have a text, then PAGE before ALTO,
    last the first by its path; whether lines or words are wanted makes no difference.

    Args:
        pages: of an export; rows of one line have one ``line`` in their further columns, and a ``format``.

    Returns:
        The ids of those that do not count.
    """
    of_picture: dict[str, list[Page]] = {}
    for page in pages:
        if page.image is not None and page.words and page.reason is not Reason.IMAGE_MISSING:
            of_picture.setdefault(page.image.name, []).append(page)
    again: set[str] = set()
    for group in of_picture.values():
        counting: list[list[Box]] = []
        for page in sorted(group, key=_order) if len(group) > 1 else ():
            boxes = [word.box for word in page.words if word.box is not None]
            if any(_lie_on(boxes, others) for others in counting):
                again.add(page.id)
            else:
                counting.append(boxes)
    return again


def _order(page: Page) -> tuple[bool, int, bool, str]:
    lines = {word.extra["line"] for word in page.words if word.text.strip()}
    return page.split is None, -len(lines), page.words[0].extra["format"] != "page", page.id


def _lie_on(boxes: Sequence[Box], others: Sequence[Box]) -> bool:
    """Whether the middles of most boxes lie in some of the others."""
    found = sum(any(_holds(other, box.xc, box.yc) for other in others) for box in boxes)
    return found > 0 and found >= _SHARE * len(boxes)


def _holds(box: Box, x: float, y: float) -> bool:
    across, down = (box.w, box.h) if not 45 < abs(box.angle) < 135 else (box.h, box.w)
    return abs(x - box.xc) <= across / 2 and abs(y - box.yc) <= down / 2
