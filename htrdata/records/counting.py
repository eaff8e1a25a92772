"""Counts as sentences have them."""

from __future__ import annotations


def plural(count: int, one: str, many: str | None = None) -> str:
    """``1 word``, ``1,200 words``; ``many`` where the plural is not ``one`` with an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
