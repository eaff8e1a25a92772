"""The words of a line: what is looked for, where it is, and how sure that is."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from htrdata.labels import Charset
from htrdata.records import Box
from htrmodel.alignment.cutting import Extent, cut_words
from htrmodel.alignment.viterbi import ANY, align
from htrmodel.config import SPECIAL_TOKENS


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word of a line, or a character of one.

    Attributes:
        text: as the line has it, between spaces; of a character with its marks.
        extent: where it is on the picture of the line; None where it could not be aligned.
        score: mean log-probability of its letters; None without an extent.
        reason: why it could not be aligned; None where it was.
        characters: of the word. They are as high as it is, and meet midway between their peaks.
    """

    text: str
    extent: Extent | None = None
    score: float | None = None
    reason: str | None = None
    characters: tuple[PlacedWord, ...] = ()


def place_words(
    text: str,
    line: NDArray[np.uint8],
    emissions: NDArray[np.float32],
    charset: Charset,
    covered: float | None = None,
) -> list[PlacedWord]:
    """Finds the words of a line.

    Args:
        text: of the line.
        line: its picture, uint8 [H, W], grey.
        emissions: what the model sees along it, float [T, C], see `htrmodel.alignment.emissions`.
        charset: of the model. The text is simplified to it; for a character that it has no form of, any other one will
            do. Spaces are looked for where it has one.
        covered: steps that the line takes, where those behind are of padding; None for all.

    Returns:
        The words in order; without places where the line is too short for its text.
    """
    parts = [_Part(found[0], charset) for found in re.finditer(r"\s+|\S+", text)]
    words = text.split()
    if not words:
        return []
    path = align(emissions, np.array([one for part in parts for one in part.ids], np.int64))
    if path is None or not np.isfinite(path.score).all():
        return [PlacedWord(word, reason="line_too_short") for word in words]
    columns = (path.peak + 0.5) * line.shape[1] / (covered or len(emissions))
    ends = np.cumsum([len(part.ids) for part in parts])
    places = [
        (part, columns[end - len(part.ids) : end], path.score[end - len(part.ids) : end])
        for part, end in zip(parts, ends, strict=True)
        if not part.is_space
    ]
    extents = cut_words(line, np.array([(peaks[0], peaks[-1]) for _, peaks, _ in places]))
    return [
        PlacedWord(part.text, extent, float(scores.mean()), characters=_characters(part, extent, peaks, scores))
        for (part, peaks, scores), extent in zip(places, extents, strict=True)
    ]


class _Part:
    """A word of a line, or the spaces between two: its characters, and for each the classes that stand for it."""

    def __init__(self, text: str, charset: Charset) -> None:
        self.text = text
        self.is_space = text.isspace()
        if self.is_space:
            place = charset.characters.find(" ")
            self.classes = [[SPECIAL_TOKENS["CTC"] + place]] * len(text) if place >= 0 else []
            self.characters = list(text)
        else:
            self.characters = _with_marks(unicodedata.normalize("NFC", text))
            self.classes = [_ids(character, charset) for character in self.characters]
        self.ids = [one for ids in self.classes for one in ids]


def _with_marks(word: str) -> list[str]:
    """The characters of a word, each with the marks behind it."""
    found: list[str] = []
    for character in word:
        if found and unicodedata.combining(character):
            found[-1] += character
        else:
            found.append(character)
    return found


def _characters(
    part: _Part, extent: Extent, peaks: NDArray[np.float64], scores: NDArray[np.float64]
) -> tuple[PlacedWord, ...]:
    ends = np.cumsum([len(ids) for ids in part.classes])
    begins = ends - [len(ids) for ids in part.classes]
    between = (peaks[ends[:-1] - 1] + peaks[begins[1:]]) / 2
    edges = np.clip([extent.left, *between, extent.right], extent.left, extent.right)
    return tuple(
        PlacedWord(
            character,
            Extent(float(edges[i]), extent.top, float(edges[i + 1]), extent.bottom),
            float(scores[begins[i] : ends[i]].mean()),
        )
        for i, character in enumerate(part.characters)
    )


def on_page(extent: Extent, line: Box, width: int, height: int) -> Box:
    """Where a part of a line's picture is on the page.

    Args:
        extent: on the picture.
        line: where the line is on the page.
        width: of the picture in pixels.
        height: of the picture in pixels.
    """
    across, down = line.w / width, line.h / height
    u = ((extent.left + extent.right) / 2 - width / 2) * across
    v = ((extent.top + extent.bottom) / 2 - height / 2) * down
    cosine, sine = math.cos(math.radians(line.angle)), math.sin(math.radians(line.angle))
    return Box(
        xc=line.xc + u * cosine + v * sine,
        yc=line.yc - u * sine + v * cosine,
        w=(extent.right - extent.left) * across,
        h=(extent.bottom - extent.top) * down,
        angle=line.angle,
    )


def _ids(character: str, charset: Charset) -> list[int]:
    first = SPECIAL_TOKENS["CTC"]
    found = [charset.characters.find(one) for one in charset.simplify(character)]
    return [ANY if place < 0 else first + place for place in found]
