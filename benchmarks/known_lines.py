"""Lines in which it is known where each word is: words side by side, drawn forms, strokes. For `cuts.py`."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from htrdata.drawing.samples.iam_form import draw_form
from htrdata.drawing.samples.iam_records import FormJob
from htrdata.images.codec import decode
from htrdata.images.ink import ink_of, level
from htrdata.sources.unipen.line_breaks import is_one_line
from htrdata.sources.unipen.release import read_release
from htrdata.sources.unipen.segments import Ink, read_segments
from htrdata.sources.unipen.sizes import x_heights
from htrdata.sources.unipen.writers import person, split_of
from htrdata.store.manifest_reader import ManifestReader
from htrdata.store.reading import Dataset

HEIGHT, TOLERANCE, WORDS = 64, 7, 5
FORM_X_HEIGHT = 32  # pixels of a form of full size; 27 to 36
WIDER, LEAST_GAP = 2.0, 0.7  # gaps of words: times the widest other one, and x-heights

Word = tuple[str, float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its pixels; text, first column and the one behind the last of each word; what may be wrong, in pixels."""

    pixels: NDArray[np.uint8]
    words: tuple[Word, ...]
    tolerance: float = TOLERANCE

    @property
    def text(self) -> str:
        """The words with spaces between."""
        return " ".join(text for text, _, _ in self.words)


def lines_of(dataset: Dataset, split: str, most: int) -> Iterator[Line]:
    """Lines of words that are kept, writer by writer, in an order of chance from a fixed seed."""
    table = ManifestReader(dataset.manifest_path).table(["split", "status", "writer", "page"]).to_pylist()
    kept = [row for row in table if row["split"] == split and row["status"] == "kept"]
    writers: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(kept):
        writers[row["writer"] or row["page"]].append(place)
    words, chance, made = dataset.words(split), random.Random(5), 0
    for places in writers.values():
        chance.shuffle(places)
        for begin in range(0, len(places) - WORDS + 1, WORDS):
            inked = [_inked(words[place].text, words[place].image) for place in places[begin : begin + WORDS]]
            parts = [part for part in inked if part is not None]
            if len(parts) >= 3 and made < most:
                made += 1
                yield side_by_side(parts, chance)


def _inked(text: str, image: Image.Image) -> tuple[str, NDArray[np.uint8]] | None:
    """A word at the lines' height without paper on either side; None where its ink does not stand out."""
    pixels = level(np.asarray(image.convert("L")))
    ink = ink_of(pixels)
    if ink is None or not text.isascii() or " " in text:
        return None
    columns = np.flatnonzero(ink.any(0))
    cut = Image.fromarray(pixels[:, max(columns[0] - 1, 0) : columns[-1] + 2])
    return text, np.asarray(cut.resize((max(1, round(cut.width * HEIGHT / cut.height)), HEIGHT)))


def side_by_side(parts: list[tuple[str, NDArray[np.uint8]]], chance: random.Random) -> Line:
    """Sets words side by side on white paper."""
    pieces, words, x = [np.full((HEIGHT, 12), 255, np.uint8)], [], 12
    for text, pixels in parts:
        gap = chance.randint(10, 28)
        words.append((text, x, x + pixels.shape[1]))
        pieces += [pixels, np.full((HEIGHT, gap), 255, np.uint8)]
        x += pixels.shape[1] + gap
    return Line(np.concatenate(pieces, axis=1), tuple(words))


def drawn_lines(name: str, seed: int, scale: float = 0.5) -> Iterator[Line]:
    """The lines of a form, cut out of its page with some paper around."""
    form = draw_form(FormJob(name, name, seed, scale))
    page = np.asarray(decode(form.png, "grey"))
    for line in form.lines:
        boxes = [(word.text, *word.box) for word in line.words if word.components]
        if len(boxes) < 2 or any(" " in text for text, *_ in boxes):
            continue
        left, top = min(x for _, x, *_ in boxes) - 6, min(y for _, _, y, *_ in boxes) - 6
        right = max(x + width for _, x, _, width, _ in boxes) + 6
        bottom = max(y + height for _, _, y, _, height in boxes) + 6
        words = tuple((text, x - left, x + width - left) for text, x, _, width, _ in boxes)
        yield Line(page[max(top, 0) : bottom, max(left, 0) : right], words, FORM_X_HEIGHT * scale / 3)


def told_by_strokes(release: Path, split: str, most: int) -> tuple[list[Line], int]:
    """Lines of a split in which the strokes tell the words; and of how many that stand in one line."""
    writers: dict[tuple[str, str], list[tuple[str, Ink]]] = defaultdict(list)
    for segment in read_segments(read_release(release, 8), "TEXT"):
        if segment.ink is None or segment.reason is not None or len(segment.text.split()) < 2:
            continue
        if split_of(person(segment.contributor, segment.writer)) == split and segment.text.isascii():
            writers[segment.contributor, segment.writer].append((segment.text, segment.ink))
    found: list[Line] = []
    looked_at = 0
    for written in writers.values():
        for (text, ink), (x_height, _) in zip(written, x_heights(written), strict=True):
            if is_one_line(ink):
                looked_at += 1
                line = _of_strokes(text.split(), ink, x_height)
                found += [] if line is None else [line]
    random.Random(5).shuffle(found)
    return found[:most], looked_at


def _of_strokes(words: list[str], ink: Ink, x_height: float) -> Line | None:
    """A line, its pen an eighth of an x-height broad; None where the gaps between strokes do not tell its words."""
    begins = np.flatnonzero(ink.starts)
    left, right = np.minimum.reduceat(ink.x, begins), np.maximum.reduceat(ink.x, begins)
    order = np.argsort(left)
    reached = np.maximum.accumulate(right[order])
    gaps = left[order][1:] - reached[:-1]
    widest = np.argsort(-gaps)
    count = len(words) - 1
    if len(gaps) < count or gaps[widest[count - 1]] < LEAST_GAP * x_height:
        return None
    if len(gaps) > count and gaps[widest[count - 1]] < WIDER * gaps[widest[count]]:
        return None
    at = np.sort(widest[:count])
    scale = (HEIGHT - 12) / max(float(np.ptp(ink.y)), x_height)
    to_x = (ink.x - ink.x.min()) * scale + 8
    to_y = (ink.y.max() - ink.y) * scale + 6
    pen = max(1, round(x_height * scale / 8))
    pixels = np.full((HEIGHT, int(to_x.max()) + 9), 255, np.uint8)
    for points in np.split(np.stack([to_x, to_y], 1), begins[1:]):
        fixed = np.rint(points * 16).astype(np.int32)[:, None]
        cv2.polylines(pixels, [fixed], False, 40, pen, cv2.LINE_AA, shift=4)
    edge = (float(ink.x.min()), scale)
    starts = [left[order][0], *left[order][at + 1]]
    stops = [*reached[at], reached[-1]]
    places = [(x - edge[0]) * edge[1] + 8 for pair in zip(starts, stops, strict=True) for x in pair]
    known = [(word, places[2 * i] - pen / 2, places[2 * i + 1] + pen / 2) for i, word in enumerate(words)]
    return Line(pixels, tuple(known), x_height * scale / 3)
