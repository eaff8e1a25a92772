"""A reading beside the truth, character by character."""

from __future__ import annotations

from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True, slots=True)
class Piece:
    """Some characters that stand beside each other.

    Attributes:
        kind: ``same``, ``other`` (read as something else), ``missed`` (not read) or ``added`` (read where nothing is).
        truth: what is written.
        reading: what was read.
    """

    kind: str
    truth: str
    reading: str


_KINDS = {"equal": "same", "replace": "other", "delete": "missed", "insert": "added"}


def aligned(reference: str, reading: str) -> list[Piece]:
    """The pieces of an alignment of the fewest edits."""
    codes = Levenshtein.opcodes(reference, reading)
    return [
        Piece(_KINDS[one.tag], reference[one.src_start : one.src_end], reading[one.dest_start : one.dest_end])
        for one in codes
    ]
