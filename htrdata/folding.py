"""Folding texts to a charset: letters lose their marks, ligatures come apart, typographic signs become plain ones.

``é`` becomes ``e`` where the charset lacks it, ``œ`` ``oe``, ``’`` an apostrophe. What has no such fold stays as it is.
"""

from __future__ import annotations

import functools
import unicodedata

from htrdata.labels import Charset

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


def fold_to(text: str, charset: Charset) -> str:
    """Folds the characters of a text that a charset lacks.

    Args:
        text: any.
        charset: what is wanted; its own folding of case is applied too.

    Returns:
        The text, in which characters that cannot be folded to the charset are still the same.
    """
    folded = charset.fold(unicodedata.normalize("NFC", text))
    return "".join(_folded(character, charset) for character in folded)


@functools.lru_cache(4096)
def _folded(character: str, charset: Charset) -> str:
    if character in charset.characters:
        return character
    plain = _PLAIN.get(character)
    if plain is None:
        # Compatibility forms too: ² is 2, ﬁ is fi, ª is a.
        parts = unicodedata.normalize("NFKD", character)
        plain = "".join(part for part in parts if not unicodedata.combining(part))
    plain = charset.fold(plain)
    return plain if plain and all(part in charset.characters for part in plain) else character
