"""Texts of XML that one program escaped, and another did so again: ``&amp;amp;`` in a file is read as ``&amp;``."""

from __future__ import annotations

import html
import re

ESCAPED = re.compile(r"&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});")
"""What such a text holds."""


def unescaped(text: str) -> str:
    """The text that was meant."""
    return ESCAPED.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text
