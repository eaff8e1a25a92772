"""The words of a line: what is looked for, where it is, and how sure that is."""

from __future__ import annotations

import math
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
    """A word of a line.

    Attributes:
        text: as the line has it, between spaces.
        extent: where it is on the picture of the line; None where it could not be aligned.
        score: mean log-probability of its letters; None without an extent.
        reason: why it could not be aligned; None where it was.
    """

    text: str
    extent: Extent | None = None
    score: float | None = None
    reason: str | None = None


def place_words(
    text: str, line: NDArray[np.uint8], emissions: NDArray[np.float32], charset: Charset
) -> list[PlacedWord]:
    """Finds the words of a line.

    Args:
        text: of the line.
        line: its picture, uint8 [H, W], grey.
        emissions: what the model sees along it, float [T, C], see `htrmodel.alignment.emissions`.
        charset: of the model. The text is simplified to it; for a character that it has no form of, any other one will
            do.

    Returns:
        The words in order; without places where the line is too short for its text.
    """
    words = text.split()
    coded = [_ids(word, charset) for word in words]
    if not words:
        return []
    path = align(emissions, np.concatenate(coded))
    if path is None:
        return [PlacedWord(word, reason="line_too_short") for word in words]
    ends = np.cumsum([len(ids) for ids in coded])
    begins = ends - [len(ids) for ids in coded]
    columns = (path.peak + 0.5) * line.shape[1] / len(emissions)
    extents = cut_words(line, np.stack([columns[begins], columns[ends - 1]], 1))
    scores = [float(path.score[begin:end].mean()) for begin, end in zip(begins, ends, strict=True)]
    return [PlacedWord(word, extent, score) for word, extent, score in zip(words, extents, scores, strict=True)]


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


def _ids(word: str, charset: Charset) -> NDArray[np.int64]:
    first = SPECIAL_TOKENS["CTC"]
    found = [charset.characters.find(character) for character in charset.simplify(word)]
    return np.array([ANY if place < 0 else first + place for place in found], np.int64)
