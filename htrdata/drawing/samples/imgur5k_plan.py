"""What the files of a drawn Imgur5K say, before any page is drawn: composed, or taken from published annotations."""

from __future__ import annotations

import hashlib
import json
import math
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import numpy as np

from htrdata.drawing.handwriting.glyphs import CHARACTERS
from htrdata.drawing.handwriting.page import lay_out
from htrdata.drawing.handwriting.words import some_words
from htrdata.errors import BadDataError, SourceMissingError, StorageError
from htrdata.records import SPLITS, Box

MAIN = "imgur5k_annotations.json"
_TURNS = {2: 90.0, 5: -90.0, 7: 180.0, 10: 25.0}  # which pages of eleven are turned, and by how many degrees
_UNDRAWN = "0" * 32  # stands for the md5 of an image until it is drawn


class ImageEntry(TypedDict):
    """A page in an annotation file."""

    image_url: str
    image_path: str
    image_hash: str


class WordEntry(TypedDict):
    """A word in an annotation file."""

    word: str
    bounding_box: str


class Annotations(TypedDict):
    """What an annotation file holds."""

    index_id: dict[str, ImageEntry]
    index_to_ann_map: dict[str, list[str]]
    ann_id: dict[str, WordEntry]


@dataclass(frozen=True, slots=True)
class DrawingPlan:
    """The files of ``dataset_info`` without the images' hashes, and what else the pages need.

    Attributes:
        annotations: the annotation files by name.
        lists: the other files by name.
        sizes: height and width of the pages, in pixels, where they are known.
        copies: pages that are copies, each with the page that it is a copy of.
    """

    annotations: dict[str, Annotations]
    lists: dict[str, bytes]
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    copies: Mapping[str, str] = field(default_factory=dict)

    def words(self) -> dict[str, list[WordEntry]]:
        """The annotations of every page, by its id. A page that several files hold counts once."""
        found: dict[str, list[WordEntry]] = {}
        for file in self.annotations.values():
            for page, names in file["index_to_ann_map"].items():
                found.setdefault(page, [file["ann_id"][name] for name in names])
        return found


def parse_box(text: str) -> Box | None:
    """Reads ``[xc, yc, w, h, a]``, closed or not; None unless it is five finite numbers and has a size."""
    try:
        numbers = [float(part) for part in text.strip().removeprefix("[").removesuffix("]").split(",")]
    except ValueError:
        return None
    if len(numbers) != 5 or not all(map(math.isfinite, numbers)) or min(numbers[2:4]) <= 0:
        return None
    return Box(*numbers)


def load(path: Path) -> DrawingPlan:
    """Takes annotations as they are published, with the lists beside them.

    Args:
        path: a folder ``dataset_info``, or one annotation file.

    Raises:
        SourceMissingError: there is nothing at `path`, or no annotation file in that folder.
        BadDataError: an annotation file is not JSON, or does not hold what it should.
        StorageError: a file cannot be read.
    """
    folder = path if path.is_dir() else path.parent
    files = sorted(path.glob("imgur5k_annotations*.json")) if path.is_dir() else [path]
    if not files or not files[0].is_file():
        raise SourceMissingError(
            f"{path}: no imgur5k_annotations*.json; give a folder dataset_info or one of its files"
        )
    try:
        lists = {file.name: file.read_bytes() for file in sorted(folder.glob("*.lst"))}
        return DrawingPlan({file.name: _read(file) for file in files}, lists)
    except OSError as error:
        raise StorageError(f"{error.filename}: {error.strerror}; the annotations cannot be read") from error


def _read(path: Path) -> Annotations:
    """Reads one annotation file, as far as a drawn page needs it."""
    try:
        found: Annotations = json.loads(path.read_text("utf-8"))
        for page, names in found["index_to_ann_map"].items():
            if not re.fullmatch(r"\w+", page):  # it becomes a file's name
                raise ValueError(f"the id {page!r} is not made of letters and digits")
            entries = [found["ann_id"][name] for name in names]
            if not all(isinstance(entry[key], str) for entry in entries for key in ("word", "bounding_box")):
                raise TypeError(f"a word of page {page} is not a string")
            found["index_id"][page]["image_path"] = f"images/{page}.jpg"
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadDataError(f"{path}: not an annotation file of Imgur5K ({error!r}); download it again") from error
    return found


def compose(pages: int, words_per_page: int, seed: int, megapixels: tuple[float, float]) -> DrawingPlan:
    """Composes the files for our own words. What they hold is said at `htrdata.drawing.samples.imgur5k.draw_sample`."""
    *ids, lost = _ids(pages + 1, seed)
    texts = _texts(pages, words_per_page, seed)
    texts[-1] = texts[0]
    names = [*ids[:-1], ids[0]]  # the last page is a copy of the first
    rng = np.random.default_rng([seed, 2])
    sizes = [_size(float(rng.uniform(*megapixels)), float(rng.uniform(0.6, 1.6))) for _ in ids]
    sizes[-1] = sizes[0]
    main = Annotations(index_id={}, index_to_ann_map={}, ann_id={})
    for i, page in enumerate(ids):
        boxes = _boxes(i % (pages - 1), texts[i], sizes[i], seed, names[i])
        main["index_id"][page] = ImageEntry(
            image_url=f"https://i.imgur.com/{page}.jpg", image_path=f"images/{page}.jpg", image_hash=_UNDRAWN
        )
        main["index_to_ann_map"][page] = [f"{page}_{k}" for k in range(len(boxes))]
        for k, (text, box) in enumerate(zip(texts[i], boxes, strict=True)):
            main["ann_id"][f"{page}_{k}"] = WordEntry(word=text, bounding_box=box)
    main["ann_id"][f"{ids[0]}_0"]["bounding_box"] = boxes[0].removesuffix("]")
    held_out = max(1, round(pages / 10))
    train, val, test = ids[: -2 * held_out], ids[-2 * held_out : -held_out], ids[-held_out:]
    splits = dict(zip(SPLITS, ([*train, lost], [*val, train[:2][-1]], test), strict=True))
    files = {MAIN: main} | {f"imgur5k_annotations_{name}.json": _part(main, split) for name, split in splits.items()}
    return DrawingPlan(files, _lists(main, splits, lost), dict(zip(ids, sizes, strict=True)), {ids[-1]: ids[0]})


def _ids(count: int, seed: int) -> list[str]:
    """Different ids as Imgur gives them: mostly seven letters and digits, some five."""
    rng = np.random.default_rng([seed, 1])
    letters = np.array(list(string.ascii_letters + string.digits))
    ids: dict[str, None] = {}
    while len(ids) < count:
        ids["".join(rng.choice(letters, 5 if len(ids) % 12 == 7 else 7))] = None
    return list(ids)


def _texts(pages: int, words_per_page: int, seed: int) -> list[list[str]]:
    """The words of each page, with blanks; characters that did not come up are added to some words."""
    texts = some_words(pages * words_per_page, np.random.default_rng([seed, 3]))
    texts = ["." if i % 10 == 9 else "" if i % 97 == 50 else text for i, text in enumerate(texts)]
    lasting = [i for i, text in enumerate(texts[: (pages - 1) * words_per_page]) if text not in (".", "")]
    missing = sorted(set(CHARACTERS) - set("".join(texts[i] for i in lasting)))
    for k, char in enumerate(missing):
        texts[lasting[k * max(1, len(lasting) // len(missing)) % len(lasting)]] += char
    return [texts[i : i + words_per_page] for i in range(0, len(texts), words_per_page)]


def _size(megapixels: float, proportion: float) -> tuple[int, int]:
    """Height and width of a page of that size, its width `proportion` times its height."""
    height = math.sqrt(megapixels * 1e6 / proportion)
    return round(height), round(height * proportion)


def _boxes(index: int, texts: Sequence[str], size: tuple[int, int], seed: int, name: str) -> list[str]:
    """The boxes of a page's words, as they are written in the files; on every fourth page one goes over the edge."""
    height, width = size
    boxes = lay_out(texts, height, width, _TURNS.get(index % 11, 0.0), 1.5 * (index % 3), seed, name)
    rounded = [[round(number, 2) for number in (b.xc, b.yc, b.w, b.h, b.angle)] for b in boxes]
    if index % 4 == 1:
        last, turn = boxes[-1], math.radians(boxes[-1].angle)
        rounded[-1][0] = round(width - 0.2 * (last.w * abs(math.cos(turn)) + last.h * abs(math.sin(turn))), 2)
    return [str(numbers) for numbers in rounded]


def _part(main: Annotations, split: Sequence[str]) -> Annotations:
    """What a split's own annotation file holds."""
    kept = [page for page in split if page in main["index_id"]]
    return Annotations(
        index_id={page: main["index_id"][page] for page in kept},
        index_to_ann_map={page: main["index_to_ann_map"][page] for page in kept},
        ann_id={name: main["ann_id"][name] for page in kept for name in main["index_to_ann_map"][page]},
    )


def _lists(main: Annotations, splits: Mapping[str, Sequence[str]], lost: str) -> dict[str, bytes]:
    """The lists beside the annotation files, by name."""
    rows = [
        f"{main['index_id'][page]['image_url']}\t{main['ann_id'][name]['bounding_box']}\t{main['ann_id'][name]['word']}\n"
        for page, names in main["index_to_ann_map"].items()
        for name in names
    ]
    hashes = [f"{page}\t{_UNDRAWN}\n" for page in main["index_id"]]
    gone = f"{lost}\t{hashlib.md5(lost.encode(), usedforsecurity=False).hexdigest()}\n"
    lists = {"imgur5k_data.lst": "".join(rows), "imgur5k_hashes.lst": "".join([*hashes, gone, hashes[0]])}
    lists |= {f"{name}_index_ids.lst": "".join(f"{page}\n" for page in split) for name, split in splits.items()}
    return {name: text.encode() for name, text in lists.items()}
