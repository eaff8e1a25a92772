"""Finding the words of lines whose texts stand in an export, as somebody transcribed them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace

from htrdata.sources.xml.export import LEAST_SCORE
from htrdata.sources.xml.filling import XmlPage
from htrdata.sources.xml.word_elements import PlacedText
from htrmodel.reader import WordReader
from htrmodel.runtime.page_lines import Pixels, box_of, cut_out
from htrmodel.runtime.word_places import Boxes, TextOnPage, words_on_page


@dataclass
class PlacedPage:
    """Where the words of a page are.

    Attributes:
        lines: their words, by the numbers of the lines on the page. They have no confidences: those are of a reading.
        unsure: how many words have a score below `LEAST_SCORE`.
        left: how many lines were left as they are, by reason.
        unplaced: how many lines have a text whose words could not be placed.
    """

    lines: dict[int, tuple[PlacedText, ...]] = field(default_factory=dict)
    unsure: int = 0
    left: Counter[str] = field(default_factory=Counter)
    unplaced: int = 0


def place_lines(reader: WordReader, xml: XmlPage, page: Pixels, boxes: Boxes, batch_size: int) -> PlacedPage:
    """Finds the words of a page.

    Args:
        reader: see `htrmodel.runtime.word_places.words_on_page`.
        xml: the page, with its texts, that was brought to its picture.
        page: the picture, uint8 [H, W], 0 for black.
        boxes: whether words have characters, too.
        batch_size: how many lines are looked at once.

    Raises:
        UsageError: the reader cannot place words.
    """
    found = PlacedPage()
    texts: dict[int, TextOnPage] = {}
    for number, line in enumerate(xml.written.lines):
        why = xml.stays(number)
        cut = cut_out(page, line, line.baseline) if why is None else why
        if isinstance(cut, str):
            found.left[cut] += 1
        else:
            texts[number] = TextOnPage(line.text, cut, box_of(line, line.baseline))
    height, width = page.shape
    places = words_on_page(reader, list(texts.values()), (width, height), boxes, batch_size)
    for number, words in zip(texts, places, strict=True):
        if words:
            found.lines[number] = tuple(map(_without_confidence, words))
            found.unsure += sum((word.confidence or 0) < math.exp(LEAST_SCORE) for word in words)
        else:
            found.unplaced += 1
    return found


def _without_confidence(word: PlacedText) -> PlacedText:
    characters = tuple(map(_without_confidence, word.characters))
    return replace(word, confidence=None, characters=characters)
