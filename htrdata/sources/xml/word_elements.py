"""Words and characters with their places as elements of ALTO and PAGE, for lines that had none.

ALTO has a ``String`` for each word with a ``SP`` between, and from version 4 on a ``Glyph`` for each character; before,
a word has a ``CC`` with a digit for each, from 0 for sure to 9. PAGE has ``Word`` and ``Glyph``, with ``Coords``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from htrdata.sources.xml.alto_text import text_of_line
from htrdata.sources.xml.splicing import SplicedFile
from htrdata.sources.xml.tree import child, children, local, namespace
from htrdata.sources.xml.written import Points, words_of

_KEPT = ("STYLE", "STYLEREFS", "TAGREFS", "PROCESSINGREFS", "LANG")  # what a line's only String says of all its words
_OF_TEXT = ("WC", "CS")  # the same, as long as its text stays
_OF_LINE = ("ID", "CONTENT", "HPOS", "VPOS", "WIDTH", "HEIGHT")
_GLYPHS_FROM = 4  # the version of ALTO


@dataclass(frozen=True, slots=True)
class PlacedText:
    """A word, or a character of one, at a place.

    Attributes:
        text: of it.
        confidence: of what was read, 0 to 1; None of a text that stood there before.
        outline: the corners of its box on the page, in whole pixels.
        characters: of the word; empty where they are not asked for.
    """

    text: str
    confidence: float | None
    outline: Points
    characters: tuple[PlacedText, ...] = ()


class NewIds:
    """Ids that a file does not have yet.

    Args:
        root: of the file.
    """

    def __init__(self, root: Element) -> None:
        self._taken = {element.get(key, "") for element in root.iter() for key in ("id", "ID")}

    def below(self, parent: str, sign: str) -> Iterator[str]:
        """Ids for the parts of an element: its own, a sign and a number from 1 on, as far as they are free."""
        for number in itertools.count(1):
            name = f"{parent}_{sign}{number}"
            if name not in self._taken:
                self._taken.add(name)
                yield name


def put_page_words(file: SplicedFile, line: Element, words: Sequence[PlacedText], name: str, ids: NewIds) -> None:
    """Puts ``Word`` elements into a ``TextLine`` of PAGE, behind its coordinates."""
    before = [one for one in line if local(one) in ("AlternativeImage", "Coords", "Baseline")]
    coords = child(line, "Coords")
    old = coords is not None and coords.get("points") is None  # before 2013 each point is an element
    names = ids.below(name, "w")
    for word in words:
        new = _page_part(file, line, "Word", word, next(names), ids, old)
        file.insert(line, before[-1] if before else None, new)


def _page_part(
    file: SplicedFile, line: Element, name: str, part: PlacedText, own_id: str, ids: NewIds, old: bool
) -> bytes:
    points = [(str(round(x)), str(round(y))) for x, y in part.outline]
    coords_tag = file.sibling_tag(line, "Coords")
    if old:
        tag = file.sibling_tag(line, "Point")
        inner = b"".join(file.element(tag, {"x": x, "y": y}, None) for x, y in points)
        coords = file.element(coords_tag, {}, inner)
    else:
        coords = file.element(coords_tag, {"points": " ".join(map(",".join, points))}, None)
    names = ids.below(own_id, "g")
    glyphs = [_page_part(file, line, "Glyph", one, next(names), ids, old) for one in part.characters]
    unicode = file.element(file.sibling_tag(line, "Unicode"), {}, part.text)
    equiv = file.element(file.sibling_tag(line, "TextEquiv"), _sure("conf", part), unicode)
    return file.element(file.sibling_tag(line, name), {"id": own_id}, b"".join([coords, *glyphs, equiv]))


def put_alto_words(file: SplicedFile, line: Element, words: Sequence[PlacedText], name: str, ids: NewIds) -> None:
    """Puts ``String`` elements into a ``TextLine`` of ALTO: in the place of its only one, else behind its shape.

    The first has the id of the former one, which may be referred to.
    """
    string = child(line, "String")
    stays = _KEPT if words[0].confidence is not None else (*_KEPT, *_OF_TEXT)
    kept = {} if string is None else {key: string.get(key, "") for key in stays if string.get(key)}
    names = ids.below(name, "w")
    if string is not None and string.get("ID"):
        names = itertools.chain([string.get("ID", "")], names)
    parts: list[bytes] = []
    space = file.element(file.sibling_tag(line, "SP"), {}, None)
    for word in words:
        parts += [space] if parts else []
        parts.append(_alto_string(file, line, word, next(names), kept))
    if string is not None:
        file.replace(string, parts)
        return
    shape = child(line, "Shape")
    for part in parts:
        file.insert(line, shape, part)


def _alto_string(file: SplicedFile, line: Element, word: PlacedText, own_id: str, kept: dict[str, str]) -> bytes:
    attributes = {"ID": own_id, "CONTENT": word.text, **_box(word), **_sure("WC", word), **kept}
    if _version(line) < _GLYPHS_FROM:
        # A code point each: one with marks that has no code point of its own has several, at one place.
        sure = [one.confidence for one in word.characters if one.confidence is not None for _ in one.text]
        given = {"CC": " ".join(str(round(9 * (1 - one))) for one in sure)} if sure else {}
        return file.element(file.sibling_tag(line, "String"), {**attributes, **given}, None)
    glyphs = _alto_glyphs(file, line, word)
    return file.element(file.sibling_tag(line, "String"), attributes, glyphs or None)


def _alto_glyphs(file: SplicedFile, line: Element, word: PlacedText) -> bytes:
    tag = file.sibling_tag(line, "Glyph")
    return b"".join(
        file.element(tag, {"CONTENT": letter, **_box(one), **_sure("GC", one)}, None)
        for one in word.characters
        for letter in one.text
    )


def alto_stays(file: SplicedFile, line: Element) -> str | None:
    """Why the words of a transcribed ``TextLine`` of ALTO get no places; None where they may."""
    strings = list(children(line, "String"))
    if any(len(words_of(string.get("CONTENT", ""))) != 1 for string in strings) and len(strings) > 1:
        return "with Strings that are no words"
    if len(strings) > 1 and len(words_of(text_of_line(line))) < sum(bool(string.get("CONTENT")) for string in strings):
        return "with Strings that are parts of words"
    more = any(set(string.attrib) - {*_OF_LINE, *_KEPT, *_OF_TEXT} or file.has_content(string) for string in strings)
    if len(strings) == 1 and more and len(words_of(strings[0].get("CONTENT", ""))) > 1:
        return "with a String that has more than a text"  # characters, other readings: of none of the words alone
    return None


def place_alto_words(file: SplicedFile, line: Element, words: Sequence[PlacedText], name: str, ids: NewIds) -> None:
    """Gives each ``String`` of a ``TextLine`` a place, or puts one for each word in the place of its only one."""
    strings = list(children(line, "String"))
    if len(strings) != len(words):
        put_alto_words(file, line, words, name, ids)
        return
    for string, word in zip(strings, words, strict=True):
        file.put_attributes(string, dict(_box(word)))
        if _version(line) >= _GLYPHS_FROM and word.characters and child(string, "Glyph") is None:
            file.insert(string, string[-1] if len(string) else None, _alto_glyphs(file, line, word))


def _box(part: PlacedText) -> dict[str, str]:
    across, down = [round(x) for x, _ in part.outline], [round(y) for _, y in part.outline]
    left, top = min(across), min(down)
    values = (left, top, max(across) - left, max(down) - top)
    return dict(zip(("HPOS", "VPOS", "WIDTH", "HEIGHT"), map(str, values), strict=True))


def _version(element: Element) -> int:
    """The version of ALTO by its namespace, ``…/ns-v4#``; 1 where it has none of that form."""
    number = namespace(element).rpartition("ns-v")[2].rstrip("#")
    return int(number) if number in ("2", "3", "4") else 1


def _sure(name: str, part: PlacedText) -> dict[str, str]:
    """A confidence as an attribute of a name; none of a text that was not read."""
    return {} if part.confidence is None else {name: shown(part.confidence)}


def shown(confidence: float) -> str:
    """A confidence as files have it."""
    return f"{min(max(confidence, 0.0), 1.0):.4f}"
