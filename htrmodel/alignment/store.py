"""Aligning the lines of a store: those of all its splits, batch by batch in the order of their widths."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from htrdata.errors import UsageError
from htrdata.records import Box
from htrdata.store.manifest_reader import ManifestReader
from htrdata.store.reading import Dataset
from htrmodel.alignment.emissions import log_probabilities
from htrmodel.alignment.lines import PlacedWord, on_page, place_words
from htrmodel.inputs import open_image
from htrmodel.recogniser import Recogniser

_BATCH = 16  # lines; more of them at once are not read any faster on a CPU


@dataclass(frozen=True, slots=True)
class AlignedLine:
    """A line of a store.

    Attributes:
        id: of the line.
        split: that it is in.
        words: in order.
        boxes: of each word on the page; None where it could not be aligned.
    """

    id: str
    split: str
    words: tuple[PlacedWord, ...]
    boxes: tuple[Box | None, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that waits: where it is in its split, what it says and where it is on the page."""

    place: int
    split: str
    id: str
    text: str
    box: Box
    width: int
    height: int


def align_dataset(
    recogniser: Recogniser, dataset: Dataset, progress: Callable[[int, int], None] | None = None
) -> list[AlignedLine]:
    """Aligns all lines of a data set that are kept.

    Args:
        recogniser: one that `htrmodel.alignment.fitted.check_aligns` lets pass.
        dataset: of a store of lines that were cut out of pages.
        progress: is told how many lines are done, and how many there are.

    Returns:
        The lines in the order of the store.

    Raises:
        UsageError: a line has no place on a page.
    """
    lines = sorted(_lines(dataset), key=lambda line: (line.split, line.width / line.height))
    words = {split: dataset.words(split) for split in dataset.splits}
    done: dict[tuple[str, int], AlignedLine] = {}
    for _, group in itertools.groupby(enumerate(lines), key=lambda one: (one[1].split, one[0] // _BATCH)):
        batch = [line for _, line in group]
        pictures = [open_image(words[line.split][line.place].encoded) for line in batch]
        along = log_probabilities(recogniser, pictures)
        for line, picture, seen in zip(batch, pictures, along, strict=True):
            placed = place_words(line.text, np.asarray(picture), seen.emissions, recogniser.charset, seen.covered)
            boxes = tuple(
                None if word.extent is None else on_page(word.extent, line.box, line.width, line.height)
                for word in placed
            )
            done[line.split, line.place] = AlignedLine(line.id, line.split, tuple(placed), boxes)
        if progress is not None:
            progress(len(done), len(lines))
    order = {split: number for number, split in enumerate(dataset.splits)}
    return [done[key] for key in sorted(done, key=lambda key: (order[key[0]], key[1]))]


def _lines(dataset: Dataset) -> Iterator[_Line]:
    columns = ["id", "split", "status", "source_text", "box", "width", "height"]
    places = dict.fromkeys(dataset.splits, 0)
    for row in ManifestReader(dataset.manifest_path).table(columns).to_pylist():
        if row["status"] != "kept":
            continue
        if row["box"] is None:
            raise UsageError(f"line {row['id']!r} of {dataset.name} has no place on a page, so its words have none")
        split, box = row["split"], Box(**row["box"])
        yield _Line(places[split], split, row["id"], row["source_text"], box, row["width"], row["height"])
        places[split] += 1
