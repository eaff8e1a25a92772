"""Names of files as different systems write them."""

from __future__ import annotations

import unicodedata


def alike(name: str) -> str:
    """A name in the form that all ways to write it share: macOS parts letters and their marks, some write capitals."""
    return unicodedata.normalize("NFC", name).casefold()
