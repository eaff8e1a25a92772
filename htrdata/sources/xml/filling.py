"""Putting what was read into ALTO and PAGE files: text and confidence of lines and of the words they have, no more.

Only where words with places are given do lines that had none get elements for them. `XmlPage.place` gives these alone
to lines whose text stays as it is.

All ids stay: by them eScriptorium finds the lines of a file that is imported again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from xml.etree.ElementTree import Element

from htrdata.errors import BadDataError
from htrdata.sources.xml import alto, page_format
from htrdata.sources.xml.alto_text import hyphen_of
from htrdata.sources.xml.readings import ReadLine, ReadText
from htrdata.sources.xml.scaling import SAME, Size, another_size, on_picture, scale_of
from htrdata.sources.xml.splicing import SplicedFile
from htrdata.sources.xml.tree import child, children, local
from htrdata.sources.xml.word_elements import (
    NewIds,
    PlacedText,
    alto_stays,
    place_alto_words,
    put_alto_words,
    put_page_words,
    shown,
)
from htrdata.sources.xml.written import WrittenPage, words_of

_BEHIND_TEXT = ("TextStyle", "UserDefined", "Labels")  # of PAGE, in this order
_HYPHENS = "-¬=\u2010\u00ad"


class XmlPage:
    """A page of an export, which can be filled.

    Args:
        data: the file.
        name: what messages call it.

    Attributes:
        written: what the file says of the page, in its own unit until `fit`; its lines are counted from 0.

    Raises:
        BadDataError: it is neither ALTO nor PAGE, or not what its format promises.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self._file = SplicedFile(data, name)
        self._scale = SAME
        root = self._file.root
        if local(root) == "alto":
            self.written: WrittenPage = alto.read_alto(root, name)
            self._lines = [element for element, _ in alto.line_elements(root, {})]
        elif local(root) == "PcGts":
            self.written = page_format.read_page(root, name)
            self._lines = [element for element, _ in page_format.line_elements(next(children(root, "Page")))]
        else:
            raise BadDataError(f"{name} is no ALTO or PAGE file: its root is {local(root)[:40]!r}")

    @property
    def data(self) -> bytes:
        """The file, with what was put into it."""
        return self._file.changed

    def fit(self, picture: Size, scaled: bool) -> None:
        """Brings what the file says to the pixels of its picture; places that are put in go back from there.

        Args:
            picture: its size.
            scaled: whether it may be a reduced, or enlarged, copy; see `htrdata.sources.xml.scaling.scale_of`.

        Raises:
            BadDataError: it is not the picture of the file.
        """
        scale = scale_of(self.written, picture, scaled)
        if scale is None:
            raise BadDataError(another_size(self.written, picture))
        self.written, self._scale = on_picture(self.written, scale, picture), scale

    @property
    def confidences(self) -> list[float | None]:
        """Of the lines, as the file has them; None of a line without one."""
        of = _alto_confidence if self.written.format == "alto" else _page_confidence
        return [of(element) for element in self._lines]

    def fill(self, read: Mapping[int, ReadLine]) -> None:
        """Puts in what was read of some lines, by their numbers. To be called once."""
        fill = _fill_alto if self.written.format == "alto" else _fill_page
        ids = NewIds(self._file.root)
        for number, line in sorted(read.items()):
            line = replace(line, placed=self._in_file(line.placed))
            name = self.written.lines[number].id or f"line{number + 1}"
            fill(self._file, self._lines[number], line, name, ids)
        if self.written.format == "page":
            self._fill_regions(read)

    def stays(self, number: int) -> str | None:
        """Why a line gets no places of words, in words that follow "lines left as they are"; None where it may."""
        line, element = self.written.lines[number], self._lines[number]
        if any(word.outline or word.flaw for word in line.words):
            return "with words of their own"
        if self.written.format == "page":
            return "with words of their own" if line.words else None if words_of(line.text) else "without text"
        if not any(words_of(string.get("CONTENT", "")) for string in children(element, "String")):
            return "without text"
        return alto_stays(self._file, element)

    def place(self, placed: Mapping[int, tuple[PlacedText, ...]]) -> None:
        """Puts in the places of the words of some lines that do not stay as they are. To be called once.

        Args:
            placed: by the numbers of the lines, the words of their texts; those that `stays` gives no reason for.
        """
        ids = NewIds(self._file.root)
        for number, words in sorted(placed.items()):
            name = self.written.lines[number].id or f"line{number + 1}"
            element, words = self._lines[number], self._in_file(words)
            if self.written.format == "page":
                put_page_words(self._file, element, words, name, ids)
                continue
            place_alto_words(self._file, element, _without(words, hyphen_of(element)), name, ids)

    def _in_file(self, words: tuple[PlacedText, ...]) -> tuple[PlacedText, ...]:
        if self._scale == SAME:
            return words
        return tuple(
            replace(word, outline=self._scale.in_file(word.outline), characters=self._in_file(word.characters))
            for word in words
        )

    def _fill_regions(self, read: Mapping[int, ReadLine]) -> None:
        """Regions of PAGE that have a text of their own get that of their lines, where all of them were read."""
        number = {element: number for number, element in enumerate(self._lines)}
        for region in self._file.root.iter():
            lines = list(children(region, "TextLine"))
            equiv = page_format.first_equiv(region)
            if local(region).endswith("Region") and lines and equiv is not None:
                texts = [read[number[line]].line if number[line] in read else None for line in lines]
                found = [one for one in texts if one is not None]
                if len(found) == len(texts):
                    mean = sum(one.confidence for one in found) / len(found)
                    _put_equiv(self._file, region, ReadText("\n".join(one.text for one in found), mean))


def _page_confidence(element: Element) -> float | None:
    equiv = page_format.first_equiv(element)
    return None if equiv is None else _number(equiv.get("conf", ""))


def _alto_confidence(element: Element) -> float | None:
    """That of the strings of a line, weighed by their lengths."""
    strings = [(_number(one.get("WC", "")), len(one.get("CONTENT", ""))) for one in children(element, "String")]
    known = [(confidence, max(length, 1)) for confidence, length in strings if confidence is not None]
    return sum(one * length for one, length in known) / sum(length for _, length in known) if known else None


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[01](\.[0-9]{1,9})?", text) else None


def _fill_page(file: SplicedFile, element: Element, read: ReadLine, name: str, ids: NewIds) -> None:
    if read.words is not None:
        for word, text in zip(children(element, "Word"), read.words, strict=True):
            if page_format.text_of(word) != text.text:
                for glyph in children(word, "Glyph"):
                    file.remove(glyph)
            _put_equiv(file, word, text)
    elif read.placed:
        put_page_words(file, element, read.placed, name, ids)
    _put_equiv(file, element, read.line)


def _put_equiv(file: SplicedFile, element: Element, read: ReadText) -> None:
    equiv = page_format.first_equiv(element)
    if equiv is None:
        behind = [local(below) in _BEHIND_TEXT for below in element]
        place = behind.index(True) if True in behind else len(behind)
        unicode = file.element(file.sibling_tag(element, "Unicode"), {}, read.text)
        tag = file.sibling_tag(element, "TextEquiv")
        new = file.element(tag, {"conf": shown(read.confidence)}, unicode)
        file.insert(element, element[place - 1] if place else None, new)
        return
    file.put_attributes(equiv, {"conf": shown(read.confidence)})
    unicode_element = child(equiv, "Unicode")
    if unicode_element is None:
        last = equiv[-1] if len(equiv) else None
        file.insert(equiv, last, file.element(file.sibling_tag(equiv, "Unicode"), {}, read.text))
    else:
        file.put_content(unicode_element, read.text)
    plain = child(equiv, "PlainText")
    if plain is not None:
        file.put_content(plain, read.text)


def _fill_alto(file: SplicedFile, element: Element, read: ReadLine, name: str, ids: NewIds) -> None:
    strings = list(children(element, "String"))
    text, confidence = read.line
    hyphen = child(element, "HYP")
    if hyphen is not None:
        sign = text[-1:] if text[-1:] in _HYPHENS else ""
        file.put_attributes(hyphen, {"CONTENT": sign})
        text = text.removesuffix(sign)
    if read.placed and len(strings) < 2:
        put_alto_words(file, element, _without_hyphen(read.placed) if hyphen is not None else read.placed, name, ids)
        return
    if not strings:
        given = {key: element.get(key, "") for key in ("HPOS", "VPOS", "WIDTH", "HEIGHT") if element.get(key)}
        attributes = {"CONTENT": text, **given, "WC": shown(confidence)}
        first = child(element, "Shape")
        file.insert(element, first, file.element(file.sibling_tag(element, "String"), attributes, None))
        return
    parts: Sequence[ReadText] = read.words or [ReadText(text, confidence), *[ReadText("", 0.0)] * (len(strings) - 1)]
    if hyphen is not None and read.words:
        parts = [*parts[:-1], ReadText(parts[-1].text.rstrip(_HYPHENS), parts[-1].confidence)]
    for string, part in zip(strings, parts, strict=True):
        changed = string.get("CONTENT") != part.text
        gone = {name: None for name in ("CC", "SUBS_TYPE", "SUBS_CONTENT") if changed and string.get(name) is not None}
        file.put_attributes(string, {"CONTENT": part.text, "WC": shown(part.confidence), **gone})
        for below in string:
            if changed and local(below) != "Shape":
                file.remove(below)


def _without_hyphen(words: tuple[PlacedText, ...]) -> tuple[PlacedText, ...]:
    """Words without the sign that a ``HYP`` has; the last one goes where it was no more than that."""
    sign = words[-1].text[-1:]
    return _without(words, sign) if sign in _HYPHENS else words


def _without(words: tuple[PlacedText, ...], sign: str) -> tuple[PlacedText, ...]:
    last = words[-1]
    if not sign or not last.text.endswith(sign):
        return words
    shorter = replace(last, text=last.text.removesuffix(sign), characters=last.characters[: -len(sign)])
    return (*words[:-1], shorter) if shorter.text or len(words) == 1 else words[:-1]
