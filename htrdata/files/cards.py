"""The line of a data set's card that tells programs what the words are: written by an export, read back with it.

A card is a README.md with front matter, as Hugging Face has it: YAML between two lines of ``---``. The line is a key
of that, and its value JSON, which is YAML, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from htrdata.errors import BadDataError
from htrdata.files import strict_json
from htrdata.files.regular import read_regular

CARD_FILE = "README.md"

_KEY = "htrdata: "
_FENCE = "---"
_LONGEST = 1 << 20  # bytes of a card
_ABOVE = 2  # folders: splits, and data sets within them, have their own


def card_line(told: Mapping[str, str]) -> str:
    """The line.

    Args:
        told: what the words are.
    """
    return f"{_KEY}{json.dumps(told, ensure_ascii=False)}"


def read_card(folder: Path) -> dict[str, str]:
    """What the card of an export tells of a folder in it.

    Args:
        folder: that of the export, or one of a split, or of a data set within that.

    Returns:
        As `card_line` was given it; empty where there is no card, or none of ours.

    Raises:
        BadDataError: its line is damaged.
    """
    for place in (folder, *folder.parents[:_ABOVE]):
        card = place / CARD_FILE
        if card.is_file() and card.stat().st_size <= _LONGEST and (told := card_of(read_regular(card, _LONGEST), card)):
            return told
    return {}


def card_of(content: bytes, card: object) -> dict[str, str]:
    """What a card tells; see `read_card`.

    Args:
        content: of the file.
        card: what messages call it.

    Raises:
        BadDataError: its line is damaged.
    """
    lines = content.decode("utf-8", "replace").splitlines()
    number = next((number for number, line in enumerate(_front(lines), 2) if line.startswith(_KEY)), None)
    return {} if number is None else _told(lines[number - 1].removeprefix(_KEY), card, number)


def _front(lines: list[str]) -> list[str]:
    """The lines of the front matter; none where there is no such."""
    if not lines or lines[0] != _FENCE or _FENCE not in lines[1:]:
        return []
    return lines[1 : lines.index(_FENCE, 1)]


def _told(value: str, card: object, number: int) -> dict[str, str]:
    found = strict_json.parse(value, card, number)
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise BadDataError(f"{card}, line {number}: what htrdata wrote there was changed: take the line out")
    return found
