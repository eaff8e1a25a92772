"""Signs of texts that nobody sees, and which models learn and figures count like any other."""

from __future__ import annotations

import re

UNSEEN = re.compile("[\u00a0\u00ad\u200b\u200e\u200f\u2060\ufeff]")
"""Spaces that do not break, soft hyphens, spaces without width, marks of direction and of the order of bytes."""
