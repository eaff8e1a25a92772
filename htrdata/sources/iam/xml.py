"""IAM's annotations in XML: one file a form, of which the words or the lines, and their writer, are read.

    <form id="a01-000u" writer-id="000" …>
      <handwritten-part>
        <line id="a01-000u-00" segmentation="ok" threshold="154" text="A lighthouse," …>
          <word id="a01-000u-00-00" tag="AT" text="A"><cmp x="408" y="768" width="27" height="51"/>…</word>

The box of a word or line is the union of its components; it has none where there is none. Texts are escaped twice:
``&amp;quot;``. The files are strangers': entities and attributes that they declare themselves, which may grow without
bounds or fetch other files, are refused.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat

from htrdata.errors import BadDataError
from htrdata.records import Box, Unit, Word
from htrdata.sources.escaped_twice import unescaped
from htrdata.sources.iam.lists import FURTHEST, SEGMENTATIONS

_OTHER_ENTITY = re.compile(rb"&(?!amp;|lt;|gt;|quot;|apos;|#)[^;\s]{0,40}")


def read_form(data: bytes, name: str, unit: Unit = "word") -> tuple[str, list[Word]]:
    """Reads the file of a form.

    Args:
        data: the file.
        name: what messages call it.
        unit: what is read of it.

    Returns:
        The form's id, and its words in order, with the extra columns of `htrdata.sources.iam`. Ids are not checked.

    Raises:
        BadDataError: it is not well-formed, declares entities or attributes, or lacks what a form of IAM has; the
            message names the line.
    """
    form = _Form(name, unit)
    try:
        form.parser.Parse(data, True)
    except expat.ExpatError as error:
        what = expat.errors.messages.get(error.code, str(error))
        raise BadDataError(f"{name}, line {error.lineno}: not well-formed XML ({what}); is it cut off?") from error
    except BadDataError:
        raise
    except (LookupError, ValueError) as error:  # an encoding that Python does not know, or does not give to expat
        raise BadDataError(f"{name}, line 1: {str(error)[:80]}") from error
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
    unit: Unit
    id: str | None = None
    writer: str | None = None
    doctype: str | None = None
    line: dict[str, str] | None = None
    told: dict[str, str] = field(default_factory=dict)  # columns that the line tells of its words, too
    word: dict[str, str] | None = None
    components: list[tuple[int, int, int, int]] = field(default_factory=list)  # of the word, or of the line
    words: list[Word] = field(default_factory=list)
    parser: expat.XMLParserType = field(default_factory=expat.ParserCreate)

    def __post_init__(self) -> None:
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = self.declare
        self.parser.EntityDeclHandler = self.refuse_entity
        self.parser.AttlistDeclHandler = self.refuse_attributes
        self.parser.ExternalEntityRefHandler = self.refuse_entity

    def start(self, tag: str, given: dict[str, str]) -> None:
        if tag == "cmp" and self.word is not None:
            try:  # IAM has half a million of these
                x, y, w, h = int(given["x"]), int(given["y"]), int(given["width"]), int(given["height"])
            except (KeyError, ValueError):
                x, y, w, h = (self.number(given, key) for key in ("x", "y", "width", "height"))  # says what is wrong
            self.components.append((x, y, x + w, y + h))
        elif tag == "word" and self.line is not None:
            self.word = given
            if self.unit == "word":
                self.components = []
        elif tag == "line":
            self.line, self.components = given, []
            if self.value(given, "segmentation") not in SEGMENTATIONS:
                self.fail(f"the segmentation is {given['segmentation'][:40]!r}, neither ok nor err")
            threshold = sys.intern(str(self.number(given, "threshold")))
            self.told = {"segmentation": sys.intern(given["segmentation"]), "threshold": threshold}
        elif tag == "form":
            self.id, self.writer = self.value(given, "id"), given.get("writer-id")

    def end(self, tag: str) -> None:
        if tag == "cmp":  # most elements are
            return
        if tag == "word" and self.word is not None and self.line is not None:
            if self.unit == "word":
                tag = sys.intern(unescaped(self.value(self.word, "tag")))
                self.add(self.word, {"line": self.value(self.line, "id"), **self.told, "tag": tag})
            self.word = None
        elif tag == "line" and self.line is not None:
            if self.unit == "line":
                self.add(self.line, self.told)
            self.line = None

    def add(self, given: dict[str, str], extra: dict[str, str]) -> None:
        own_id, text = self.value(given, "id"), unescaped(self.value(given, "text"))
        box, threshold = self.union(), int(extra["threshold"])
        self.words.append(Word(own_id, text, box, writer=self.writer, extra=extra, ink_threshold=threshold))

    def union(self) -> Box | None:
        if not self.components:
            return None
        lefts, uppers, rights, lowers = zip(*self.components, strict=True)
        left, upper, right, lower = min(lefts), min(uppers), max(rights), max(lowers)
        if min(left, upper) < -FURTHEST or max(right, lower) > FURTHEST:
            self.fail(f"a component lies more than {FURTHEST:,} pixels away: no form of IAM is as large")
        return Box((left + right) / 2, (upper + lower) / 2, right - left, lower - upper)

    def declare(self, name: str, _system: str | None, _public: str | None, _internal: int) -> None:
        self.doctype = name

    def refuse_entity(self, *_declared: Any) -> NoReturn:
        self.fail("it declares entities, which no annotation of IAM does; the file is not what it should be")

    def refuse_attributes(self, *_declared: Any) -> NoReturn:
        self.fail("it declares attributes, which no annotation of IAM does; the file is not what it should be")

    def value(self, given: dict[str, str], key: str) -> str:
        if key not in given:
            self.fail(f"an element lacks {key!r}")
        return given[key]

    def number(self, given: dict[str, str], key: str) -> int:
        text = self.value(given, key)
        try:
            number = int(text)
        except ValueError:
            self.fail(f"{key!r} is {text[:40]!r}, not an integer")
        if abs(number) > FURTHEST:
            self.fail(f"{key!r} is {text[:40]}, more than anything of IAM measures")
        return number

    def fail(self, what: str) -> NoReturn:
        raise BadDataError(f"{self.name}, line {self.parser.CurrentLineNumber}: {what}")
