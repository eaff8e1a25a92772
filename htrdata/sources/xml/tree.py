"""Reading an XML file of a stranger into a tree: what may grow without bounds in memory is refused.

That is what a file declares itself (entities, and attributes that elements have without naming them), names of great
length, which each element has anew, and millions of elements.

Names of elements stay as ``{namespace}name``; `local` takes the namespace off, since exports of one kind come in many
versions of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from htrdata.errors import BadDataError

_OTHER_ENTITY = re.compile(rb"&(?!amp;|lt;|gt;|quot;|apos;|#)[^;\s]{0,40}")

MAX_DEPTH = 100
"""Elements within elements; ALTO and PAGE have some ten, and Python would run out of stack at some thousand."""

MAX_NODES = 1_000_000
"""Elements and attributes; a page of a newspaper with each letter in a box has some hundred thousand."""

LONGEST_NAME = 1000
"""Characters of a name: of an element or attribute with its namespace, of an id, of a type."""

_HOLD_NAMES = frozenset({"id", "ID", "type", "LABEL", "TAGREFS"})  # attributes whose values words have a copy of


Places = dict[Element, tuple[int, int]]
"""Where elements begin and where their end tags do, in bytes of the file; an empty one (``<a/>``) has no end tag."""


def read_tree(data: bytes, name: str, places: Places | None = None, encoding: str | None = None) -> Element:
    """Parses a file.

    Args:
        data: the file.
        name: what messages call it.
        places: is given those of all elements.
        encoding: of the bytes, whatever the file says itself.

    Returns:
        The root element.

    Raises:
        BadDataError: it is not well-formed, of an encoding that cannot be read, declares entities or attributes, is
            nested too deeply or too large; the message names the line.
    """
    parser, tree = expat.ParserCreate(encoding, "}"), TreeBuilder()
    depth, nodes, declares = 0, 0, False

    def fail(what: str) -> BadDataError:
        return BadDataError(f"{name}, line {parser.CurrentLineNumber}: {what}")

    def start(tag: str, given: dict[str, str]) -> None:
        nonlocal depth, nodes
        depth += 1
        nodes += 1 + len(given)
        if depth > MAX_DEPTH:
            raise fail(f"more than {MAX_DEPTH} elements within each other, which no export has")
        if nodes > MAX_NODES:
            raise fail(f"more than {MAX_NODES:,} elements and attributes, which no page has")
        if max(map(len, (tag, *given, *given.values()))) > LONGEST_NAME and (long := _long_name(tag, given)):
            raise fail(f"a name of {len(long):,} characters, {long[:40]!r}…: no export has one")
        element = tree.start(_named(tag), {_named(key): value for key, value in given.items()})
        if places is not None:
            places[element] = (parser.CurrentByteIndex, -1)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        element = tree.end(_named(tag))
        if places is not None:
            places[element] = (places[element][0], parser.CurrentByteIndex)

    def declare(*_declared: Any) -> None:
        nonlocal declares
        declares = True

    def refuse(*_declared: Any) -> NoReturn:
        what = "it declares entities or attributes, which no export of pages does"
        raise fail(f"{what}; the file is not what it should be")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, tree.data
    parser.StartDoctypeDeclHandler, parser.ExternalEntityRefHandler = declare, refuse
    parser.EntityDeclHandler, parser.AttlistDeclHandler = refuse, refuse
    parser.buffer_text = True
    _parse(parser, data, name)
    if declares and (stray := _OTHER_ENTITY.search(data)):
        # With a DTD elsewhere, which is not read, expat leaves such entities out in silence.
        line = data.count(b"\n", 0, stray.start()) + 1
        raise BadDataError(f"{name}, line {line}: the entity {stray[0].decode('latin-1')!r} is not defined here")
    return tree.close()


def _parse(parser: expat.XMLParserType, data: bytes, name: str) -> None:
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        what = expat.errors.messages.get(error.code, str(error))
        raise BadDataError(f"{name}, line {error.lineno}: not well-formed XML ({what}); is it cut off?") from error
    except BadDataError:
        raise
    except (LookupError, ValueError) as error:  # an encoding that Python does not know, or expat cannot be given
        raise BadDataError(f"{name}, line 1: {str(error)[:80]}; save it as UTF-8") from error


def _long_name(tag: str, given: dict[str, str]) -> str | None:
    """The longest of the names in the tag of an element, where that is too long; its texts may be long."""
    longest = max((tag, *given, *(value for key, value in given.items() if key in _HOLD_NAMES)), key=len)
    return longest if len(longest) > LONGEST_NAME else None


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def namespace(element: Element) -> str:
    """The namespace of an element, empty where it has none."""
    return element.tag[1:].rpartition("}")[0] if element.tag.startswith("{") else ""


def children(element: Element, name: str) -> Iterator[Element]:
    """The elements right below one that have a name, whatever their namespace."""
    return (child for child in element if local(child) == name)


def child(element: Element, name: str) -> Element | None:
    """The first of `children`; None where there is none."""
    return next(children(element, name), None)


def _named(tag: str) -> str:
    return f"{{{tag}" if "}" in tag else tag
