"""What stands below the picture of a word, and above a contact sheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from htrdata.store.html_pages.pictures import Picture, Shown
from htrdata.store.manifest import KEPT

DOUBTS = ("crowded", "roomy")
"""The sheets whose labels are to be doubted first."""

SHOWN_EARLIER = (*DOUBTS, "rare")
"""The sheets that stand where the page speaks of such words."""

SHEETS = {
    "rare": ("The rarest characters", "one word for each of them, the rarest first"),
    "crowded": (
        "Many letters in little room",
        "the label may have more words than the picture, or the picture may be cut off; or it is merely small writing",
    ),
    "roomy": (
        "Few letters in much room",
        "the label may lack something, or the picture may show more than the word; or it is merely large writing",
    ),
    "turned": ("Most turned", "the angle of the box on its page; the crop has been made level"),
    "outside": ("Most outside the page", "how much of the box lies beyond the edge, where nothing was photographed"),
    "widest": ("Widest", "width over height"),
    "smallest": ("Smallest", "by area: often full stops and commas"),
}
"""The contact sheets, each with its title, and what it may mean."""


def caption(word: Mapping[str, Any], picture: Picture | None) -> Shown:
    """A word of the manifest as it is shown: its label, id and size, and what else is known of its place."""
    notes = [str(word["split"] or "in no split")]
    if word["status"] == KEPT:
        notes.append(f"{word['width']} × {word['height']}")
    angle = (word["box"] or {}).get("angle") or 0
    if abs(angle) >= 1:
        notes.append(f"{angle:.0f}°")
    if word["outside"]:
        notes.append(f"{100 * word['outside']:.0f} % outside")
    if word["writer"]:
        notes.append(f"writer {word['writer'][:20]}")
    label = word["text"] if word["status"] == KEPT else word["source_text"]
    return Shown(word["id"], label or "", picture, tuple(notes))
