"""A picture of what normalisations do to words: each word as it is, and after each operation in turn."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from htrdata.errors import CannotCreateError, StorageError, UsageError
from htrdata.files.refusals import refusal
from htrdata.files.writing import write_atomically
from htrdata.images.normalisation import Operation, normalise, operations
from htrdata.labels import visible
from htrdata.store.drawn_text import GAP, LINE, PAGE, TEXT, find_font, fitted
from htrdata.store.specimens import Specimen, specimens
from htrdata.store.stacked_preview import WIDEST, stacked

_TALLEST, _WIDEST = 96, 260  # pixels; larger crops are shown smaller, each row at one scale
_PNG = b"\x89PNG\r\n\x1a\n"  # how it begins
_LABEL_WIDTH = 160  # pixels, at most


def preview(words: Sequence[Specimen], wanted: Iterable[Operation]) -> Image.Image:
    """Draws a row for each word: its label, the crop as it is, then the crop after each operation in turn.

    The operations build upon each other from left to right, in the order in which they are done; the last column is
    what a build with all of them gives before it reduces the height. A row's crops are shown at one scale: as they
    are, or reduced so that all of them fit. Lines are too wide for that: their operations stand below each other.

    Args:
        words: what to show.
        wanted: the operations.

    Returns:
        RGB.
    """
    steps = operations(wanted)
    titles = ["as it is", *(f"+ {step}" if place else str(step) for place, step in enumerate(steps))]
    if _are_wide(words):
        blocks = [_row(word, steps, WIDEST) for word in words]
        return stacked(blocks, [visible(word.label or "") for word in words], titles)
    rows = [_row(word, steps, _WIDEST) for word in words]
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
    path: Path,
    out: Path,
    names: Iterable[str],
    *,
    name: str | None = None,
    split: str | None = None,
    count: int | None = None,
    overwrite: bool = False,
) -> None:
    """Writes the `preview` of an image or of words of a store as PNG.

    Args:
        path: see `htrdata.store.specimens.specimens`, as for `name`, `split` and `count`.
        out: the file to write.
        names: of the operations; where none is given, all but ``whiten``, which leaves ``background`` little to do.
        overwrite: replace a picture that is there.

    Raises:
        UsageError: an operation is unknown, `out` is `path`, or as for `specimens`.
        CannotCreateError: the picture cannot be created, or something is there.
        StorageError: the picture cannot be written.
        SourceMissingError: as for `specimens`.
        BadDataError: as for `specimens`.
    """
    wanted = operations(names) or tuple(step for step in Operation if step is not Operation.WHITEN)
    check_out(path, out, overwrite=overwrite)
    picture = preview(specimens(path, name=name, split=split, count=count), wanted)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    write_atomically(out, buffer.getvalue())


def check_out(path: Path, out: Path, *, overwrite: bool = False) -> None:
    """Refuses to write a picture over anything; if that is asked for, over anything but a picture.

    Raises:
        UsageError: `out` is what is to be shown.
        CannotCreateError: it is there, and no PNG, or not to be replaced.
        StorageError: it is there and cannot be read.
    """
    if out.exists() and path.exists() and out.samefile(path):
        raise UsageError(f"{out} is what is to be shown: give another --out")
    if out.exists() and not _is_png(out):
        raise CannotCreateError(f"{out} is there and no PNG: give another --out")
    if out.exists() and not overwrite:
        raise CannotCreateError(f"{out} is there already: --overwrite replaces it; or give another --out")


def _is_png(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(_PNG)) in (_PNG, b"")
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {refusal(error, path)}") from error


def _are_wide(words: Sequence[Specimen]) -> bool:
    """Whether half of the words would have to be reduced to less than half to stand beside each other."""
    widths = [width * min(1, _TALLEST / height) for height, width in (word.pixels.shape[:2] for word in words)]
    return bool(widths) and float(np.median(widths)) > 2 * _WIDEST


def _row(word: Specimen, steps: Sequence[Operation], widest: int) -> list[Image.Image]:
    """The crop as it is and after each step, all at the same scale."""
    crops = [word.pixels]
    for step in steps:
        crops.append(normalise(crops[-1], [step], word.threshold))
    shown = [Image.fromarray(crop).convert("RGB") for crop in crops]
    scale = min(1.0, _TALLEST / max(crop.height for crop in shown), widest / max(crop.width for crop in shown))
    if scale == 1:
        return shown
    return [crop.resize((max(1, round(crop.width * scale)), max(1, round(crop.height * scale)))) for crop in shown]
