"""Plainer characters for those that a charset lacks: letters without marks, ligatures apart, ASCII signs.

``é`` becomes ``e``, ``œ`` ``oe``, ``’`` an apostrophe. What has no plainer form stays as it is.
"""

from __future__ import annotations

import functools
import unicodedata

_SIGNS = {
    "’‘‚‛ʼʹ′´`": "'",
    "“”„‟«»″": '"',
    "–—‐‑‒―−¬": "-",
    "…": "...",
    "œ": "oe",
    "Œ": "OE",
    "æ": "ae",
    "Æ": "AE",
    "ß": "ss",
    "ſ": "s",
    "ø": "o",
    "Ø": "O",
    "đ": "d",
    "ł": "l",
    "Ł": "L",
    "×": "x",
    "·•": ".",
    "⁄∕": "/",
}
_PLAIN = {sign: plain for signs, plain in _SIGNS.items() for sign in signs}


def simplify(text: str, characters: str) -> str:
    """Replaces the characters of a text that are not among those wanted by plainer ones that are.

    Args:
        text: any.
        characters: those wanted.

    Returns:
        The text, NFC, in which characters without such a form are still the same.
    """
    return "".join(_simple(character, characters) for character in unicodedata.normalize("NFC", text))


@functools.lru_cache(4096)
def _simple(character: str, characters: str) -> str:
    if character in characters:
        return character
    plain = _PLAIN.get(character)
    if plain is None:
        # Compatibility forms too: ² is 2, ﬁ is fi, ½ is 1/2.
        parts = unicodedata.normalize("NFKD", character)
        plain = "".join(_PLAIN.get(part, part) for part in parts if not unicodedata.combining(part))
    return plain if plain and all(part in characters for part in plain) else character
