"""Writes words in the seven forms in which most people have them, each in a folder of its own.

    python forms.py CROPS OUT

CROPS is what `htrdata export --to folder` has written; OUT then has FORM/letters for each. Nothing of ours is imported.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import lmdb
import pyarrow as pa
import pyarrow.parquet as pq

Words = dict[Path, str]
"""Images and their texts."""


def write_gt(folder: Path, words: Words) -> None:
    """The table of clova's tools, PaddleOCR and EasyOCR: path, tab, text."""
    named = _copied(folder / "crops", words)
    (folder / "gt.txt").write_text("".join(f"crops/{name}\t{text}\n" for name, text in named.items()), "utf-8")


def write_csv(folder: Path, words: Words) -> None:
    """A table of Excel's or pandas'."""
    named = _copied(folder, words)
    with (folder / "letters.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("filename", "text"), *named.items()])


def write_jsonl(folder: Path, words: Words) -> None:
    """An object a line."""
    named = _copied(folder / "images", words)
    rows = [{"image": f"images/{name}", "transcription": text} for name, text in named.items()]
    (folder / "letters.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")


def write_beside(folder: Path, words: Words) -> None:
    """A text beside each image, as kraken and Tesseract have it."""
    for name, text in _copied(folder, words).items():
        (folder / name).with_suffix(".gt.txt").write_text(f"{text}\n", "utf-8")


def write_imagefolder(folder: Path, words: Words) -> None:
    """Hugging Face's `imagefolder`, with its splits."""
    for split, part in _split(words).items():
        named = _copied(folder / split, part)
        rows = [{"file_name": name, "text": text} for name, text in named.items()]
        (folder / split / "metadata.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")


def write_parquet(folder: Path, words: Words) -> None:
    """Hugging Face's Parquet, with the images in it."""
    (folder / "data").mkdir(parents=True)
    for split, part in _split(words).items():
        images = [{"bytes": path.read_bytes(), "path": path.name} for path in part]
        table = pa.table({"image": images, "text": list(part.values())})
        pq.write_table(table, folder / "data" / f"{split}-00000-of-00001.parquet")


def write_lmdb(folder: Path, words: Words) -> None:
    """The LMDBs of clova's tools and all that read the same."""
    for split, part in _split(words).items():
        place = folder / ("training" if split == "train" else split)
        place.mkdir(parents=True)
        with lmdb.open(str(place), map_size=1 << 26) as environment, environment.begin(write=True) as transaction:
            for number, (path, text) in enumerate(part.items(), 1):
                transaction.put(b"image-%09d" % number, path.read_bytes())
                transaction.put(b"label-%09d" % number, text.encode())
            transaction.put(b"num-samples", str(len(part)).encode())


FORMS: dict[str, Callable[[Path, Words], None]] = {
    "gt": write_gt,
    "csv": write_csv,
    "jsonl": write_jsonl,
    "beside": write_beside,
    "imagefolder": write_imagefolder,
    "parquet": write_parquet,
    "lmdb": write_lmdb,
}


def main(crops: Path, out: Path) -> None:
    """Writes all of them."""
    images = crops / "train/images"
    labels = json.loads((crops / "train/labels.json").read_text("utf-8"))
    words = {images / name: text for name, text in labels.items()}
    for form, write in FORMS.items():
        write(out / form / "letters", words)


def _copied(folder: Path, words: Words) -> dict[str, str]:
    """The images in a folder, by their names there."""
    folder.mkdir(parents=True)
    for path in words:
        shutil.copy(path, folder)
    return {path.name: text for path, text in words.items()}


def _split(words: Words) -> dict[str, Words]:
    """A tenth of the words for each of validation and test, by number."""
    parts: dict[str, Words] = {"train": {}, "validation": {}, "test": {}}
    for number, (path, text) in enumerate(words.items()):
        parts[{0: "validation", 1: "test"}.get(number % 10, "train")][path] = text
    return parts


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
