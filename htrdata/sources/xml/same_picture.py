"""Pictures whose lines several files of an export have: Transkribus writes ALTO beside PAGE, others a file a version.

One of them counts, so that no line is in a store twice, and none in two splits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from htrdata.files.on_disk import FileOnDisk
from htrdata.records import Box, ImageFile, Page, Reason
from htrdata.sources.xml.image_names import usual_place

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


def with_own_pictures(
    pages: Sequence[Page], root: Path, is_near: Callable[[PurePosixPath, ImageFile], bool]
) -> list[Page]:
    """Takes away pictures that were found far from a page, where they are near another page that names them.

    Documents call their pictures alike (``0001.jpg``): one whose own are not there must not be cut out of another's.

    Args:
        pages: of an export; their ids are the paths of their files.
        root: of the export.
        is_near: whether a picture stands where that of a file would.

    Returns:
        All pages; those without a picture of their own are ruled out.
    """
    found = [(page, page.image) for page in pages if page.image is not None and page.reason is not Reason.IMAGE_MISSING]
    near = {(page.id, image.name) for page, image in found if is_near(PurePosixPath(page.id), image)}
    taken = {name for _, name in near}
    strangers = {
        page.id: image.name for page, image in found if image.name in taken and (page.id, image.name) not in near
    }
    return [
        replace(page, reason=Reason.IMAGE_MISSING, image=_wanted(root, page.id, strangers[page.id]))
        if page.id in strangers
        else page
        for page in pages
    ]


def _wanted(root: Path, page: str, picture: str) -> ImageFile:
    return FileOnDisk(root / usual_place(PurePosixPath(f"{page}.xml"), picture))


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
