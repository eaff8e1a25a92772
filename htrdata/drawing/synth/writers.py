"""Writers: a hand, a habit of paper and pen, and the way in which their pages came into the computer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from htrdata.drawing.handwriting import Style, random_style
from htrdata.drawing.handwriting.accents import can_be_written
from htrdata.drawing.handwriting.chances import Chances
from htrdata.drawing.synth.fonts import Font

HANDS = ("print", "joined", "mixed", "broad", "font")
"""Kinds of hands: printed letters; joined ones; both; a broad nib; a TrueType font."""

MEDIA = ("scan", "photo")
"""Kinds of pages: flat scans, some with the paper made white as in IAM; photographs as in Imgur5K."""

_NEIGHBOURS = ("and", "the", "gy", "of", "fly", "jp", "to", "lf", "It", "a", "by,", "till", "Mg", "you", "25", "hd")


@dataclass(frozen=True, slots=True, eq=False)
class Writer:
    """What stays the same from word to word of one writer. Lengths are in x-heights where nothing else is said.

    Attributes:
        hand: one of `HANDS`.
        style: of the strokes.
        neighbours: words that stand around others, in pen strokes whatever the hand.
        font: where the hand is one.
        medium: one of `MEDIA`.
        size: pixels per x-height.
        tilt: of the lines, in radians.
        margin: left around a word on average; negative where crops are too tight.
        paper: grey level of the paper where it is lit best, 0 to 255.
        ink: what full ink leaves of the light, 0 to 255.
        white: whether the scan's paper was made white.
        dark: whether ink is lighter than the paper, as chalk is.
        shade: share of the light that is missing where it is darkest, 0 to 1.
        grain: standard deviation of the paper's and the sensor's noise, in grey levels.
        blur: standard deviation of the lens's blur, in pixels.
        ruling: distance of ruled lines; 0 for blank paper.
        squared: whether the ruling has columns too.
        bleed: whether the other side of the sheet shows.
        crowded: how often, 0 to 1, ink of neighbouring words reaches into a crop, for each side.
        quality: of the JPEG files, 1 to 100.
    """

    hand: str
    style: Style
    neighbours: tuple[str, ...]
    font: Font | None
    medium: str
    size: float
    tilt: float
    margin: float
    paper: float
    ink: int
    white: bool
    dark: bool
    shade: float
    grain: float
    blur: float
    ruling: float
    squared: bool
    bleed: bool
    crowded: float
    quality: int

    def can_write(self, text: str) -> bool:
        """Whether the hand has a shape of its own for each character."""
        return can_be_written(text) if self.font is None else self.font.characters.issuperset(text)


def random_writer(
    rng: np.random.Generator, hands: Sequence[str] = HANDS, media: Sequence[str] = MEDIA, fonts: Sequence[Font] = ()
) -> Writer:
    """A writer drawn by chance.

    Args:
        rng: the same state gives the same writer.
        hands: kinds to draw from, of `HANDS`; ``font`` counts only where there are fonts, and then for half of all.
        media: kinds to draw from, of `MEDIA`.
        fonts: to draw from.
    """
    kind, font = _random_hand(rng, hands, fonts)
    style = random_style(rng, kind, varied=True)
    medium = media[int(rng.integers(len(media)))]
    photo = medium == "photo"
    chances = Chances(16, rng)
    between, sometimes = chances.between, chances.sometimes
    paper = between(120, 250) if photo else between(215, 255)
    ruled = sometimes(0.4 if photo else 0.15)
    return Writer(
        hand=kind if font is None else "font",
        style=style,
        neighbours=tuple(rng.choice(_NEIGHBOURS, 6, replace=False).tolist()),
        font=font,
        medium=medium,
        size=between(9, 34) if photo else between(16, 34),
        tilt=between(-0.09, 0.09) if photo else between(-0.04, 0.04),
        margin=between(-0.05, 0.5) if photo else between(-0.02, 0.14),
        paper=paper,
        ink=round(between(8, 130)),
        white=sometimes(0.6) and not photo,
        dark=sometimes(0.06) and photo,
        shade=between(0, 0.5) if photo else between(0, 0.08),
        grain=between(0, 9) if photo else between(0, 3),
        blur=between(0.0, 1.1) if photo else between(0.0, 0.6),
        ruling=between(1.8, 4.5) if ruled else 0.0,
        squared=sometimes(0.3),
        bleed=sometimes(0.12),
        crowded=between(0.0, 0.35),
        quality=round(between(35, 95)) if photo else 92,
    )


def _random_hand(rng: np.random.Generator, hands: Sequence[str], fonts: Sequence[Font]) -> tuple[str, Font | None]:
    """The kind of a writer's strokes, and the font that words are set in instead, if so; see `random_writer`."""
    strokes = [hand for hand in hands if hand != "font"]
    chance = float(rng.random())
    set_in_type = bool(fonts) and "font" in hands and (not strokes or chance < 0.5)
    kind = strokes[int(rng.integers(len(strokes)))] if strokes else "print"
    return kind, fonts[int(rng.integers(len(fonts)))] if set_in_type else None


def split_fonts(fonts: Sequence[Font], shares: Sequence[float]) -> list[tuple[Font, ...]]:
    """Deals fonts out to splits by their content alone: adding fonts moves none from one split to another.

    Args:
        fonts: of a folder.
        shares: of each split, which add up to 1.

    Returns:
        The fonts of each split.
    """
    bounds = np.cumsum(shares)
    dealt: list[list[Font]] = [[] for _ in shares]
    for font in fonts:
        place = int(hashlib.sha256(f"split {font.sha256}".encode()).hexdigest()[:12], 16) / 16**12
        dealt[min(int(np.searchsorted(bounds, place, side="right")), len(shares) - 1)].append(font)
    return [tuple(group) for group in dealt]
