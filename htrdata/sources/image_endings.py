"""How the names of files end that count as images."""

from __future__ import annotations

ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp", ".gif"})
"""In lower case."""
