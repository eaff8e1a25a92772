"""A row of the store from a line, or a word, of an export."""

from __future__ import annotations

from htrdata.records import Outline, Reason, Word, first_reason
from htrdata.sources.xml.geometry import angle_of, box_around
from htrdata.sources.xml.written import Written


def row(
    written: Written,
    row_id: str,
    reasons: list[Reason | None],
    writer: str | None,
    extra: dict[str, str],
    baseline: Written | None = None,
) -> Word:
    """A line, or a word that stands as the baseline of its line does."""
    box = outline = None
    if written.outline:
        box = box_around(written.outline, angle_of((baseline or written).baseline, written.text))
        outline = Outline.of(written.outline)
    reason = first_reason([*reasons, flaw(written)])
    return Word(row_id, written.text, box, None, reason, writer, extra, outline=outline)


def flaw(written: Written) -> Reason | None:
    """The reason to drop what has coordinates that cannot be read."""
    return Reason.INVALID_BOX if written.flaw else None


def has_type(line: Written, types: tuple[str, ...]) -> bool:
    """Whether a line is of one of the types; those of ALTO may be several, and have subtypes behind a colon."""
    own = {part.lower() for name in line.type.split() for part in (name, name.rpartition(":")[2])}
    return any(name.lower() in own for name in types)
