"""How large the picture of a page is, where its coordinates depend on that: its header is read, its pixels are not."""

from __future__ import annotations

import io
from typing import Literal

from htrdata.errors import BadDataError
from htrdata.files.on_disk import FileOnDisk
from htrdata.files.regular import open_regular
from htrdata.images.codec import ImageError, read_size, read_size_of
from htrdata.images.endings import formats_of
from htrdata.records import ImageFile, Reason
from htrdata.sources.xml.scaling import Size, on_picture, scale_of
from htrdata.sources.xml.written import PIXEL, WrittenPage


def fitted(
    page: WrittenPage, picture: ImageFile | None, scaled: bool
) -> tuple[WrittenPage, Literal[Reason.SIZE_MISMATCH] | None]:
    """A page as its coordinates are to be cut by: in pixels of its picture.

    Args:
        page: what the file says.
        picture: of it; None where there is none.
        scaled: see `htrdata.sources.xml.scaling.scale_of`.

    Returns:
        The page, without coordinates where these are in another unit than pixels and the picture cannot be read; and
        why it cannot be cut. What is wrong with a picture, or with one that coordinates in pixels do not fit, is found
        where it is opened to be cut.
    """
    if page.unit == PIXEL and not (scaled and page.size):
        return page, None
    size = None if picture is None else size_of(picture)
    scale = None if size is None else scale_of(page, size, scaled)
    if page.unit == PIXEL and scale is None:
        return page, None
    unfit = size is not None and scale is None
    return on_picture(page, scale, size or Size(0, 0)), Reason.SIZE_MISMATCH if unfit else None


def size_of(picture: ImageFile) -> Size | None:
    """The size of a picture, upright; None of one that cannot be read, which is told where it would be cut."""
    formats = formats_of(picture.name)
    try:
        if not isinstance(picture, FileOnDisk):
            return Size(*read_size(picture.read(), formats))
        with io.BufferedReader(open_regular(picture.path)) as file:
            return Size(*read_size_of(file, formats))
    except (OSError, ImageError, BadDataError):
        return None
