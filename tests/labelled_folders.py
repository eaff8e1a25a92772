"""Images with texts in all the forms that people have them in, made in the way that their tools make them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw, ImageFont

TEXTS = (
    "Odds",
    '"Odds',
    "it's",
    "naïve",
    "Süd",
    "two words",
    "a,b",
    "1;2",
    'say "hi"',
    "'s",
    "x|y",
    "#",
    "=1",
    "ſ",
    "…",
)
"""Words that formats have trouble with."""

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
"""The type of images as Hugging Face's `datasets` stores them."""


def picture(text: str, kind: str = "PNG") -> bytes:
    """A small grey image with a text, encoded."""
    image = Image.new("L", (60, 32), 230)
    ImageDraw.Draw(image).text((4, 4), text, 20, ImageFont.load_default(18))
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def words(count: int = 20, folder: str = "") -> dict[str, str]:
    """Names of images and their texts: the troublesome ones first, then others."""
    texts = [*TEXTS, *(f"word{number}" for number in range(count))][:count]
    return {f"{folder}{number:03d}.png": text for number, text in enumerate(texts)}


def write_images(root: Path, named: Mapping[str, str]) -> None:
    """Writes the images."""
    for name, text in named.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(text))


def write_gt(root: Path, named: Mapping[str, str], name: str = "gt.txt") -> None:
    """clova's, PaddleOCR's."""
    text = "".join(f"{image}\t{text}\n" for image, text in named.items())
    (root / name).write_text(text, encoding="utf-8", newline="\n")


def write_csv(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], encoding: str = "utf-8", separator: str = ","
) -> None:
    """As Python's csv, Excel and pandas write it."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=separator).writerows([header, *rows])


def write_jsonl(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """JSON Lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8", newline="\n")


def embedded(named: Mapping[str, str], **columns: Sequence[object]) -> pa.Table:
    """A table with the images in it, and further columns."""
    images = [{"bytes": picture(text), "path": name} for name, text in named.items()]
    return pa.table({"image": pa.array(images, IMAGE), "text": list(named.values()), **columns})


def write_parquet(path: Path, table: pa.Table, rows: int = 7) -> None:
    """As `datasets` pushes it to its hub, in row groups of a few rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=rows)


def write_arrow(path: Path, table: pa.Table, *, stream: bool = True) -> None:
    """As `datasets` saves it to disk, or as a file of Arrow's other format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    make = pa.ipc.new_stream if stream else pa.ipc.new_file
    with pa.OSFile(str(path), "wb") as file, make(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=3)


def write_beside(root: Path, named: Mapping[str, str], ending: str = ".gt.txt") -> None:
    """A text beside each image."""
    for name, text in named.items():
        (root / name).with_suffix(ending).write_text(f"{text}\n", encoding="utf-8")
