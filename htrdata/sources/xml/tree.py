"""Reading an XML file of a stranger into a tree: entities that it declares, which may grow without bounds, are refused.

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


def read_tree(data: bytes, name: str) -> Element:
    """Parses a file.

    Args:
        data: the file.
        name: what messages call it.

    Returns:
        The root element.

    Raises:
        BadDataError: it is not well-formed, declares entities or is nested too deeply; the message names the line.
    """
    parser, tree = expat.ParserCreate(namespace_separator="}"), TreeBuilder()
    depth, declares = 0, False

    def fail(what: str) -> BadDataError:
        return BadDataError(f"{name}, line {parser.CurrentLineNumber}: {what}")

    def start(tag: str, given: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise fail(f"more than {MAX_DEPTH} elements within each other, which no export has")
        tree.start(_named(tag), {_named(key): value for key, value in given.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        tree.end(_named(tag))

    def declare(*_declared: Any) -> None:
        nonlocal declares
        declares = True

    def refuse(*_declared: Any) -> NoReturn:
        raise fail("it declares entities, which no export of pages does; the file is not what it should be")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, tree.data
    parser.StartDoctypeDeclHandler, parser.EntityDeclHandler, parser.ExternalEntityRefHandler = declare, refuse, refuse
    parser.buffer_text = True
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        what = expat.errors.messages.get(error.code, str(error))
        raise BadDataError(f"{name}, line {error.lineno}: not well-formed XML ({what}); is it cut off?") from error
    except LookupError as error:  # an encoding that Python does not know
        raise BadDataError(f"{name}, line 1: {error}") from error
    if declares and (stray := _OTHER_ENTITY.search(data)):
        # With a DTD elsewhere, which is not read, expat leaves such entities out in silence.
        line = data.count(b"\n", 0, stray.start()) + 1
        raise BadDataError(f"{name}, line {line}: the entity {stray[0].decode('latin-1')!r} is not defined here")
    return tree.close()


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
