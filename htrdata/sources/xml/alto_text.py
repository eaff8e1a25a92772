"""The text of a line of ALTO: its strings, the spaces between them, and the hyphen at its end.

A space is an element, ``SP``: where a line has any, two strings without one between are one word, such as
``Luxemb`` and ``.``. OCR leaves some out all the same, before a string that stands apart, or in a line that is two.
Files that never say where spaces are have one between all strings.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from htrdata.sources.xml.tree import child, local
from htrdata.sources.xml.written import read_points

_SOFT_HYPHEN = "\u00ad"


def text_of_line(line: Element) -> str:
    """The text of a ``TextLine`` as it stands on the page, a word that goes on in the next line with its hyphen."""
    strings, spaced = _strings(line)
    between = ["" if glued else " " for glued in _glued(strings, spaced)]
    texts = [string.get("CONTENT", "").strip() for string in strings]
    return "".join(map("".join, zip(["", *between], texts, strict=False))) + hyphen_of(line)


def hyphen_of(line: Element) -> str:
    """The hyphen that a line has as an element of its own, as it is seen: U+00AD stands for ``-``; empty without."""
    hyphen = child(line, "HYP")
    return "" if hyphen is None else hyphen.get("CONTENT", "-").replace(_SOFT_HYPHEN, "-")


def _strings(line: Element) -> tuple[list[Element], list[bool]]:
    """The strings of a line that have a text, and for each but the first whether a space stands before it."""
    strings: list[Element] = []
    spaced: list[bool] = []
    space = False
    for part in line:
        if local(part) == "SP":
            space = True
        elif local(part) == "String" and part.get("CONTENT", "").strip():
            strings.append(part)
            spaced.append(space)
            space = False
    return strings, spaced[1:]


def _glued(strings: Sequence[Element], spaced: Sequence[bool]) -> Iterator[bool]:
    """Of each two strings that follow each other, whether they are parts of one word."""
    gaps = list(itertools.starmap(_gap, itertools.pairwise(strings)))
    known = [gap for gap, space in zip(gaps, spaced, strict=True) if space and gap is not None and gap > 0]
    usual = statistics.median(known) if known else None
    for gap, space in zip(gaps, spaced, strict=True):
        apart = gap is not None and usual is not None and not -usual < gap < usual / 2
        yield any(spaced) and not space and not apart


def _gap(string: Element, following: Element) -> float | None:
    """How far apart two strings are; None where they do not say where they are."""
    numbers = read_points(" ".join(string.get(key, "?") for key in ("HPOS", "WIDTH")))
    after = read_points(f"{following.get('HPOS', '?')} 0")
    if numbers is None or after is None or len(numbers) != 1 or len(after) != 1:
        return None
    return after[0][0] - numbers[0][0] - numbers[0][1]
