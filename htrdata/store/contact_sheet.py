"""A contact sheet: many words of a store in one picture, each with its label and id."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from htrdata.errors import UsageError
from htrdata.files.writing import write_atomically
from htrdata.images import codec
from htrdata.labels import visible
from htrdata.store.drawn_text import GAP, LINE, PAGE, TEXT, Font, find_font, fitted
from htrdata.store.manifest_reader import ManifestReader
from htrdata.store.reading import Dataset
from htrdata.store.selecting import Condition, kept_rows
from htrdata.store.shards import Shard

_CELL, _TALLEST = 190, 64  # pixels
_COLUMNS = 6
_SOFT = (96, 102, 112)


@dataclass(frozen=True, slots=True, eq=False)
class SheetWord:
    """A word of a contact sheet.

    Attributes:
        pixels: uint8 [H, W, 3].
        label: what it says.
        id: of the word.
    """

    pixels: np.ndarray
    label: str
    id: str


def sheet_words(dataset: Dataset, split: str | None, where: Sequence[str], count: int) -> tuple[list[SheetWord], int]:
    """Loads the kept words that meet conditions, spread evenly over all of them, and says how many these are.

    Args:
        dataset: of a store.
        split: one of its splits; None for all.
        where: conditions, see `htrdata.store.selecting.Condition`.
        count: how many words, at most.

    Raises:
        UsageError: a condition is none, or no kept word meets them; or there is no such split.
        BadDataError: the store is damaged.
    """
    conditions = [Condition.parse(text) for text in where]
    splits = dataset.splits if split is None else (dataset.words(split).split,)
    manifest = ManifestReader(dataset.manifest_path)
    columns = ("id", "text", "shard", "key")
    batches = (batch for one in splits for batch in kept_rows(manifest, one, conditions, columns))
    rows = [row for batch in batches for row in zip(*batch, strict=True)]
    if not rows:
        raise UsageError(
            f"no word of {dataset.name} that is kept in {', '.join(splits)} meets {' and '.join(where) or 'that'}; "
            "words that were left out have no picture in the store, but some stand in its report.html"
        )
    places = np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int).tolist()
    shards: dict[str, Shard] = {}
    found = []
    for word_id, text, folder, key in ((value.as_py() for value in rows[place]) for place in places):
        shard = shards.setdefault(folder, Shard(dataset.store / folder))
        found.append(SheetWord(codec.decode(shard.image(key), "rgb"), text, word_id))
    return found, len(rows)


def contact_sheet(words: Sequence[SheetWord]) -> Image.Image:
    """Draws words in rows of six, each reduced to fit, above its label and its id.

    Returns:
        RGB.
    """
    font, small = find_font(), find_font(10)
    columns = max(1, min(_COLUMNS, len(words)))
    row = _TALLEST + 50
    rows = -(-len(words) // columns)
    picture = Image.new("RGB", (columns * (_CELL + GAP) + GAP, rows * (row + GAP) + GAP), PAGE)
    pen = ImageDraw.Draw(picture)
    for number, word in enumerate(words):
        left, top = GAP + number % columns * (_CELL + GAP), GAP + number // columns * (row + GAP)
        pen.rounded_rectangle((left, top, left + _CELL, top + row), 5, "white", LINE)
        shown = Image.fromarray(word.pixels).convert("RGB")
        shown.thumbnail((_CELL - 12, _TALLEST))
        picture.paste(shown, (left + (_CELL - shown.width) // 2, top + 6 + (_TALLEST - shown.height) // 2))
        middle = left + _CELL / 2
        _write(pen, (middle, top + _TALLEST + 20), word.label, TEXT, font)
        _write(pen, (middle, top + _TALLEST + 37), word.id, _SOFT, small)
    return picture


def write_contact_sheet(words: Sequence[SheetWord], out: Path) -> None:
    """Writes the `contact_sheet` of words as PNG; what is there is replaced.

    Raises:
        CannotCreateError: it cannot be created.
        StorageError: it cannot be written.
    """
    buffer = io.BytesIO()
    contact_sheet(words).save(buffer, format="PNG")
    write_atomically(out, buffer.getvalue())


def _write(
    pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, colour: tuple[int, int, int], font: Font
) -> None:
    pen.text(at, fitted(visible(text), font, _CELL - 8), colour, font, anchor="mm")
