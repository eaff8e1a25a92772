"""A writer's hand: which letter shapes it uses and how it bends them."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from htrdata.drawing.handwriting.allographs import count
from htrdata.drawing.handwriting.chances import Chances
from htrdata.drawing.handwriting.glyphs import ALPHABETS

_PRINT, _SCRIPT, _COPPERPLATE = range(len(ALPHABETS))
_UPPER, _LOWER = slice(ord("A"), ord("Z") + 1), slice(ord("a"), ord("z") + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """What stays the same from word to word of one writer. Lengths are in x-heights.

    Attributes:
        alphabet: uint8 [128], for each ASCII character the index of its shape in `SHAPE_NAMES` of `allographs.py`.
        phases: float32 [2, 128], how the writer's own shape of each character departs from the alphabet's.
        bend: by how much it departs.
        slant: how far to the right a line leans per unit of height.
        breadth: width of the letters relative to the alphabet's.
        spacing: further gap between letters.
        ascent: length of what stands above small letters, relative to the alphabet's.
        descent: length of what hangs below the baseline, relative to the alphabet's.
        joining: how often, from 0 to 1, the pen stays down between letters that can be joined.
        unrest: standard deviation of the letters' size and place.
        tremor: standard deviation of the pen's fine wobble.
        drift: how far the baseline swings.
        pen: width of the line.
        contrast: share of the line's width that depends on its direction, from 0 to 1.
        nib: the direction of the thinnest lines, in radians, counter-clockwise from the writing direction.
        tone: what remains of the paper's light under the ink, from 0 (black) to 255 (nothing to see).
        other: uint8 [128], as `alphabet`: what the writer changes to now and then.
        alternation: how often, from 0 to 1.
        haste: from 0 to 1, how much longer words flatten and slur; see `htrdata.drawing.handwriting.haste`.
    """

    alphabet: NDArray[np.uint8]
    phases: NDArray[np.float32]
    bend: float
    slant: float
    breadth: float
    spacing: float
    ascent: float
    descent: float
    joining: float
    unrest: float
    tremor: float
    drift: float
    pen: float
    contrast: float
    nib: float
    tone: int
    other: NDArray[np.uint8] | None = None
    alternation: float = 0.0
    haste: float = 0.0


KINDS = {"print": 0.06, "joined": 0.97, "mixed": 0.5, "broad": 0.97}
"""Kinds of writers, and the share of their small letters in joined shapes; broad is joined with a broad nib."""

_SCRIPTED = 0.4  # share of small letters in joined shapes from which a hand has the slant and the capitals of a script


def random_style(rng: np.random.Generator, kind: str | None = None, *, varied: bool = False) -> Style:
    """A writer drawn by chance: a third print, nearly half join their letters, the others do both.

    Args:
        rng: the same state gives the same writer.
        kind: one of `KINDS`; None for chance.
        varied: whether the writer has letter shapes beyond the alphabets, and may be in haste.
    """
    if kind is None:
        kind = _random_kind(rng)
    script = KINDS[kind] > _SCRIPTED
    alphabet = _random_alphabet(kind, rng)
    between = Chances(14, rng).between
    pen = between(0.1, 0.15) if kind == "broad" else 0.07 * 3 ** between(0, 1)
    style = Style(
        alphabet=alphabet,
        phases=(rng.random((2, 128), np.float32) * np.float32(2 * np.pi)),
        bend=between(0.03, 0.1),
        slant=between(-0.3, 0.2) if script else between(-0.15, 0.4),  # the joined alphabets lean by themselves
        breadth=between(0.75, 1.25) if script else between(0.65, 1.15),
        spacing=between(-0.02, 0.2) if script else between(0.0, 0.35) + max(0.0, pen - 0.1),  # a broad pen needs room
        ascent=between(0.75, 1.15) if script else between(0.75, 1.6),
        descent=between(0.7, 1.15),
        joining=between(0.85, 1.0) if script else between(-0.3, 0.7),
        unrest=between(0.02, 0.08),
        tremor=between(0.0, 0.03),
        drift=between(0.0, 0.1),
        pen=pen,
        contrast=between(0.0, 0.5),
        nib=between(0.2, 1.2),
        tone=int(between(10, 110)),
    )
    return _varied(style, kind, rng) if varied else style


def _random_kind(rng: np.random.Generator) -> str:
    """One of `KINDS`."""
    chance = float(rng.random())
    kind = "print" if chance < 0.35 else "joined" if chance < 0.8 else "mixed"
    return "broad" if kind == "joined" and float(rng.random()) < 0.2 else kind


def _random_alphabet(kind: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Which alphabet each character is of, uint8 [128]: capitals are all of one, small letters may be of two."""
    scripted, broad = KINDS[kind], kind == "broad"
    alphabet = np.zeros(128, np.uint8)
    alphabet[_LOWER] = np.where(rng.random(26) < scripted, _COPPERPLATE if broad else _SCRIPT, _PRINT)
    shares = [0.5, 0.25, 0.25] if scripted > _SCRIPTED else [0.96, 0.04, 0]
    capitals = rng.choice([_PRINT, _SCRIPT, _COPPERPLATE], p=shares)
    alphabet[_UPPER] = _COPPERPLATE if broad else capitals
    return alphabet


def _varied(style: Style, kind: str, rng: np.random.Generator) -> Style:
    """The writer with shapes of further kinds for some characters, two of them for a few, and more or less haste."""
    chance = rng.random(5).tolist()
    spread = rng.random((4, 128))
    drawn = [len(ALPHABETS) + np.floor(part * _counts()).astype(np.uint8) for part in spread[:2]]
    share = np.full(128, 0.1 + 0.75 * chance[0])
    if kind in ("joined", "broad"):
        share[_LOWER] *= 0.5  # further shapes would part too many letters that this hand joins
    own, other = spread[2:] < np.where(_counts() > 0, share, 0)
    hasty = chance[3] < (0.25 if kind == "print" else 0.5)
    return replace(
        style,
        alphabet=np.where(own, drawn[0], style.alphabet),
        other=np.where(other, drawn[1], style.alphabet),
        alternation=0.3 * chance[2] if chance[1] < 0.5 else 0.0,
        haste=chance[4] if hasty else 0.0,
    )


@functools.cache
def _counts() -> NDArray[np.int64]:
    """How many further shapes each ASCII character has, int [128]."""
    return np.array([count(chr(code)) for code in range(128)])
