"""A row of the store from a line, or a word, of an export."""

from __future__ import annotations

from htrdata.records import Box, Outline, Reason, Word, first_reason
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
    box, outline = place_of(written, baseline), Outline.of(written.outline) if written.outline else None
    reason = first_reason([*reasons, flaw(written)])
    return Word(row_id, written.text, box, None, reason, writer, extra, outline=outline)


def place_of(written: Written, baseline: Written | None = None) -> Box | None:
    """Where a line is, or a word that stands as the baseline of its line does; None of one without coordinates."""
    if not written.outline:
        return None
    return box_around(written.outline, angle_of((baseline or written).baseline, written.text))


def flaw(written: Written) -> Reason | None:
    """The reason to drop what has coordinates that cannot be read."""
    return Reason.INVALID_BOX if written.flaw else None


def has_type(line: Written, types: tuple[str, ...]) -> bool:
    """Whether a line is of one of the types, or has one of the tags.

    Types of ALTO may be several, and have subtypes behind a colon.
    """
    own = {part.lower() for name in line.type.split() for part in (name, name.rpartition(":")[2])}
    own.update(tag.lower() for tag in line.tags)
    return any(name.lower() in own for name in types)
