"""Changing some bytes of an XML file and no others: comments, spaces, line ends, encoding and all else stay."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from htrdata.errors import BadDataError
from htrdata.sources.xml.tree import Places, read_tree

_DECLARED = re.compile(rb"""<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")
_ATTRIBUTE = re.compile(rb"""\s+([^\s=>/"']+)\s*=\s*("[^"]*"|'[^']*')""")
_TAG = re.compile(rb"<([^\s/>]+)")
_START_TAG = re.compile(rb"""(?:[^>"']|"[^"]*"|'[^']*')*>""")
_SPACE = b" \t\r\n"
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass
class SplicedFile:
    """An XML file, its elements, and what shall stand in the place of some of its bytes.

    Args:
        data: the file.
        name: what messages call it.

    Attributes:
        root: its root element.

    Raises:
        BadDataError: as `htrdata.sources.xml.tree.read_tree`; or it is in an encoding that bytes cannot be changed in.
    """

    data: bytes
    name: str
    root: Element = field(init=False)
    _places: Places = field(init=False, default_factory=dict)
    _changes: list[tuple[int, int, bytes]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._wide = next((name for mark, name in _WIDE.items() if self.data.startswith(mark)), None)
        self._text = self.data
        if self._wide is not None:
            self._text = self.data[2:].decode(self._wide, "replace").encode("utf-8")
        self.root = read_tree(self._text, self.name, self._places, "utf-8" if self._wide else None)
        declared = _DECLARED.match(self._text.removeprefix(codecs.BOM_UTF8))
        self._encoding = "utf-8" if self._wide or declared is None else declared[1].decode("ascii")
        try:
            plain = "<a b='c'/>".encode(self._encoding) == b"<a b='c'/>"
        except LookupError:
            plain = False
        if not plain:
            raise BadDataError(f"{self.name}: its encoding {self._encoding} cannot be written: save it as UTF-8")

    @property
    def changed(self) -> bytes:
        """The file with all changes."""
        parts, at = [], 0
        for begin, end, new in sorted(self._changes, key=lambda change: change[:2]):
            parts += [self._text[at:begin], new]
            at = end
        text = b"".join([*parts, self._text[at:]])
        if self._wide is None:
            return text
        return self.data[:2] + text.decode("utf-8").encode(self._wide)

    def tag(self, element: Element) -> bytes:
        """The name of an element as it is written, with its prefix."""
        found = _TAG.match(self._text, self._places[element][0])
        assert found is not None
        return found[1]

    def sibling_tag(self, element: Element, name: str) -> bytes:
        """The name of another element as it would be written beside this one, with the same prefix."""
        prefix, colon, _ = self.tag(element).rpartition(b":")
        return prefix + colon + name.encode("ascii")

    def put_attributes(self, element: Element, values: dict[str, str | None]) -> None:
        """Gives an element attributes, in the place of those of these names; None takes one away."""
        begin, end = self._places[element][0], self._opened(element)
        found = {match[1]: match.span() for match in _ATTRIBUTE.finditer(self._text, begin, end)}
        last = max((span[1] for span in found.values()), default=begin + 1 + len(self.tag(element)))
        for name, value in values.items():
            place = found.get(name.encode("ascii"))
            if value is None:
                if place is not None:
                    self._change(*place, b"")
                continue
            new = name.encode("ascii") + b'="' + self._escaped(value).replace(b'"', b"&quot;") + b'"'
            if place is None:
                self._change(last, last, b" " + new)
            else:
                self._change(self._text.index(name.encode("ascii"), place[0]), place[1], new)

    def put_content(self, element: Element, text: str) -> None:
        """Makes a text all that stands in an element."""
        opened, (begin, close) = self._opened(element), self._places[element]
        if self._is_empty(element):
            slash = self._text.rindex(b"/", begin, opened)
            self._change(slash, opened, b">" + self._escaped(text) + b"</" + self.tag(element) + b">")
        else:
            self._change(opened, close, self._escaped(text))

    def insert(self, parent: Element, after: Element | None, new: bytes) -> None:
        """Puts an element into another one.

        Args:
            parent: where it goes.
            after: the child that it follows, indented like that; None for the first place.
            new: the element; see `element`.
        """
        if self._is_empty(parent):
            begin, opened = self._places[parent][0], self._opened(parent)
            slash = self._text.rindex(b"/", begin, opened)
            self._change(slash, opened, b">" + new + b"</" + self.tag(parent) + b">")
            return
        at = self._opened(parent) if after is None else self._ended(after)
        before = self._places[after][0] if after is not None else None
        self._change(at, at, (b"" if before is None else self._indent(before)) + new)

    def replace(self, element: Element, new: Sequence[bytes]) -> None:
        """Puts elements in the place of one, each indented like it; see `element`."""
        begin = self._places[element][0]
        self._change(begin, self._ended(element), self._indent(begin).join(new))

    def remove(self, element: Element) -> None:
        """Takes an element out, with the white space before it."""
        begin = self._places[element][0]
        self._change(begin - len(self._indent(begin)), self._ended(element), b"")

    def element(self, tag: bytes, attributes: dict[str, str], content: bytes | str | None) -> bytes:
        """An element as bytes of this file; a content of None makes it an empty one, a text is escaped."""
        given = b"".join(
            b" " + name.encode("ascii") + b'="' + self._escaped(value).replace(b'"', b"&quot;") + b'"'
            for name, value in attributes.items()
        )
        if content is None:
            return b"<" + tag + given + b"/>"
        inner = self._escaped(content) if isinstance(content, str) else content
        return b"<" + tag + given + b">" + inner + b"</" + tag + b">"

    def has_content(self, element: Element) -> bool:
        """Whether anything but white space stands in an element: another one, a text, a comment."""
        if self._is_empty(element):
            return False
        return bool(self._text[self._opened(element) : self._places[element][1]].strip())

    def _change(self, begin: int, end: int, new: bytes) -> None:
        self._changes.append((begin, end, new))

    def _opened(self, element: Element) -> int:
        """Where the start tag of an element ends."""
        found = _START_TAG.match(self._text, self._places[element][0])
        assert found is not None  # expat has read it
        return found.end()

    def _ended(self, element: Element) -> int:
        """Where an element ends."""
        close = self._places[element][1]
        return self._opened(element) if self._is_empty(element) else self._text.index(b">", close) + 1

    def _is_empty(self, element: Element) -> bool:
        """Whether it is written as ``<a/>``."""
        opened = self._opened(element)
        return self._text[opened - 2 : opened] == b"/>"

    def _indent(self, at: int) -> bytes:
        """The white space before a place."""
        begin = at
        while begin and self._text[begin - 1] in _SPACE:
            begin -= 1
        return self._text[begin:at]

    def _escaped(self, text: str) -> bytes:
        text = _ILLEGAL.sub("", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return text.encode(self._encoding, "xmlcharrefreplace")
