"""ALTO, versions 2 to 4 (https://www.loc.gov/standards/alto): pages of ABBYY, Transkribus, eScriptorium, Goobi.

    <alto xmlns="http://www.loc.gov/standards/alto/ns-v4#">
      <Description><MeasurementUnit>pixel</MeasurementUnit>
        <sourceImageInformation><fileName>page.jpg</fileName>…
      <Tags><OtherTag ID="LT10" LABEL="default"/>…
      <Layout><Page WIDTH="2550" HEIGHT="3300"><PrintSpace><TextBlock TAGREFS="BT10">
        <TextLine ID="…" TAGREFS="LT10" BASELINE="243 460 2272 474" HPOS=… VPOS=… WIDTH=… HEIGHT=…>
          <Shape><Polygon POINTS="242 476 2277 523 …"/></Shape>
          <String CONTENT="one word, or the whole line" HPOS=…/><SP/>…<HYP CONTENT="-"/>

eScriptorium writes a whole line into one ``String``, whose box is that of the line: it is no word then, and is left to
the line, unless other lines of the file have a string for each word. Before version 4.2 the baseline was one number,
its height on the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from htrdata.errors import BadDataError
from htrdata.sources.xml.alto_text import text_of_line
from htrdata.sources.xml.scaling import UNITS
from htrdata.sources.xml.tree import LONGEST_NAME, child, children, local
from htrdata.sources.xml.written import PIXEL, Points, Written, WrittenPage, read_points, read_size, rectangle


def read_alto(root: Element, name: str) -> WrittenPage:
    """Reads the pages of an ALTO file as one.

    Args:
        root: the element ``alto``.
        name: what messages call the file.

    Raises:
        BadDataError: it measures in a unit that ALTO does not have, or in one besides pixels without the size of its
            page, or it holds more than one page.
    """
    pages = [element for element in root.iter() if local(element) == "Page"]
    if len(pages) > 1:
        raise BadDataError(f"{name} holds {len(pages)} pages: export one file a page")
    image = next((element.text for element in root.iter() if local(element) == "fileName"), None)
    tags = {tag.get("ID", ""): tag.get("LABEL", "") for tags in children(root, "Tags") for tag in tags}
    elements = [found for page in pages for found in line_elements(page, tags)]
    worded = any(sum(1 for _ in children(element, "String")) > 1 for element, _ in elements)
    lines = [_line(element, tags, region, worded) for element, region in elements]
    size = read_size(pages[0].get("WIDTH"), pages[0].get("HEIGHT")) if pages else None
    return WrittenPage("alto", (image or "").strip(), size, tuple(lines), _unit(root, size, name))


def _unit(root: Element, size: tuple[float, float] | None, name: str) -> str:
    found = next((element.text or "" for element in root.iter() if local(element) == "MeasurementUnit"), PIXEL)
    unit = found.strip().lower() or PIXEL
    told = f"{name} measures in {found.strip()[:40]!r}"
    if unit not in UNITS:
        raise BadDataError(f"{told}: export it with coordinates in pixels, as its picture has them")
    if unit != PIXEL and size is None:
        raise BadDataError(
            f"{told} and does not say how large its page is, by WIDTH and HEIGHT: export it with coordinates in pixels"
        )
    return unit


def line_elements(element: Element, tags: dict[str, str], region: str = "") -> Iterator[tuple[Element, str]]:
    """The lines below an element, in order, each with the type of the block that it stands in."""
    for below in element:
        if local(below) == "TextLine":
            yield below, region
        elif local(below) == "TextBlock":
            yield from line_elements(below, tags, _label(below, tags) or below.get("ID", ""))
        else:
            yield from line_elements(below, tags, region)


def _line(element: Element, tags: dict[str, str], region: str, worded: bool) -> Written:
    """A line; `worded` says that the file has a string for each word, so that one that is alone is a word."""
    strings = list(children(element, "String"))
    outline, flaw = _outline(element)
    words = tuple(_word(string) for string in strings)
    if len(words) == 1 and (len(words[0].text.split()) > 1 or _is_line(words[0], element, worded)):
        words = ()  # a line that stands in one string
    return Written(
        id=element.get("ID", ""),
        text=text_of_line(element),
        outline=outline,
        baseline=_baseline(element, outline),
        type=_label(element, tags),
        region=region,
        words=words,
        flaw=flaw,
    )


def _is_line(string: Written, line: Element, worded: bool) -> bool:
    """Whether the only string of a line says no more of its place than the line does."""
    return not string.outline or (not worded and string.outline == _box(line)[0])


def _word(element: Element) -> Written:
    outline, flaw = _outline(element)
    return Written(element.get("ID", ""), element.get("CONTENT", "").strip(), outline, flaw=flaw)


def _outline(element: Element) -> tuple[Points, str]:
    """The polygon of an element, else its box; and what is wrong with them."""
    shape = child(element, "Shape")
    polygon = child(shape, "Polygon") if shape is not None else None
    if polygon is None:
        return _box(element)
    points = read_points(polygon.get("POINTS", ""))
    if points is None:
        return (), f"the polygon is {polygon.get('POINTS', '')[:40]!r}"
    return (points, "") if len(points) > 2 else _box(element)


def _box(element: Element) -> tuple[Points, str]:
    given = [element.get(key, "") for key in ("HPOS", "VPOS", "WIDTH", "HEIGHT")]
    if not any(given):
        return (), ""
    numbers = read_points(" ".join(given))
    if numbers is None or len(numbers) != 2:
        return (), f"the box is {' '.join(given)[:40]!r}"
    (left, top), (width, height) = numbers
    return rectangle(left, top, width, height), ""


def _baseline(element: Element, outline: Points) -> Points:
    text = element.get("BASELINE", "")
    points = read_points(text)
    if points is None and outline:
        height = read_points(f"0 {text}")
        if height is not None and len(height) == 1:  # before 4.2
            across = [x for x, _ in outline]
            return ((min(across), height[0][1]), (max(across), height[0][1]))
    return points or ()


def _label(element: Element, tags: dict[str, str]) -> str:
    """The types that an element's tags name; those of other elements, ``structure`` for example, are none."""
    found = (tags[tag] for tag in dict.fromkeys(element.get("TAGREFS", "").split()) if tags.get(tag))
    return " ".join(found)[:LONGEST_NAME]
