"""From the coordinates of a file to the pixels of its picture, and back.

ALTO may measure in tenths of a millimetre (``mm10``) or 1200ths of an inch (``inch1200``) instead of pixels: ``Page``
says how large the picture is in these, so that no resolution has to be known. A picture that is a reduced copy of the
one that was annotated gets its coordinates in the same way, where somebody says that it is one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from htrdata.images.cropping import sizes_agree
from htrdata.sources.xml.written import PIXEL, Points, Written, WrittenPage

_MILLIMETRE = {"mm10": 10.0, "inch1200": 1200 / 25.4}
"""Of the units besides pixels. docWorks rounds its pages to whole millimetres."""

UNITS = (PIXEL, *_MILLIMETRE)
"""In which a file may measure."""


class Size(NamedTuple):
    """Of a picture, in its pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Scale:
    """Pixels of a picture for each unit of a file.

    Attributes:
        across: from left to right.
        down: from top to bottom.
    """

    across: float = 1.0
    down: float = 1.0

    def on_picture(self, points: Points) -> Points:
        """Points of the file on the picture."""
        return points if self == SAME else tuple((x * self.across, y * self.down) for x, y in points)

    def in_file(self, points: Points) -> Points:
        """Points of the picture as the file has them."""
        return points if self == SAME else tuple((x / self.across, y / self.down) for x, y in points)

    def line(self, line: Written) -> Written:
        """A line of the file, or a word, on the picture."""
        if self == SAME:
            return line
        outline, baseline = self.on_picture(line.outline), self.on_picture(line.baseline)
        return replace(line, outline=outline, baseline=baseline, words=tuple(map(self.line, line.words)))


SAME = Scale()
"""Of files whose coordinates are pixels of their pictures."""


def scale_of(page: WrittenPage, picture: Size, scaled: bool) -> Scale | None:
    """How the coordinates of a file become pixels of a picture.

    Args:
        page: what the file says.
        picture: its size, upright.
        scaled: whether it may be a reduced, or enlarged, copy of the one that pixels of the file are for. Those in
            other units do not depend on it.

    Returns:
        The scale; None where the picture is not that of the file: of other proportions or, unless `scaled`, of another
        size. Of a file that says no size in pixels any picture is taken to be its own.
    """
    if page.size is None:
        return SAME if page.unit == PIXEL else None
    if page.unit == PIXEL and sizes_agree(_whole(page.size), picture):
        return SAME
    if page.unit == PIXEL and not scaled:
        return None
    return _proportional(page.size, picture, _MILLIMETRE.get(page.unit, 1.0))


def on_picture(page: WrittenPage, scale: Scale | None, picture: Size) -> WrittenPage:
    """A page with all its coordinates, and its size, in pixels of its picture.

    Args:
        page: what the file says.
        scale: see `scale_of`; None takes the coordinates away, since they are none of that picture.
        picture: its size.
    """
    if scale == SAME:
        return page
    if scale is None:
        return replace(page, unit=PIXEL, size=None, lines=tuple(map(_without_places, page.lines)))
    return replace(page, unit=PIXEL, size=picture, lines=tuple(map(scale.line, page.lines)))


def another_size(page: WrittenPage, picture: Size) -> str:
    """Why a file and a picture do not belong together, and what to do: a sentence."""
    if page.size is None:
        return f"its coordinates are in {page.unit}, and it does not say how large the page is in these"
    width, height = page.size
    told = "pixels" if page.unit == PIXEL else page.unit
    remedy = "export the pages with their own pictures"
    turned = scale_of(page, Size(picture.height, picture.width), scaled=True) is not None
    if scale_of(page, picture, scaled=True) is not None:
        remedy = f"--scaled takes it, as a copy of the same proportions, or {remedy}"
    elif turned:
        remedy = f"it may be turned by its EXIF data: {remedy}"
    return (
        f"its coordinates are for a picture of {width:g} x {height:g} {told}, and the picture has {picture.width} x "
        f"{picture.height} pixels: {remedy}"
    )


def _proportional(told: tuple[float, float], picture: Size, rounded: float) -> Scale | None:
    """The scale, where one in both directions is possible: all sizes are rounded, to a pixel or to `rounded` units."""
    least, most = [], []
    for units, pixels in zip(told, picture, strict=True):
        if units <= rounded:
            return None
        least.append((pixels - 1) / (units + rounded))
        most.append((pixels + 1) / (units - rounded))
    if max(least) > min(most):
        return None
    return Scale(picture.width / told[0], picture.height / told[1])


def _whole(size: tuple[float, float]) -> tuple[int, int]:
    return round(size[0]), round(size[1])


def _without_places(line: Written) -> Written:
    return replace(line, outline=(), baseline=(), words=tuple(map(_without_places, line.words)))
