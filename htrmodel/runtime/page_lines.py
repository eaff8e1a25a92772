"""Reading the lines, or the words, of a page of an export: cut out as `htrdata xml` cuts them, and read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from htrdata.images.cropping import box_fault, crop, is_too_large, outside_fraction, reduce_height
from htrdata.images.masking import blank_outside
from htrdata.records import Box, Outline, Unit
from htrdata.sources.xml.geometry import angle_of, box_around
from htrdata.sources.xml.readings import ReadLine, ReadText, shared_out, tokens
from htrdata.sources.xml.word_elements import PlacedText
from htrdata.sources.xml.written import Points, Written, WrittenPage, words_of
from htrmodel.inputs import fit
from htrmodel.reader import WordReader
from htrmodel.runtime.word_places import Boxes, TextOnPage, words_on_page
from htrmodel.tokenizer import check_sure

Pixels = NDArray[np.uint8]

_HEIGHT = 64
"""Rows of a crop at most, as a build of `htrdata` leaves them by default: models are trained on such."""


@dataclass
class ReadPage:
    """What was read of a page.

    Attributes:
        lines: by their numbers on the page.
        left: how many lines were left as they are, by reason.
        unplaced: how many lines have a text whose words could not be placed.
    """

    lines: dict[int, ReadLine] = field(default_factory=dict)
    left: Counter[str] = field(default_factory=Counter)
    unplaced: int = 0


def read_lines(
    reader: WordReader,
    written: WrittenPage,
    page: Pixels,
    unit: Unit,
    batch_size: int,
    boxes: Boxes | None = None,
) -> ReadPage:
    """Reads a page.

    Args:
        reader: what reads.
        written: where its lines are, in pixels of the picture.
        page: the picture, uint8 [H, W], 0 for black.
        unit: ``line`` to read lines whole. Their words, where the file has elements for them, are then those between
            spaces if there are as many, else each is read by itself, if each has a box. ``word`` to read words by
            themselves and make lines of them.
        batch_size: how many are read at once.
        boxes: with lines that are read whole, what else to place on the page where a line has no elements for it.

    Raises:
        BadDataError: the weights compute no numbers.
    """
    found = ReadPage()
    if unit == "line":
        whole = _read(reader, page, [(line, line.baseline) for line in written.lines], batch_size)
        again = [
            (number, line)
            for number, line in enumerate(written.lines)
            if isinstance(read := whole[number], ReadText) and line.words and _tokens(read, line) is None
        ]
    else:
        whole, again = [], [(number, line) for number, line in enumerate(written.lines) if line.words]
    parts = iter(_read(reader, page, [(word, line.baseline) for _, line in again for word in line.words], batch_size))
    words = {number: [next(parts) for _ in line.words] for number, line in again}
    for number, line in enumerate(written.lines):
        read = whole[number] if unit == "line" else _joined(words.get(number, []))
        if isinstance(read, str):
            found.left[read] += 1
            continue
        own = tuple(one for one in words.get(number, []) if isinstance(one, ReadText))
        if line.words and len(own) < len(line.words):  # as many as were read, or a box that none can be read in
            own = _tokens(read, line) or shared_out(read, len(line.words))
        found.lines[number] = ReadLine(read, own or None)
    if boxes is not None:
        _place_words(reader, written, page, boxes, batch_size, found)
    return found


def _tokens(read: ReadText, line: Written) -> tuple[ReadText, ...] | None:
    """What was read of each word of a line; None where they are fewer or more, or elements are parts of words."""
    written = sum(bool(word.text) for word in line.words)
    return None if len(words_of(line.text)) < written else tokens(read, len(line.words))


def _place_words(
    reader: WordReader, written: WrittenPage, page: Pixels, boxes: Boxes, batch_size: int, found: ReadPage
) -> None:
    """Gives lines that were read the places of their words; those that have words already, confidences of them."""
    lines = [
        (number, read, line)
        for number, read in found.lines.items()
        if words_of(read.line.text)
        and ((line := written.lines[number]).words == () or _tokens(read.line, line) is not None)
    ]
    letters = reader.config.charset.characters
    known = [
        TextOnPage(read.line.text, _pixels(page, line, letters), box_of(line, line.baseline, letters))
        for _, read, line in lines
    ]
    height, width = page.shape
    places = words_on_page(reader, known, (width, height), boxes, batch_size)
    for (number, read, line), placed in zip(lines, places, strict=True):
        if not placed:
            found.unplaced += 1
        elif line.words:
            found.lines[number] = ReadLine(read.line, tuple(map(_as_read, placed)))
        else:
            found.lines[number] = ReadLine(read.line, placed=placed)


def _as_read(word: PlacedText) -> ReadText:
    assert word.confidence is not None  # its text was read
    return ReadText(word.text, word.confidence)


def _pixels(page: Pixels, line: Written, letters: str) -> Pixels:
    cut = cut_out(page, line, line.baseline, letters)
    assert not isinstance(cut, str)  # it was read
    return cut


def _joined(words: Sequence[ReadText | str]) -> ReadText | str:
    """A line of its words, as sure as they are in the mean; or why there is none."""
    if not words:
        return "without boxes of words"
    read = [one for one in words if isinstance(one, ReadText)]
    if len(read) < len(words):
        return next(one for one in words if isinstance(one, str))
    return ReadText(" ".join(one.text for one in read if one.text), sum(one.confidence for one in read) / len(read))


def _read(
    reader: WordReader, page: Pixels, places: Sequence[tuple[Written, Points]], batch_size: int
) -> list[ReadText | str]:
    """What stands at each place, or why it cannot be read."""
    letters = reader.config.charset.characters
    crops = [cut_out(page, written, baseline, letters) for written, baseline in places]
    fitted = [fit(Image.fromarray(one), reader.config) for one in crops if not isinstance(one, str)]
    readings = reader.read_fitted(fitted, batch_size)
    check_sure(reader.name, readings)
    each = iter(readings)
    return [one if isinstance(one, str) else _text(*next(each)) for one in crops]


def _text(text: str, confidence: float) -> ReadText:
    """A reading with the confidence of a character: the geometric mean, which does not fall with length."""
    return ReadText(text, confidence ** (1 / max(len(text), 1)))


def cut_out(page: Pixels, written: Written, baseline: Points, letters: str = "") -> Pixels | str:
    """The crop of a line or a word, uint8 [H, W]; or why there is none. `letters` are as those of `box_of`."""
    if written.flaw or not written.outline:
        return "without coordinates that can be read"
    box = box_of(written, baseline, letters)
    height, width = page.shape
    if box_fault(box) is not None or is_too_large(box, width, height):
        return "with coordinates of no area"
    if outside_fraction(box, width, height) >= 1:
        return "beyond the page"
    cut = blank_outside(crop(page, box), box, Outline.of(written.outline))
    return np.asarray(reduce_height(cut, _HEIGHT), np.uint8)


def box_of(written: Written, baseline: Points, letters: str = "") -> Box:
    """The box of a line or a word that has an outline, turned as a baseline runs.

    Args:
        written: the line or the word.
        baseline: of the line.
        letters: what may stand there, where no text does: see `htrdata.sources.xml.geometry.angle_of`.
    """
    return box_around(written.outline, angle_of(baseline, written.text or letters))
