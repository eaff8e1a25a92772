"""A file of UNIPEN 1.0 (Guyon, Schomaker, Plamondon, Liberman, Janet: ICPR 1994): its statements, in order.

A statement begins with a full stop and a keyword in the first column and ends before the next one. What stands indented
is text, whatever it looks like: a document among those published describes its software with a ``.PEN_DOWN`` of its own
that is none. Text is Latin-1. Numbers are separated by white space, the points of a component by lines.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import BadDataError

READ = frozenset(
    {
        "COORD",
        "INCLUDE",
        "SEGMENT",
        "WRITER_ID",
        "X_POINTS_PER_INCH",
        "X_POINTS_PER_MM",
        "Y_POINTS_PER_INCH",
        "Y_POINTS_PER_MM",
    }
)
"""Keywords of the statements that words depend on, besides those of the pen. All others are documentation."""

LARGEST = 1e9
"""No coordinate and no time is larger."""

_PEN = {b"PEN_DOWN": True, b"PEN_UP": False}
_KEYWORD = re.compile(rb"^\.([A-Za-z_0-9]+)", re.MULTILINE)
_NUMBER = re.compile(rb"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?")


@dataclass(frozen=True, slots=True)
class Text:
    """A statement other than the pen's.

    Attributes:
        keyword: without its full stop, one of `READ`.
        argument: what follows it, without white space around it.
        line: where it stands, from 1.
    """

    keyword: str
    argument: str
    line: int


@dataclass(frozen=True, slots=True, eq=False)
class Pen:
    """Components that follow each other: what the pen did from one ``.PEN_DOWN`` or ``.PEN_UP`` to the next.

    Attributes:
        values: the numbers of all components, float64 [n].
        counts: how many each component has, int [components]. Which of them make a point, `.COORD` says.
        down: whether the pen was down, bool [components].
        lines: where each component begins, int [components], from 1.
    """

    values: NDArray[np.float64]
    counts: NDArray[np.intp]
    down: NDArray[np.bool_]
    lines: NDArray[np.intp]


Statement = Text | Pen


def parse(data: bytes, name: str) -> list[Statement]:
    """Reads a file.

    Args:
        data: its bytes.
        name: of the file, for messages.

    Returns:
        Its statements in order. A component without any number is none: see `htrdata.sources.unipen.components`.

    Raises:
        BadDataError: a component holds something that is no number, or a number that is none of a pen's.
    """
    found: list[Statement] = []
    bodies: list[bytes] = []
    downs: list[bool] = []
    lines: list[int] = []
    line, before = 1, 0
    for match, end in _with_ends(data):
        line += data.count(b"\n", before, match.start())
        before = match.start()
        keyword = match.group(1)
        down = _PEN.get(keyword)
        if down is not None:
            bodies.append(data[match.end() : end])
            downs.append(down)
            lines.append(line)
        elif keyword.decode() in READ:
            if bodies:
                found += _pen(bodies, downs, lines, name)
                bodies, downs, lines = [], [], []
            argument = data[match.end() : end].decode("latin-1").strip()
            found.append(Text(keyword.decode(), argument, line))
    if bodies:
        found += _pen(bodies, downs, lines, name)
    return found


def _with_ends(data: bytes) -> list[tuple[re.Match[bytes], int]]:
    """Each keyword, and where its statement ends."""
    matches = list(_KEYWORD.finditer(data))
    ends = [match.start() for match in matches[1:]] + [len(data)]
    return list(zip(matches, ends, strict=False))  # a file without statements has one end too many


def _pen(bodies: list[bytes], downs: list[bool], lines: list[int], name: str) -> list[Pen]:
    text = b" " + b" ".join(bodies)
    counts = _counts(text, np.array([len(body) for body in bodies], np.intp))
    keep = counts > 0
    if not keep.any():
        return []
    values = _numbers(text)
    if values is None or len(values) != counts.sum() or not np.all(np.abs(values) <= LARGEST):
        raise _fault(bodies, lines, name)
    return [Pen(values, counts[keep], np.array(downs)[keep], np.array(lines, np.intp)[keep])]


def _counts(text: bytes, lengths: NDArray[np.intp]) -> NDArray[np.intp]:
    """How many numbers there are in each piece of a text, before each of which stands a space."""
    space = np.frombuffer(text, np.uint8) <= ord(" ")
    begins = np.concatenate([[False], space[:-1] & ~space[1:]])
    pieces = np.cumsum(lengths + 1) - (lengths + 1)
    return np.add.reduceat(begins, pieces, dtype=np.intp)


def _numbers(text: bytes) -> NDArray[np.float64] | None:
    """The numbers of a text, float64 [n]; None where something in it is none."""
    for kind in (np.int64, np.float64):  # nearly all are whole, and reading those takes a tenth of the time
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # older NumPy warns where it meets something else, and stops there
                return np.fromstring(text, kind, sep=" ").astype(np.float64)
        except (DeprecationWarning, ValueError):
            continue
    return None


def _fault(bodies: list[bytes], lines: list[int], name: str) -> BadDataError:
    """Finds out which number is none."""
    for body, first in zip(bodies, lines, strict=True):
        for offset, row in enumerate(body.split(b"\n")):
            for word in row.split():
                if not _NUMBER.fullmatch(word) or abs(float(word)) > LARGEST:
                    shown = word[:40].decode("latin-1")
                    return BadDataError(
                        f"{name}, line {first + offset}: {shown!r} is no coordinate: expected a number up to "
                        f"{LARGEST:.0e}; fetch the file again"
                    )
    return BadDataError(f"{name}: its points cannot be read as numbers; fetch the file again")
