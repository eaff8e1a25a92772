"""What the pen did in all that a file of segments includes: its components, counted as delineations count them.

A component is a ``.PEN_DOWN`` or a ``.PEN_UP`` with at least one point. One without points is none and is not counted.
So every contributor counts; see the README beside this file for how that was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import BadDataError
from htrdata.sources.unipen.release import Release, included_name
from htrdata.sources.unipen.statements import Pen, Statement, Text

MAX_DEPTH = 8
"""How deeply files may include each other; the published ones reach 2."""

MAX_INCLUDED = 1000
"""How many files a file of segments may include, each as often as it is; the published ones include up to 4."""

MAX_POINTS = 20_000_000
"""How many points a file of segments may include."""

_COLUMNS = ("X", "Y")
_PER_INCH = {"INCH": 1.0, "MM": 25.4}


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """The components of a file, in the order in which they were written.

    Attributes:
        x: float32 [points], in the tablet's units; to the right.
        y: float32 [points], in the same units as `x`; upwards.
        pressure: float32 [points] in the tablet's units; NaN where it is not known.
        begins: where each component's points begin, and where the last one's end, int [components + 1].
        down: whether the pen was down, bool [components].
        writers: from which component on who wrote, in that order.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    pressure: NDArray[np.float32]
    begins: NDArray[np.intp]
    down: NDArray[np.bool_]
    writers: tuple[tuple[int, str], ...]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.down)

    def writer(self, component: int) -> str:
        """The ``.WRITER_ID`` that a component stands under; empty where there is none."""
        return next((writer for first, writer in reversed(self.writers) if first <= component), "")


@dataclass(frozen=True, slots=True)
class Assembled:
    """A file of segments with all that it includes.

    Attributes:
        name: of the file, below the release.
        components: what the pen did.
        segments: the ``.SEGMENT`` statements, each with the name of its file.
        missing: the names of files with components that it includes and that are not there.
    """

    name: str
    components: Components
    segments: tuple[tuple[Text, str], ...]
    missing: tuple[str, ...]


def assemble(name: str, release: Release) -> Assembled:
    """Puts a file of segments together with what it includes.

    Args:
        name: of the file in `Release.data`.
        release: what it is part of.

    Raises:
        BadDataError: files include each other without end, or points have another number of columns than ``.COORD``.
    """
    parts = _Parts(release)
    parts.read(release.data[name], name, (name,))
    return Assembled(name, parts.components(), tuple(parts.segments), tuple(dict.fromkeys(parts.missing)))


class _Parts:
    def __init__(self, release: Release) -> None:
        self.included: Mapping[str, list[Statement]] = release.included
        self.columns: tuple[str, ...] = _COLUMNS
        self.units = {"X": 1.0, "Y": 1.0}
        self.pens: list[tuple[NDArray[np.float32], Pen]] = []
        self.sizes: list[NDArray[np.intp]] = []
        self.writers: list[tuple[int, str]] = []
        self.segments: list[tuple[Text, str]] = []
        self.missing: list[str] = []
        self.count = 0
        self.points = 0
        self.files = 0

    def read(self, statements: list[Statement], name: str, inside: tuple[str, ...]) -> None:
        """Takes up the statements of a file, those of what it includes at their place."""
        for statement in statements:
            if isinstance(statement, Pen):
                self._pen(statement, name)
            elif statement.keyword == "INCLUDE":
                self._include(statement, name, inside)
            elif statement.keyword == "SEGMENT":
                self.segments.append((statement, name))
            elif statement.keyword == "WRITER_ID":
                self.writers.append((self.count, statement.argument))
            elif statement.keyword == "COORD":
                self.columns = tuple(statement.argument.upper().split())
                if not {"X", "Y"} <= set(self.columns):
                    raise BadDataError(f"{name}, line {statement.line}: {statement.argument[:60]!r} lacks X or Y")
            else:
                axis, _, _, unit = statement.keyword.split("_")
                self.units[axis] = _PER_INCH[unit] * _resolution(statement, name)

    def _include(self, statement: Text, name: str, inside: tuple[str, ...]) -> None:
        found = included_name(statement, name)
        self.files += 1
        if found in inside or len(inside) > MAX_DEPTH or self.files > MAX_INCLUDED:
            raise BadDataError(
                f"{name}, line {statement.line}: including {found[:80]!r} has no end: files include themselves, or "
                f"more than {MAX_INCLUDED:,} others; fetch the release again"
            )
        statements = self.included.get(found)
        if statements is None:
            if "/data/" in found:  # lexica and documents hold no ink
                self.missing.append(found)
        else:
            self.read(statements, found, (*inside, found))

    def _pen(self, pen: Pen, name: str) -> None:
        width = len(self.columns)
        wrong = np.flatnonzero(pen.counts % width)
        if len(wrong):
            raise BadDataError(
                f"{name}, line {pen.lines[wrong[0]]}: a component of {pen.counts[wrong[0]]} numbers, which make no "
                f"points of {' '.join(self.columns)}; fetch the file again"
            )
        points = pen.values.reshape(-1, width)
        self.points += len(points)
        if self.points > MAX_POINTS:
            raise BadDataError(f"{name}: it has more than {MAX_POINTS:,} points; no file of UNIPEN has")
        taken = np.full((3, len(points)), np.nan, np.float32)
        taken[0] = points[:, self.columns.index("X")]
        taken[1] = points[:, self.columns.index("Y")] * (self.units["X"] / self.units["Y"])
        if "P" in self.columns:
            taken[2] = points[:, self.columns.index("P")]
        self.pens.append((taken, pen))
        self.sizes.append(pen.counts // width)
        self.count += len(pen.counts)

    def components(self) -> Components:
        """All components so far."""
        points = np.concatenate([np.empty((3, 0), np.float32), *(taken for taken, _ in self.pens)], axis=1)
        sizes = np.concatenate([np.empty(0, np.intp), *self.sizes])
        down = np.concatenate([np.empty(0, np.bool_), *(pen.down for _, pen in self.pens)])
        begins = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
        return Components(points[0], points[1], points[2], begins, down, tuple(self.writers))


def _resolution(statement: Text, name: str) -> float:
    """Points per inch or millimetre; 1 where a file leaves the number out, so that both axes count alike."""
    try:
        value = float(statement.argument.split()[0]) if statement.argument else 1.0
    except ValueError:
        value = 1.0 if statement.argument.startswith("?") else 0.0
    if not 1e-3 <= value <= 1e6:
        raise BadDataError(f"{name}, line {statement.line}: {statement.argument[:60]!r} is no number of points")
    return value
