"""What kraken has lines in and wants records in, and how characters on a page become such records."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from PIL import Image

if TYPE_CHECKING:
    from kraken.containers import ocr_record


class Line(Protocol):
    """A line of kraken's: a ``BaselineLine``, or a ``BBoxLine``, which has a ``bbox`` in place of the other two."""

    id: str
    type: str
    bbox: tuple[int, int, int, int]
    baseline: Sequence[Sequence[float]] | None
    boundary: Sequence[Sequence[float]] | None


class Segmentation(Protocol):
    """What kraken found on a page."""

    lines: Sequence[Line]


class Config(Protocol):
    """What somebody asks of kraken: its ``RecognitionInferenceConfig``, as far as it counts here."""

    accelerator: str
    device: object
    batch_size: int
    temperature: float
    return_logits: bool
    return_line_image: bool


class Letter(NamedTuple):
    """A character on the page: from where to where it goes at half its height, and its box where lines are level."""

    text: str
    confidence: float
    begins: tuple[float, float]
    ends: tuple[float, float]
    around: tuple[float, float, float, float]


def record(line: Line, letters: Sequence[Letter], picture: Image.Image | None) -> ocr_record:
    """A line of kraken's with its characters, in the form in which kraken has the places of such a line."""
    from kraken.containers import BaselineOCRRecord, BBoxOCRRecord

    text, confidences = "".join(one.text for one in letters), [one.confidence for one in letters]
    if line.type == "bbox":
        boxes = [tuple(map(round, one.around)) for one in letters]
        cuts = [((left, top), (left, bottom), (right, bottom), (right, top)) for left, top, right, bottom in boxes]
        return BBoxOCRRecord(text, cuts, confidences, line, display_order=False, image=picture)
    along = [
        tuple(round(along_baseline(line.baseline or (), point)) for point in (one.begins, one.ends)) for one in letters
    ]
    return BaselineOCRRecord(text, along, confidences, line, display_order=False, image=picture)


def along_baseline(baseline: Sequence[Sequence[float]], point: tuple[float, float]) -> float:
    """How far along a baseline a point is: from its beginning to the place on it that is nearest."""
    nearest, found, travelled = math.inf, 0.0, 0.0
    for (x, y), (to_x, to_y) in itertools.pairwise(baseline):
        length = math.hypot(to_x - x, to_y - y)
        if length:
            part = ((point[0] - x) * (to_x - x) + (point[1] - y) * (to_y - y)) / length
            part = min(max(part, 0.0), length)
            away = math.dist(point, (x + part / length * (to_x - x), y + part / length * (to_y - y)))
            if away < nearest:
                nearest, found = away, travelled + part
            travelled += length
    return found
