"""PAGE XML (https://github.com/PRImA-Research-Lab/PAGE-XML), any version: pages of Transkribus, eScriptorium, Loghi.

    <PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">
      <Page imageFilename="page.jpg" imageWidth="7089" imageHeight="5613">
        <TextRegion id="…" type="paragraph">
          <TextLine id="…" custom="structure {type:printed;}">
            <Coords points="6630,308 6635,285 …"/><Baseline points="6632,311 6848,301"/>
            <Word id="…"><Coords …/><TextEquiv><Unicode>198</Unicode></TextEquiv></Word>
            <TextEquiv index="0"><Unicode>198</Unicode></TextEquiv>

Of several ``TextEquiv`` the one of the lowest ``index`` counts, without any the first. A line whose text is empty has
that of its words. Versions before 2013 have each point as an element ``Point``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from htrdata.errors import BadDataError
from htrdata.sources.xml.tree import child, children, local
from htrdata.sources.xml.written import Points, Written, WrittenPage, joined, read_points, read_size

_STRUCTURE = re.compile(r"structure\s*\{[^}]*?\btype\s*:\s*([^;}]+)")
_TAG = re.compile(r"(\w{1,100})\s{0,9}\{([^{}]*)\}")
_STRUCK = re.compile(r"strikethrough\s*:\s*true")
_BROKEN = re.compile(r"[ ]*[\t\r\n][ \t\r\n]*")  # a text that is laid out like its file: one line all the same
_INDEX = re.compile("[0-9]{1,9}")
_LONGEST_CUSTOM = 10_000  # characters that are looked at; the pattern takes the square of their number at worst


def read_page(root: Element, name: str) -> WrittenPage:
    """Reads a PAGE file.

    Args:
        root: the element ``PcGts``.
        name: what messages call the file.

    Raises:
        BadDataError: it does not hold one page.
    """
    pages = list(children(root, "Page"))
    if len(pages) != 1:
        raise BadDataError(f"{name} holds {len(pages)} elements Page: one is what the format has")
    page = pages[0]
    size = read_size(page.get("imageWidth"), page.get("imageHeight"))
    lines = tuple(_line(element, region) for element, region in line_elements(page))
    lineless = sum(map(_is_lineless, page.iter()))
    return WrittenPage("page", page.get("imageFilename", "").strip(), size, lines, lineless=lineless)


def line_elements(element: Element, region: str = "") -> Iterator[tuple[Element, str]]:
    """The lines below a page, in order, each with the type of the region that it stands in."""
    for below in element:
        if local(below) == "TextLine":
            yield below, region
        elif local(below).endswith("Region"):
            yield from line_elements(below, _type(below) or below.get("id", ""))
        elif local(below) == "TableCell":
            yield from line_elements(below, region)


def _line(element: Element, region: str) -> Written:
    outline, flaw = _points(element, "Coords")
    words = tuple(_word(word) for word in children(element, "Word"))
    own = text_of(element)
    return Written(
        id=element.get("id", ""),
        text=own or joined([word.text for word in words]),
        outline=outline,
        baseline=_points(element, "Baseline")[0],
        type=_type(element),
        region=region,
        words=words,
        flaw=flaw,
        tags=_tags(element),
        has_own_text=bool(own),
    )


def _is_lineless(element: Element) -> bool:
    """Whether it is a region with a text that no line has a place for."""
    inner = [local(below) for below in element]
    ends = any(name == "TextLine" or name.endswith("Region") for name in inner)
    return local(element) == "TextRegion" and not ends and bool(text_of(element))


def _word(element: Element) -> Written:
    outline, flaw = _points(element, "Coords")
    text = text_of(element) or "".join(map(text_of, children(element, "Glyph")))
    return Written(element.get("id", ""), text, outline, flaw=flaw)


def text_of(element: Element) -> str:
    """The transcription right below an element, not that of its words; where a file breaks it, a space stands."""
    equiv = first_equiv(element)
    text = child(equiv, "Unicode") if equiv is not None else None
    return _BROKEN.sub(" ", (text.text or "").strip()) if text is not None else ""


def first_equiv(element: Element) -> Element | None:
    """The transcription right below an element that counts: that of the lowest index, without any the first."""
    given = list(children(element, "TextEquiv"))
    if not given:
        return None
    index = [equiv.get("index", "") for equiv in given]
    return given[min(range(len(given)), key=lambda i: int(index[i]) if _INDEX.fullmatch(index[i]) else 10**9 + i)]


def _points(element: Element, name: str) -> tuple[Points, str]:
    coords = child(element, name)
    if coords is None:
        return (), ""
    text = coords.get("points")
    if text is None:
        text = " ".join(f"{point.get('x', '?')},{point.get('y', '?')}" for point in children(coords, "Point"))
    if not text.strip():
        return (), ""
    points = read_points(text)
    return ((), f"the coordinates are {text[:40]!r}") if points is None else (points, "")


def _type(element: Element) -> str:
    """What ``custom`` says as Transkribus and eScriptorium write it, else the attribute ``type``."""
    found = _STRUCTURE.search(element.get("custom", "")[:_LONGEST_CUSTOM])
    return found[1].strip() if found else element.get("type", "")


def _tags(element: Element) -> frozenset[str]:
    """What Transkribus marks within a line: ``unclear {offset:5; length:3;}``, ``textStyle {strikethrough:true;}``."""
    found = set()
    for name, values in _TAG.findall(element.get("custom", "")[:_LONGEST_CUSTOM]):
        if name == "textStyle" and _STRUCK.search(values):
            found.add("strikethrough")
        elif name not in ("textStyle", "readingOrder", "structure"):
            found.add(name)
    return frozenset(found)
