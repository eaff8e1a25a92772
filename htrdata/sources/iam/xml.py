"""IAM's annotations in XML: one file a form, of which the words, their lines and their writer are read.

    <form id="a01-000u" writer-id="000" …>
      <handwritten-part>
        <line id="a01-000u-00" segmentation="ok" threshold="154" …>
          <word id="a01-000u-00-00" tag="AT" text="A"><cmp x="408" y="768" width="27" height="51"/>…</word>

A word's box is the union of its components; it has none where there is none. Its text is escaped twice: ``&amp;quot;``.
The files are strangers': entities that they declare themselves, which may grow without bounds or fetch other files,
are refused.
"""

from __future__ import annotations

import html
import re
import sys
from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat

from htrdata.errors import BadDataError
from htrdata.records import Box, Word
from htrdata.sources.iam.words_txt import SEGMENTATIONS

_ESCAPED = re.compile(r"&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});")
_OTHER_ENTITY = re.compile(rb"&(?!amp;|lt;|gt;|quot;|apos;|#)[^;\s]{0,40}")


def read_form(data: bytes, name: str) -> tuple[str, list[Word]]:
    """Reads the file of a form.

    Args:
        data: the file.
        name: what messages call it.

    Returns:
        The form's id, and its words in order, with the extra columns of `htrdata.sources.iam`. Ids are not checked.

    Raises:
        BadDataError: it is not well-formed, declares entities, or lacks what a form of IAM has; the message names the
            line.
    """
    form = _Form(name)
    try:
        form.parser.Parse(data, True)
    except expat.ExpatError as error:
        what = expat.errors.messages.get(error.code, str(error))
        raise BadDataError(f"{name}, line {error.lineno}: not well-formed XML ({what}); is it cut off?") from error
    except LookupError as error:  # an encoding that Python does not know
        raise BadDataError(f"{name}, line 1: {error}") from error
    if form.id is None:
        raise BadDataError(f"{name} has no <form>: it is not an annotation of IAM")
    if form.doctype is not None and (stray := _OTHER_ENTITY.search(data)):
        # With a DTD elsewhere, which is not read, expat leaves such entities out in silence.
        line = data.count(b"\n", 0, stray.start()) + 1
        raise BadDataError(f"{name}, line {line}: the entity {stray[0].decode('latin-1')!r} is not defined here")
    return form.id, form.words


@dataclass(slots=True)
class _Form:
    """What has been read of a form, and the parser that reads it."""

    name: str
    id: str | None = None
    writer: str | None = None
    doctype: str | None = None
    line: dict[str, str] | None = None
    word: dict[str, str] | None = None
    components: list[tuple[int, int, int, int]] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    parser: expat.XMLParserType = field(default_factory=expat.ParserCreate)

    def __post_init__(self) -> None:
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = self.declare
        self.parser.EntityDeclHandler = self.refuse_entity
        self.parser.ExternalEntityRefHandler = self.refuse_entity

    def start(self, tag: str, given: dict[str, str]) -> None:
        if tag == "cmp" and self.word is not None:
            try:  # IAM has half a million of these
                x, y, w, h = int(given["x"]), int(given["y"]), int(given["width"]), int(given["height"])
            except (KeyError, ValueError):
                x, y, w, h = (self.number(given, key) for key in ("x", "y", "width", "height"))  # says what is wrong
            self.components.append((x, y, x + w, y + h))
        elif tag == "word" and self.line is not None:
            self.word, self.components = given, []
        elif tag == "line":
            self.line = given
            if self.value(given, "segmentation") not in SEGMENTATIONS:
                self.fail(f"the segmentation is {given['segmentation']!r}, neither ok nor err")
        elif tag == "form":
            self.id, self.writer = self.value(given, "id"), given.get("writer-id")

    def end(self, tag: str) -> None:
        if tag == "word" and self.word is not None and self.line is not None:
            threshold = self.number(self.line, "threshold")
            extra = {
                "line": self.value(self.line, "id"),
                "segmentation": sys.intern(self.line["segmentation"]),
                "threshold": sys.intern(str(threshold)),
                "tag": sys.intern(_unescaped(self.value(self.word, "tag"))),
            }
            word_id, text = self.value(self.word, "id"), _unescaped(self.value(self.word, "text"))
            box = _union(self.components)
            self.words.append(Word(word_id, text, box, writer=self.writer, extra=extra, ink_threshold=threshold))
            self.word = None
        elif tag == "line":
            self.line = None

    def declare(self, name: str, _system: str | None, _public: str | None, _internal: int) -> None:
        self.doctype = name

    def refuse_entity(self, *_declared: Any) -> NoReturn:
        self.fail("it declares entities, which no annotation of IAM does; the file is not what it should be")

    def value(self, given: dict[str, str], key: str) -> str:
        if key not in given:
            self.fail(f"an element lacks {key!r}")
        return given[key]

    def number(self, given: dict[str, str], key: str) -> int:
        text = self.value(given, key)
        try:
            return int(text)
        except ValueError:
            self.fail(f"{key!r} is {text!r}, not an integer")

    def fail(self, what: str) -> NoReturn:
        raise BadDataError(f"{self.name}, line {self.parser.CurrentLineNumber}: {what}")


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text


def _union(components: list[tuple[int, int, int, int]]) -> Box | None:
    if not components:
        return None
    lefts, uppers, rights, lowers = zip(*components, strict=True)
    left, upper, right, lower = min(lefts), min(uppers), max(rights), max(lowers)
    return Box((left + right) / 2, (upper + lower) / 2, right - left, lower - upper)
