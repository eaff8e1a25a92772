"""A picture of what normalisations do to words: each word as it is, and after each operation in turn."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from htrdata.errors import BadDataError, CannotCreateError, SourceMissingError, StorageError, UsageError
from htrdata.files.on_disk import MOST
from htrdata.files.refusals import refusal
from htrdata.files.regular import read_regular
from htrdata.files.writing import write_atomically
from htrdata.images import codec
from htrdata.images.normalisation import Operation, normalise, operations
from htrdata.store.drawn_text import GAP, LINE, PAGE, TEXT, find_font, fitted
from htrdata.store.manifest import INK_THRESHOLD
from htrdata.store.reading import Dataset, open_store

_TALLEST, _WIDEST = 96, 260  # pixels; larger crops are shown smaller, each row at one scale
_PNG = b"\x89PNG\r\n\x1a\n"  # how it begins
_LABEL_WIDTH = 160  # pixels, at most


@dataclass(frozen=True, slots=True, eq=False)
class Specimen:
    """A word to show.

    Attributes:
        pixels: uint8 [H, W] or [H, W, 3].
        label: what it says, or None where that is not known.
        threshold: between its paper and its ink, where the source gives one; see `htrdata.images.normalisation.whiten`.
    """

    pixels: np.ndarray
    label: str | None = None
    threshold: int | None = None


def preview(words: Sequence[Specimen], wanted: Iterable[Operation]) -> Image.Image:
    """Draws a row for each word: its label, the crop as it is, then the crop after each operation in turn.

    The operations build upon each other from left to right, in the order in which they are done; the last column is
    what a build with all of them gives before it reduces the height. A row's crops are shown at one scale: as they
    are, or reduced so that all of them fit.

    Args:
        words: what to show.
        wanted: the operations.

    Returns:
        RGB.
    """
    steps = operations(wanted)
    titles = ["as it is", *(f"+ {step}" if place else str(step) for place, step in enumerate(steps))]
    rows = [_row(word, steps) for word in words]
    font = find_font()
    labels = [fitted(word.label or "", font, _LABEL_WIDTH) for word in words]
    label_width = max((round(font.getlength(label)) + GAP for label in labels if label), default=0)
    widths = [
        max([round(font.getlength(title)), *(row[column].width for row in rows)]) for column, title in enumerate(titles)
    ]
    heights = [max([crop.height for crop in row] + [16]) for row in rows]
    title_height = 16 + GAP
    size = (label_width + sum(widths) + (len(widths) + 1) * GAP, title_height + sum(heights) + len(rows) * GAP)
    picture = Image.new("RGB", size, PAGE)
    pen = ImageDraw.Draw(picture)
    lefts = [label_width + GAP + sum(widths[:column]) + column * GAP for column in range(len(widths))]
    for left, title in zip(lefts, titles, strict=True):
        pen.text((left, title_height / 2 + 4), title, TEXT, font, anchor="lm")
    top = title_height + GAP // 2
    for row, label, height in zip(rows, labels, heights, strict=True):
        pen.line((0, top - GAP // 2, size[0], top - GAP // 2), LINE)
        pen.text((GAP, top + height / 2), label, TEXT, font, anchor="lm")
        for left, crop in zip(lefts, row, strict=True):
            picture.paste(crop, (left, top + (height - crop.height) // 2))
        top += height + GAP
    return picture


def write_preview(
    path: Path, out: Path, names: Iterable[str], *, name: str | None = None, split: str | None = None, count: int = 12
) -> None:
    """Writes the `preview` of an image or of words of a store as PNG, and replaces a picture that is there.

    Args:
        path: see `specimens`, as for `name`, `split` and `count`.
        out: the file to write.
        names: of the operations; where none is given, all but ``whiten``, which leaves ``background`` little to do.

    Raises:
        UsageError: an operation is unknown, `out` is `path`, or as for `specimens`.
        CannotCreateError: the picture cannot be created, or would take the place of something else.
        StorageError: the picture cannot be written.
        SourceMissingError: as for `specimens`.
        BadDataError: as for `specimens`.
    """
    wanted = operations(names) or tuple(step for step in Operation if step is not Operation.WHITEN)
    check_out(path, out)
    picture = preview(specimens(path, name=name, split=split, count=count), wanted)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    write_atomically(out, buffer.getvalue())


def check_out(path: Path, out: Path) -> None:
    """Refuses to write a picture over anything but a picture.

    Raises:
        UsageError: `out` is what is to be shown.
        CannotCreateError: it is there, and no PNG.
        StorageError: it is there and cannot be read.
    """
    if out.exists() and path.exists() and out.samefile(path):
        raise UsageError(f"{out} is what is to be shown: give another --out")
    if out.exists() and not _is_png(out):
        raise CannotCreateError(f"{out} is there and no PNG: give another --out")


def _is_png(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(_PNG)) in (_PNG, b"")
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {refusal(error, path)}") from error


def specimens(path: Path, *, name: str | None = None, split: str | None = None, count: int = 12) -> list[Specimen]:
    """Loads words to show: the one of an image file, or some of a store, spread evenly over a split.

    Args:
        path: an image file, or the folder of a store.
        name: which data set of the store; None where it has one only.
        split: which split; None for the first that has words.
        count: how many words of the store, at most.

    Raises:
        UsageError: the store has no such data set or split, or several data sets of which none is named; or an image
            file has none of them.
        SourceMissingError: there is nothing at `path`.
        BadDataError: it is no image that can be read, or the store is damaged.
        StorageError: the system refuses to read it.
    """
    if path.is_dir():
        return _of_store(chosen_dataset(path, name), split, count)
    if name is not None or split is not None:
        raise UsageError(f"{path} is no folder of a store: --name and --split go with a store only")
    try:
        return [Specimen(codec.decode(read_regular(path, MOST), "rgb"))]
    except FileNotFoundError:
        raise SourceMissingError(f"nothing at {path}: give an image of a word, or the folder of a store") from None
    except codec.ImageError as error:
        raise BadDataError(f"{path}: {error}") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {refusal(error, path)}") from error


def chosen_dataset(path: Path, name: str | None) -> Dataset:
    """The data set of a store that is named, or its only one.

    Raises:
        UsageError: the store has no such data set, or several of which none is named.
        SourceMissingError: there is no store.
    """
    store = open_store(path)
    if name is None and len(store.datasets) > 1:
        raise UsageError(f"{path} has several data sets: choose one with --name {'|'.join(store.datasets)}")
    return store.dataset(name or next(iter(store.datasets)))


def _of_store(dataset: Dataset, split: str | None, count: int) -> list[Specimen]:
    split = split or next(iter(dataset.splits), None)
    if split is None:
        raise UsageError(f"{dataset.name} has no words to show")
    words = dataset.words(split)
    manifest = dataset.manifest()
    thresholds: dict[str, str] = {}
    if INK_THRESHOLD in manifest:
        given = manifest[(manifest["split"] == split) & manifest[INK_THRESHOLD].notna()]
        thresholds = dict(zip(given["id"], given[INK_THRESHOLD], strict=True))
    places = np.linspace(0, len(words) - 1, min(count, len(words))).round().astype(int).tolist()
    found = []
    for word in (words[place] for place in places):
        threshold = _read_threshold(thresholds.get(word.id), word.id)
        found.append(Specimen(codec.decode(word.encoded, "rgb"), word.text, threshold))
    return found


def _read_threshold(text: str | None, word: str) -> int | None:
    """Reads a word's ink threshold from the manifest, where there is one.

    Raises:
        BadDataError: it is no grey level.
    """
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and int(text) <= 255):
        raise BadDataError(f"word {word}: the threshold {text!r} is no grey level from 0 to 255: mend it in the source")
    return int(text)


def _row(word: Specimen, steps: Sequence[Operation]) -> list[Image.Image]:
    """The crop as it is and after each step, all at the same scale."""
    crops = [word.pixels]
    for step in steps:
        crops.append(normalise(crops[-1], [step], word.threshold))
    shown = [Image.fromarray(crop).convert("RGB") for crop in crops]
    scale = min(1.0, _TALLEST / max(crop.height for crop in shown), _WIDEST / max(crop.width for crop in shown))
    if scale == 1:
        return shown
    return [crop.resize((max(1, round(crop.width * scale)), max(1, round(crop.height * scale)))) for crop in shown]
