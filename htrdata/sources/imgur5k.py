"""Imgur5K, as facebookresearch/IMGUR5K-Handwriting-Dataset publishes it and its downloader leaves it on disk.

    ROOT/dataset_info/imgur5k_annotations.json               all pages, or
    ROOT/dataset_info/imgur5k_annotations_{train,val,test}.json
    ROOT/dataset_info/imgur5k_data.lst                       URL, box and word, tab-separated: for splits without JSON
    ROOT/dataset_info/imgur5k_hashes.lst                     id and MD5 of each page
    ROOT/dataset_info/{train,val,test}_index_ids.lst         the ids of each split
    ROOT/images/ID.jpg

Boxes are strings ``[xc, yc, w, h, a]`` with ``a`` in degrees counter-clockwise; some lack a bracket. The word ``.``
means "not annotated". The published annotations were read with a comment sign in force: no word holds ``#``, and some
words that began with it are empty.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from htrdata import strictjson
from htrdata.errors import BadDataError, SourceMissingError
from htrdata.records import SPLITS, Box, FileOnDisk, Page, Reason, Word
from htrdata.sources import SourceInfo

NOT_ANNOTATED = "."

# Ids come from strangers and become file names. Imgur's have 5 to 8 characters.
_PAGE_ID = re.compile(r"[A-Za-z0-9]{4,10}")
_MD5 = re.compile(r"[0-9a-f]{32}")

_HOW_TO_GET_IT = (
    "clone https://github.com/facebookresearch/IMGUR5K-Handwriting-Dataset, run its download_imgur5k.py there, and "
    "name that folder with --root (`htrdata sample imgur5k --out DIR` draws a small one to try)"
)


@dataclass(frozen=True, slots=True)
class Imgur5K:
    """The data set below a root folder; see the module for the layout.

    Attributes:
        root: the folder with ``dataset_info``.
        images: the folder of the pages; ``ROOT/images`` where None.
    """

    root: Path
    images: Path | None = None

    name: ClassVar[str] = "imgur5k"
    extra_columns: ClassVar[tuple[str, ...]] = ()
    settings: ClassVar[Mapping[str, str]] = {}
    published: ClassVar[Mapping[str, Mapping[str, int]]] = {
        "val": {"words": 22_506, "missing_annotation": 2_333},
        "test": {"words": 23_842, "missing_annotation": 1_843},
    }
    info: ClassVar[SourceInfo] = SourceInfo(
        title="IMGUR5K Handwriting Dataset",
        url="https://github.com/facebookresearch/IMGUR5K-Handwriting-Dataset",
        licence="annotations CC BY-NC 4.0; the images belong to those who posted them",
        citation="Krishnan, Kovvuri, Pang, Vassilev, Hassner: TextStyleBrush: Transfer of Text Aesthetics from a "
        "Single Example. IEEE TPAMI 2023, arXiv:2106.08385",
    )

    def pages(self) -> Iterator[Page]:
        """Yields the pages of train, val and test in the order of their lists, then those that are in no list.

        Raises:
            SourceMissingError: the annotations or the folder of the pages are not there.
            BadDataError: a file is not what its format promises.
        """
        images = self.images or self.root / "images"
        if (self.root / "dataset_info").is_dir() and not images.is_dir():
            raise SourceMissingError(
                f"there are annotations but no pages: no folder {images}; to get them, {_HOW_TO_GET_IT}"
            )
        return read(self.root, images)


def read(root: Path | str, images: Path | str | None = None) -> Iterator[Page]:
    """Yields the pages of train, val and test in the order of their lists, then those that are in no list.

    A page that is listed but not annotated comes without words. Pages are read lazily, one annotation file at a time.

    Args:
        root: the folder with ``dataset_info``.
        images: the folder of the pages; ``ROOT/images`` where None.

    Raises:
        SourceMissingError: there are no annotations below the root, or a list that is needed is missing.
        BadDataError: a file is not what its format promises; the message names file and place.
    """
    info = Path(root) / "dataset_info"
    reader = _Reader(info, Path(images) if images is not None else Path(root) / "images")
    whole = info / "imgur5k_annotations.json"
    if whole.exists():
        yield from reader.whole_set(_read_annotations(whole))
    else:
        yield from reader.split_files()


@dataclass(frozen=True, slots=True)
class _Annotated:
    """One page of an annotation file: the words in order, and the MD5 that the file itself gives."""

    words: list[tuple[str, Any, Any]]  # id, box, transcription
    md5: str | None = None


_Annotations = Mapping[str, _Annotated]


class _Reader:
    def __init__(self, info: Path, images: Path) -> None:
        self.info = info
        self.images = images
        self.hashes = _read_hashes(info / "imgur5k_hashes.lst")

    def whole_set(self, annotations: _Annotations) -> Iterator[Page]:
        """The splits of one annotation file, then its pages that are in no split."""
        listed: set[str] = set()
        for split in SPLITS:
            path = self.info / f"{split}_index_ids.lst"
            ids = _read_ids(path)
            if ids is None:
                raise SourceMissingError(f"{path} is missing: without it nobody knows which pages are {split}")
            listed.update(ids)
            yield from self._split(split, ids, annotations)
        yield from self._unlisted(annotations, listed)

    def split_files(self) -> Iterator[Page]:
        """The splits whose own annotation file is there; the others from ``imgur5k_data.lst``, if that is there."""
        files = {split: self.info / f"imgur5k_annotations_{split}.json" for split in SPLITS}
        data = self.info / "imgur5k_data.lst"
        if not data.exists() and not any(path.exists() for path in files.values()):
            raise SourceMissingError(f"no Imgur5K annotations in {self.info}: {_HOW_TO_GET_IT}")
        for split, path in files.items():
            ids = _read_ids(self.info / f"{split}_index_ids.lst")
            if path.exists():
                annotations = _read_annotations(path)
                yield from self._split(split, list(annotations) if ids is None else ids, annotations)
                yield from self._unlisted(annotations, set(annotations) if ids is None else set(ids))
            elif ids is not None:
                yield from self._split(split, ids, _read_data_list(data) if data.exists() else {})

    def _split(self, split: str, ids: Iterable[str], annotations: _Annotations) -> Iterator[Page]:
        seen: set[str] = set()
        for page_id in ids:
            yield self._page(page_id, split, annotations.get(page_id), seen)

    def _unlisted(self, annotations: _Annotations, listed: set[str]) -> Iterator[Page]:
        seen: set[str] = set()
        for page_id, annotated in annotations.items():
            if page_id not in listed:
                yield self._page(page_id, None, annotated, seen)

    def _page(self, page_id: str, split: str | None, annotated: _Annotated | None, seen: set[str]) -> Page:
        annotated = annotated or _Annotated([])
        words = tuple(_word(*word, seen) for word in annotated.words)
        md5 = self.hashes.get(page_id, annotated.md5)
        if not _PAGE_ID.fullmatch(page_id):
            return Page(page_id, split, words, reason=Reason.INVALID_ID)
        reason = None if split else Reason.NOT_IN_SPLIT
        return Page(page_id, split, words, FileOnDisk(self.images / f"{page_id}.jpg"), md5, reason)


def _word(word_id: str, box: Any, text: Any, seen: set[str]) -> Word:
    if not isinstance(text, str):
        raise BadDataError(f"the word of annotation {word_id!r} is {text!r}, not a text")
    parsed = _parse_box(box)
    reason = None
    if word_id in seen:
        reason = Reason.DUPLICATE_ID
    elif parsed is None:
        reason = Reason.INVALID_BOX
    elif text == NOT_ANNOTATED:
        reason = Reason.MISSING_ANNOTATION
    seen.add(word_id)
    return Word(word_id, text, box=parsed, reason=reason)


def _parse_box(value: Any) -> Box | None:
    """Reads ``[xc, yc, w, h, a]``, a string or a list; None where it is not five finite numbers."""
    numbers = value.strip().removeprefix("[").removesuffix("]").split(",") if isinstance(value, str) else value
    if not isinstance(numbers, list) or len(numbers) != 5 or any(isinstance(number, bool) for number in numbers):
        return None
    try:
        xc, yc, w, h, angle = (float(number) for number in numbers)
    except (TypeError, ValueError):
        return None
    return Box(xc, yc, w, h, angle) if all(map(math.isfinite, (xc, yc, w, h, angle))) else None


def _read_annotations(path: Path) -> _Annotations:
    """Reads an annotation JSON: its pages in the order of ``index_id``, every annotation belonging to one of them."""
    document = strictjson.load(path)
    tables: list[dict[str, Any]] = []
    for key in ("index_id", "index_to_ann_map", "ann_id"):
        table = document.get(key) if isinstance(document, dict) else None
        if not isinstance(table, dict):
            raise BadDataError(f"{path} has no table {key!r}: it is not an Imgur5K annotation file")
        tables.append(table)
    pages, mapped, annotations = tables
    result: dict[str, _Annotated] = {}
    used: set[str] = set()
    for page_id, page in pages.items():
        ids = mapped.get(page_id)
        if not isinstance(ids, list) or not all(isinstance(word_id, str) for word_id in ids):
            raise BadDataError(f"{path}: index_to_ann_map has no list of annotation ids for page {page_id!r}")
        used.update(ids)
        md5 = page.get("image_hash") if isinstance(page, dict) else None
        words = [_annotation(path, word_id, annotations.get(word_id)) for word_id in ids]
        result[page_id] = _Annotated(words, _checked_md5(md5, f"{path}, page {page_id!r}") if md5 else None)
    stray = next((word_id for word_id in annotations if word_id not in used), None)
    if stray is not None:
        raise BadDataError(f"{path}: no page of index_id has the annotation {stray!r}")
    return result


def _annotation(path: Path, word_id: str, entry: Any) -> tuple[str, Any, Any]:
    if not isinstance(entry, dict) or not {"word", "bounding_box"} <= entry.keys():
        raise BadDataError(f"{path}: ann_id has no word and bounding_box for {word_id!r}")
    return word_id, entry["bounding_box"], entry["word"]


def _read_data_list(path: Path) -> _Annotations:
    """Reads ``imgur5k_data.lst``. Words are numbered within their page, wherever in the file the page occurs."""
    result: dict[str, _Annotated] = {}
    for number, line in _lines(path):
        fields = line.split("\t")
        if len(fields) != 3:
            raise BadDataError(f"{path}, line {number}: {len(fields)} fields between tabs, not URL, box and word")
        url, box, text = fields
        page_id = url.rsplit("/", 1)[-1].removesuffix(".jpg")
        words = result.setdefault(page_id, _Annotated([])).words
        words.append((f"{page_id}_{len(words)}", box, text))
    return result


def _read_hashes(path: Path) -> dict[str, str]:
    hashes: dict[str, str] = {}
    for number, line in _lines(path) if path.exists() else ():
        fields = line.split()
        if len(fields) != 2:
            raise BadDataError(f"{path}, line {number}: {line!r} is not a page id and its MD5")
        page_id, md5 = fields[0], _checked_md5(fields[1], f"{path}, line {number}")
        if hashes.setdefault(page_id, md5) != md5:
            raise BadDataError(f"{path}, line {number}: page {page_id!r} had the MD5 {hashes[page_id]} before")
    return hashes


def _checked_md5(value: Any, place: str) -> str:
    if not isinstance(value, str) or not _MD5.fullmatch(value.lower()):
        raise BadDataError(f"{place}: {value!r} is not an MD5 of 32 hex digits")
    return value.lower()


def _read_ids(path: Path) -> list[str] | None:
    """The ids of a split, each once, in the order of the list; None where there is no list."""
    return list(dict.fromkeys(line.strip() for _, line in _lines(path))) if path.exists() else None


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a list that are not blank, with their numbers from 1, without their ends."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDataError(f"{path} is not UTF-8: byte {error.start:,} ({error.reason})") from error
    # Not splitlines(): a word may hold a character that it takes for the end of a line.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line.removesuffix("\r")
