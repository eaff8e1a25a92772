"""Where the words of lines that were read stand on their page, and their characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from htrdata.errors import UsageError
from htrdata.records import Box
from htrdata.sources.xml.word_elements import PlacedText
from htrdata.sources.xml.written import Points, words_of
from htrmodel.alignment.cutting import Extent
from htrmodel.alignment.fitted import Seen, seen_along
from htrmodel.alignment.lines import PlacedWord, on_page, place_words
from htrmodel.reader import WordReader

Boxes = Literal["words", "characters"]
"""What places are asked for."""


@dataclass(frozen=True, slots=True)
class TextOnPage:
    """A line whose text is known.

    Attributes:
        text: of it.
        pixels: its picture, uint8 [H, W].
        box: where that is on the page.
    """

    text: str
    pixels: NDArray[np.uint8]
    box: Box


def words_on_page(
    reader: WordReader, lines: Sequence[TextOnPage], size: tuple[int, int], boxes: Boxes, batch_size: int
) -> list[tuple[PlacedText, ...]]:
    """Places the words of lines.

    Args:
        reader: a model of lines, best the one that has read them; or one of words in torch that decodes by CTC, without
            TPS.
        lines: with their texts.
        size: width and height of the page.
        boxes: whether words have characters, too.
        batch_size: how many lines are read at once.

    Returns:
        For each line its words, as `htrdata.sources.xml.written.words_of` has them; none where they cannot be placed. A
        confidence is the geometric mean of the probabilities of its letters.

    Raises:
        UsageError: the reader is none of these.
    """
    along = _seen(reader, [Image.fromarray(line.pixels) for line in lines], batch_size)
    found = []
    for line, seen in zip(lines, along, strict=True):
        parts = place_words(line.text, line.pixels, seen.emissions, reader.config.charset, seen.covered)
        words = _unbroken(words_of(line.text), parts)
        placed = [_placed(word, line, size, boxes == "characters") for word in words]
        whole = [word for word in placed if word is not None]
        found.append(tuple(whole) if len(whole) == len(placed) else ())
    return found


def _seen(reader: WordReader, lines: Sequence[Image.Image], batch_size: int) -> list[Seen]:
    if reader.config.reads_lines:
        return seen_along(reader, lines, batch_size)
    from htrmodel.alignment.emissions import log_probabilities
    from htrmodel.recogniser import Recogniser

    if not isinstance(reader, Recogniser):
        raise UsageError(f"{reader.name} reads words, and along lines only torch runs such: give its .safetensors")
    batches = (lines[begin : begin + batch_size] for begin in range(0, len(lines), batch_size))
    return [seen for batch in batches for seen in log_probabilities(reader, batch)]


def _unbroken(texts: Sequence[str], parts: Sequence[PlacedWord]) -> list[PlacedWord]:
    """Words with what a space that breaks no line joins to them, as in ``très\u00a0!``."""
    each, found = iter(parts), []
    for text in texts:
        own = [next(each) for _ in text.split()]
        extents = [part.extent for part in own if part.extent is not None]
        scores = [(part.score, len(part.text)) for part in own if part.score is not None]
        if len(own) == 1 or len(extents) < len(own):
            found.append(replace(own[0], text=text))
            continue
        score = sum(score * length for score, length in scores) / sum(length for _, length in scores)
        around = Extent(
            min(one.left for one in extents),
            min(one.top for one in extents),
            max(one.right for one in extents),
            max(one.bottom for one in extents),
        )
        characters = tuple(one for part in own for one in part.characters)
        found.append(PlacedWord(text, around, score, characters=characters))
    return found


def _placed(word: PlacedWord, line: TextOnPage, size: tuple[int, int], with_characters: bool) -> PlacedText | None:
    if word.extent is None or word.score is None:
        return None
    height, width = line.pixels.shape
    outline = _corners(on_page(word.extent, line.box, width, height), size)
    characters = [_placed(one, line, size, False) for one in word.characters] if with_characters else []
    whole = tuple(one for one in characters if one is not None)
    return PlacedText(word.text, float(np.exp(word.score)), outline, whole)


def _corners(box: Box, size: tuple[int, int]) -> Points:
    """The corners of a box in whole pixels of a page, from the upper left one on in the direction of the hands."""
    turn = np.radians(box.angle)
    along = np.array([np.cos(turn), -np.sin(turn)]) * box.w / 2
    down = np.array([np.sin(turn), np.cos(turn)]) * box.h / 2
    centre = np.array([box.xc, box.yc])
    corners = np.array([centre - along - down, centre + along - down, centre + along + down, centre - along + down])
    return tuple((int(x), int(y)) for x, y in np.clip(np.rint(corners), 0, size))
