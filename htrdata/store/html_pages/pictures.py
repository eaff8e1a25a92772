"""Pictures of words within a page: small ones, as data URLs, each with what it says and what is known of it."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np

from htrdata.images import codec
from htrdata.images.cropping import reduce_height
from htrdata.labels import visible

TALLEST, WIDEST = 64, 640
"""Pixels of a picture of a word; larger ones are reduced."""

MOST_BYTES = 8_500
"""Of a picture: a page with four hundred of them, as a build's report can have, stays below 5 MB."""

_QUALITY = 80
_LONGEST = 60  # characters of a label or id that are shown


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture within a page.

    Attributes:
        url: the encoded picture as a data URL.
        width: pixels.
        height: pixels.
    """

    url: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A word, or a page, as a page shows it.

    Attributes:
        id: of the word or page.
        label: what it says; None where nobody says.
        picture: None where there is none.
        notes: what else is said below it, each in a few words.
    """

    id: str
    label: str | None
    picture: Picture | None
    notes: tuple[str, ...] = ()

    @property
    def alt(self) -> str:
        """What a reader who cannot see the picture is told."""
        return f"handwriting, labelled {shortened(self.label)}" if self.label else f"picture of {shortened(self.id)}"


def shortened(text: str | None) -> str:
    """A text as it can be shown: no character that steers or cannot be seen, and as much of it as has room."""
    text = visible(text or "")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def picture_of(encoded: bytes) -> Picture | None:
    """The picture of a crop of a store: as it is where it is small, else reduced; None where it is damaged."""
    try:
        width, height = codec.read_size(encoded)
        if height <= TALLEST and width <= WIDEST and len(encoded) <= MOST_BYTES:
            return Picture(_url(encoded), width, height)
        return reduced_picture(codec.decode(encoded, "rgb"))
    except codec.ImageError:
        return None


def reduced_picture(pixels: np.ndarray, tallest: int = TALLEST) -> Picture:
    """A picture of pixels, reduced until it is small.

    Args:
        pixels: uint8 [H, W] or [H, W, 3].
        tallest: rows that it may have.
    """
    height = max(1, min(tallest, pixels.shape[0], WIDEST * pixels.shape[0] // pixels.shape[1]))
    while True:
        smaller = reduce_height(pixels, height)[:, :WIDEST]
        encoded = codec.encode(np.ascontiguousarray(smaller), "jpeg", _QUALITY)
        if len(encoded) <= MOST_BYTES or height <= 8:
            return Picture(_url(encoded), smaller.shape[1], smaller.shape[0])
        height = height * 3 // 4


def _url(encoded: bytes) -> str:
    kind = "png" if encoded.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(encoded).decode()}"
