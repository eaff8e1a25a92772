"""Marks that printers set and pens do not write, or write alike."""

from __future__ import annotations

AS_WRITTEN = {"‘": "'", "’": "'", "“": '"', "”": '"', "—": " ", "–": " "}
"""Curled apostrophes and quotation marks as straight ones; dashes between words as spaces."""
