"""The segments of a release: which ink is which word, or why none can be had."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import BadDataError
from htrdata.records import Reason, first_reason
from htrdata.sources.unipen.components import Assembled, Components, assemble
from htrdata.sources.unipen.delineation import Span, parse_delineation
from htrdata.sources.unipen.labels import as_written, says_nothing, unquote
from htrdata.sources.unipen.release import Release
from htrdata.sources.unipen.writers import file_pseudonym

QUALITIES = ("GOOD", "OK", "BAD", "?")
"""How well a segment is written, as its contributor says; ``?`` is not known."""

_NAME = re.compile(r"data/\d/[A-Za-z0-9]{1,8}/.+", re.ASCII)
_ARGUMENT = re.compile(r"([A-Z_]+)\s+([^\s\"]+)(?:\s+([A-Za-z?]+))?(?:\s+(\".*))?", re.DOTALL)


@dataclass(frozen=True, slots=True, eq=False)
class Ink:
    """What the pen left of a segment: points at which it was down. At least one.

    Attributes:
        x: float32 [n], in the tablet's units; to the right.
        y: float32 [n], in the same units; upwards.
        pressure: float32 [n] in the tablet's units; NaN where it is not known.
        starts: bool [n], True where the pen was put down.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    pressure: NDArray[np.float32]
    starts: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment.

    Attributes:
        id: the category, the contributor, a pseudonym of the file and the segment's place in it; unique in a release.
        contributor: three letters.
        file: where it stands, below the release.
        writer: its ``.WRITER_ID``; empty where it is not known.
        text: its label, without escapes and without white space around it.
        quality: one of `QUALITIES`.
        ink: what the pen left; None where there is none, as `reason` says.
        reason: why it cannot be used.
    """

    id: str
    contributor: str
    file: str
    writer: str
    text: str
    quality: str
    ink: Ink | None
    reason: Reason | None


def read_segments(release: Release, kind: str) -> Iterator[Segment]:
    """Yields the segments of a release file by file, in the order of names and lines.

    Args:
        release: of one category.
        kind: ``WORD`` or ``TEXT``; others are none of the release's units and are left out.

    Raises:
        BadDataError: a file is not what its format promises.
    """
    for name in release.data:
        assembled = assemble(name, release)
        if assembled.segments and not _NAME.fullmatch(name):
            raise BadDataError(f"{name[:120]!r} is no place of segments: expected such as data/7/CON/X.dat")
        number = 0
        for statement, file in assembled.segments:
            place = f"{file}, line {statement.line}"
            match = _ARGUMENT.fullmatch(statement.argument)
            if match is None:
                raise BadDataError(
                    f'{place}: {statement.argument[:80]!r} is no segment: expected such as WORD 12-19 OK "label"'
                )
            if match.group(1) == kind:
                yield _segment(match, assembled, number, place)
                number += 1


def _segment(match: re.Match[str], assembled: Assembled, number: int, place: str) -> Segment:
    _, delineation, quality, quoted = match.groups()
    quality = (quality or "?").upper()
    if quality not in QUALITIES:
        raise BadDataError(f"{place}: {quality[:40]!r} is no quality: expected one of {', '.join(QUALITIES)}")
    components, name = assembled.components, assembled.name
    spans = parse_delineation(delineation, place)
    ink, reason = None, None
    if any(span.last >= len(components) for span in spans):
        reason = Reason.IMAGE_MISSING if assembled.missing else Reason.OUT_OF_RANGE
    else:
        ink = _ink(components, spans)
        reason = Reason.NO_INK if ink is None else None
    contributor, writer = name.split("/")[2], components.writer(spans[0].first)
    text = "" if quoted is None else as_written(unquote(quoted), contributor, writer)
    reasons = [reason, Reason.BAD_QUALITY if quality == "BAD" else None]
    reasons.append(Reason.MISALIGNED if says_nothing(text) else None)
    return Segment(
        id=f"{file_pseudonym(name)}-{number:04d}",
        contributor=contributor,
        file=name,
        writer=writer,
        text=text,
        quality=quality,
        ink=ink,
        reason=first_reason(reasons),
    )


def _ink(components: Components, spans: Sequence[Span]) -> Ink | None:
    """The points of a segment at which the pen was down; None where there are none.

    Words that are withheld for tests have components with one point at the origin in place of theirs.
    """
    pieces: list[slice] = []
    for span in spans:
        for number in range(span.first, span.last + 1):
            begin, end = int(components.begins[number]), int(components.begins[number + 1])
            low = begin + span.begin if number == span.first else begin
            high = min(end, begin + span.end + 1) if number == span.last and span.end is not None else end
            if components.down[number] and low < high and _is_ink(components, low, high):
                pieces.append(slice(low, high))
    if not pieces:
        return None
    starts = np.zeros(sum(piece.stop - piece.start for piece in pieces), np.bool_)
    starts[np.cumsum([0, *(piece.stop - piece.start for piece in pieces[:-1])])] = True
    x, y, pressure = (
        np.concatenate([values[piece] for piece in pieces])
        for values in (components.x, components.y, components.pressure)
    )
    return Ink(x, y, pressure, starts)


def _is_ink(components: Components, low: int, high: int) -> bool:
    return bool(components.x[low:high].any() or components.y[low:high].any())
