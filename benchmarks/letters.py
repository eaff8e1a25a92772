"""The starter weights on real handwriting: letters of 1905, their lines cut at spaces.

    python benchmarks/letters.py FOLDER      FOLDER has *.jpg pages with ALTO v4 files of the same names

The data set has lines and their transcriptions but no words: a line is cut at its widest gaps, as many as its
transcription has spaces. Where a writer leaves wider gaps within words than between them, the cut is wrong and so is
what is read: the figures are a lower bound of what the weights can do.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from htrdata.images.opencv import opencv
from htrmodel.checkpoint.files import load
from htrmodel.judging.metrics import evaluate
from htrmodel.starter import STARTERS

cv2 = opencv()
ALTO = "{http://www.loc.gov/standards/alto/ns-v4#}"


def lines(page: Path) -> Iterator[tuple[NDArray[np.uint8], str]]:
    """Yields the handwritten lines of a page, grey, what is outside their polygons painted over, and their texts."""
    grey = np.asarray(Image.open(page.with_suffix(".jpg")).convert("L"))
    root = ElementTree.parse(page).getroot()
    kinds = {tag.get("ID"): tag.get("LABEL", "") for tag in root.iter(f"{ALTO}OtherTag")}
    for line in root.iter(f"{ALTO}TextLine"):
        polygon, string = line.find(f"{ALTO}Shape/{ALTO}Polygon"), line.find(f"{ALTO}String")
        if polygon is None or string is None or "Handwritten" not in kinds.get(line.get("TAGREFS"), ""):
            continue
        points = np.array(polygon.get("POINTS", "").split(), np.int32).reshape(-1, 2)
        left, upper = points.min(0)
        right, lower = points.max(0) + 1
        cut = grey[upper:lower, left:right].copy()
        inside = cv2.fillPoly(np.zeros_like(cut), [points - [left, upper]], 255)
        cut[inside == 0] = int(np.median(cut))
        yield cut, string.get("CONTENT", "")


def words(line: NDArray[np.uint8], text: str) -> Iterator[tuple[NDArray[np.uint8], str]]:
    """Cuts a line at its widest gaps."""
    texts = text.split()
    paper = cv2.GaussianBlur(line, (0, 0), 25)
    ink = (line.astype(int) < paper.astype(int) - 25).astype(np.uint8)
    ink = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    # Upright letters have clear gaps: the shear with the emptiest columns makes slanted ones upright.
    shears = np.linspace(0.0, 1.0, 21)
    sheared = [_sheared(ink, shear) for shear in shears]
    best = int(np.argmax([np.square(one.sum(0, dtype=float)).sum() for one in sheared]))
    filled = np.flatnonzero(sheared[best].sum(0) > 0)
    if not len(filled):
        return
    gaps = np.diff(filled)
    widest = np.sort(np.argsort(gaps)[::-1][: len(texts) - 1])
    starts = [filled[0], *(filled[gap + 1] for gap in widest)]
    ends = [*(filled[gap] + 1 for gap in widest), filled[-1] + 1]
    if len(starts) != len(texts):
        return
    upright = _sheared(line, shears[best], int(np.median(line)))
    for start, end, word in zip(starts, ends, texts, strict=True):
        rows = np.flatnonzero(sheared[best][:, start:end].sum(1) > 0)
        yield upright[max(rows[0] - 3, 0) : rows[-1] + 4, max(start - 4, 0) : end + 4], word


def _sheared(image: NDArray[np.uint8], shear: float, fill: int = 0) -> NDArray[np.uint8]:
    height, width = image.shape
    extra = int(np.ceil(shear * height))
    matrix = np.array([[1, shear, 0], [0, 1, 0]], float)
    return np.asarray(
        cv2.warpAffine(image, matrix, (width + extra, height), flags=cv2.INTER_LINEAR, borderValue=fill), np.uint8
    )


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--checkpoint", "checkpoints", multiple=True, default=tuple(STARTERS), show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Picture of the words, to see how they were cut.")
def main(folder: Path, checkpoints: tuple[str, ...], out: Path | None) -> None:
    """Read the handwritten lines of pages with ALTO files, word by word."""
    found = [word for page in sorted(folder.glob("*.xml")) for line in lines(page) for word in words(*line)]
    images, texts = [Image.fromarray(image) for image, _ in found], [text for _, text in found]
    if out is not None:
        width = sum(image.width + 10 for image in images)
        sheet = Image.new("L", (width, max(image.height for image in images)))
        for number, image in enumerate(images):
            sheet.paste(image, (sum(other.width + 10 for other in images[:number]), 0))
        sheet.save(out)
    for checkpoint in checkpoints:
        readings = [reading.text for reading in load(checkpoint).read(images)]
        figures = evaluate(texts, readings)
        click.echo(
            f"{checkpoint}: {len(texts)} words, micro CER {figures['micro_cer']:.1%}, "
            f"accuracy {figures['accuracy']:.1%}"
        )
        click.echo("  " + "  ".join(f"{text}>{reading}" for text, reading in zip(texts, readings, strict=True)))


if __name__ == "__main__":
    main()
