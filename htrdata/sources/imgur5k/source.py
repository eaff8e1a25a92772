"""Imgur5K, as facebookresearch/IMGUR5K-Handwriting-Dataset publishes it and its downloader leaves it on disk.

    ROOT/dataset_info/imgur5k_annotations.json               all pages, or
    ROOT/dataset_info/imgur5k_annotations_{train,val,test}.json
    ROOT/dataset_info/imgur5k_data.lst                       URL, box and word, tab-separated: for splits without JSON
    ROOT/dataset_info/imgur5k_hashes.lst                     id and MD5 of each page
    ROOT/dataset_info/{train,val,test}_index_ids.lst         the ids of each split
    ROOT/images/ID.jpg                                       or another ending, or in a folder such as images/train

Boxes are strings ``[xc, yc, w, h, a]`` with ``a`` in degrees counter-clockwise; some lack a bracket. The word ``.``
means "not annotated". The published annotations were read with a comment sign in force: no word holds ``#``, and some
words that began with it are empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from htrdata.errors import SourceMissingError
from htrdata.files.regular import real_path
from htrdata.records import SPLITS, Division, Page, Reason, SourceInfo, Unit
from htrdata.sources.drawn import MARK, DrawnMark, read_mark
from htrdata.sources.imgur5k.annotated_words import as_word
from htrdata.sources.imgur5k.files import (
    Annotated,
    Annotations,
    read_annotations,
    read_data_list,
    read_hashes,
    read_ids,
)
from htrdata.sources.imgur5k.images import PageFiles, PostedImage
from htrdata.sources.imgur5k.page_list import page_digest, restricted

# Ids come from strangers and become file names. Imgur's have 5 to 8 characters.
_PAGE_ID = re.compile(r"[A-Za-z0-9]{4,10}")

_HOW_TO_GET_IT = (
    "`htrdata fetch imgur5k` gets it; or name with --root a folder that has it, as a clone of "
    "https://github.com/facebookresearch/IMGUR5K-Handwriting-Dataset has after its download_imgur5k.py "
    "(`htrdata sample imgur5k --out DIR` draws a small one to try)"
)


IMGUR5K = SourceInfo(
    title="IMGUR5K Handwriting Dataset",
    url="https://github.com/facebookresearch/IMGUR5K-Handwriting-Dataset",
    licence="annotations CC BY-NC 4.0; the images belong to those who posted them",
    citation="Krishnan, Kovvuri, Pang, Vassilev, Hassner: TextStyleBrush: Transfer of Text Aesthetics from a "
    "Single Example. IEEE TPAMI 2023, arXiv:2106.08385",
)
"""The genuine data set."""


@dataclass(frozen=True, slots=True)
class Imgur5K:
    """The data set below a root folder; see the module for the layout.

    Attributes:
        root: the folder with ``dataset_info``.
        images: the folder of the pages; ``ROOT/images`` where None.
        only: ids of pages; the words of all others are ruled out (``excluded_page``), whether their image is there or
            not. None for all; see `htrdata.sources.imgur5k.page_list`.
    """

    root: Path
    images: Path | None = None
    only: frozenset[str] | None = None

    name: ClassVar[str] = "imgur5k"
    unit: ClassVar[Unit] = "word"
    extra_columns: ClassVar[tuple[str, ...]] = ()
    published: ClassVar[Mapping[str, Mapping[str, int]]] = {
        "val": {"words": 22_506, "missing_annotation": 2_333},
        "test": {"words": 23_842, "missing_annotation": 1_843},
    }

    @property
    def info(self) -> SourceInfo:
        """What it is and on what terms; of a drawn sample, what that is."""
        return IMGUR5K if self._mark is None else self._mark.about

    @property
    def settings(self) -> Mapping[str, str]:
        """The digest of the list of pages and how many it has, where there is one."""
        return {} if self.only is None else {"pages": page_digest(self.only), "pages_listed": str(len(self.only))}

    @property
    def division(self) -> Division:
        """The published lists."""
        return Division(IMGUR5K.title if self._mark is None else self._mark.corpus)

    @property
    def drawn(self) -> str | None:
        """What the sample says that it is; None of the genuine data set."""
        return None if self._mark is None else self._mark.drawn

    @property
    def _mark(self) -> DrawnMark | None:
        """What says that the pages are drawn: a file at the root, or in the folder of the pages, or beside that."""
        images = self.images or self.root / "images"
        marks = (read_mark(folder / MARK) for folder in (self.root, images, real_path(images).parent))
        return next((mark for mark in marks if mark is not None), None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root))  # a text will do
        if self.images is not None:
            object.__setattr__(self, "images", Path(self.images))

    def pages(self) -> Iterator[Page]:
        """Yields the pages of train, val and test in the order of their lists, then those that are in no list.

        Raises:
            SourceMissingError: the annotations or the folder of the pages are not there.
            BadDataError: a file is not what its format promises, or `only` names pages that the annotations lack.
        """
        images = self.images or self.root / "images"
        if (self.root / "dataset_info").is_dir() and not images.is_dir():
            raise SourceMissingError(
                f"there are annotations but no pages: no folder {images}; to get them, {_HOW_TO_GET_IT}"
            )
        pages = read(self.root, images)
        return pages if self.only is None else restricted(pages, self.only)


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
        yield from reader.whole_set(read_annotations(whole))
    else:
        yield from reader.split_files()


class _Reader:
    def __init__(self, info: Path, images: Path) -> None:
        self.info = info
        self.images = PageFiles(images)
        self.hashes = read_hashes(info / "imgur5k_hashes.lst")
        self.numbers: dict[str, float] = {}

    def whole_set(self, annotations: Annotations) -> Iterator[Page]:
        """The splits of one annotation file, then its pages that are in no split."""
        listed: set[str] = set()
        for split in SPLITS:
            path = self.info / f"{split}_index_ids.lst"
            ids = read_ids(path)
            if ids is None:
                raise SourceMissingError(f"{path} is missing: without it nobody knows which pages are {split}")
            listed.update(ids)
            yield from self._split(split, ids, annotations)
        yield from self._unlisted(annotations, listed, set())

    def split_files(self) -> Iterator[Page]:
        """The splits whose own annotation file is there; the others from ``imgur5k_data.lst``, if that is there.

        Pages that are annotated in one of these files, and listed nowhere, come last.
        """
        files = {split: self.info / f"imgur5k_annotations_{split}.json" for split in SPLITS}
        data = self.info / "imgur5k_data.lst"
        if not data.exists() and not any(path.exists() for path in files.values()):
            raise SourceMissingError(f"no Imgur5K annotations in {self.info}: {_HOW_TO_GET_IT}")
        from_list: Annotations | None = None
        known: set[str] = set()
        seen: set[str] = set()
        unlisted: list[Page] = []
        for split, path in files.items():
            ids = read_ids(self.info / f"{split}_index_ids.lst")
            if path.exists():
                annotations = read_annotations(path)
                ids = list(annotations) if ids is None else ids
                known.update(ids, annotations)
                yield from self._split(split, ids, annotations)
                unlisted += self._unlisted(annotations, set(ids), seen)
            elif ids is not None:
                if from_list is None:
                    from_list = read_data_list(data) if data.exists() else {}
                known.update(ids)
                yield from self._split(split, ids, from_list)
        yield from unlisted
        yield from self._unlisted(from_list or {}, known, seen)

    def _split(self, split: str, ids: Iterable[str], annotations: Annotations) -> Iterator[Page]:
        seen: set[str] = set()
        for page_id in ids:
            yield self._page(page_id, split, annotations.get(page_id), seen)

    def _unlisted(self, annotations: Annotations, listed: set[str], seen: set[str]) -> Iterator[Page]:
        for page_id, annotated in annotations.items():
            if page_id not in listed:
                yield self._page(page_id, None, annotated, seen)

    def _page(self, page_id: str, split: str | None, annotated: Annotated | None, seen: set[str]) -> Page:
        annotated = annotated or Annotated([])
        words = tuple(as_word(*word, seen, self.numbers) for word in annotated.words)
        md5 = self.hashes.get(page_id, annotated.md5)
        if not _PAGE_ID.fullmatch(page_id):
            return Page(page_id, split, words, reason=Reason.INVALID_ID)
        reason = None if split else Reason.NOT_IN_SPLIT
        return Page(page_id, split, words, PostedImage(self.images.find(page_id, split), md5), md5, reason)
