"""The files of Imgur5K's ``dataset_info``, each read whole and checked; `htrdata.sources.imgur5k` shows the layout.

All raise BadDataError, which names file and place, where a file is not what its format promises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from htrdata.errors import BadDataError
from htrdata.files import strict_json
from htrdata.files.strict_json import shortened
from htrdata.sources.lines import read_lines

_MD5 = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Annotated:
    """One page of an annotation file: the words in order, and the MD5 that the file itself gives."""

    words: list[tuple[str, Any, Any]]  # id, box, transcription
    md5: str | None = None


Annotations = Mapping[str, Annotated]


def read_annotations(path: Path) -> Annotations:
    """Reads an annotation JSON: its pages in the order of ``index_id``, every annotation belonging to one of them.

    Raises:
        BadDataError: it is not JSON, has not the tables of Imgur5K, or an annotation is of no page.
        OSError: it cannot be read.
    """
    document = strict_json.load(path)
    tables: list[dict[str, Any]] = []
    for key in ("index_id", "index_to_ann_map", "ann_id"):
        table = document.get(key) if isinstance(document, dict) else None
        if not isinstance(table, dict):
            raise BadDataError(f"{path} has no table {key!r}: it is not an Imgur5K annotation file")
        tables.append(table)
    pages, mapped, annotations = tables
    result: dict[str, Annotated] = {}
    used: set[str] = set()
    for page_id, page in pages.items():
        ids = mapped.get(page_id)
        if not isinstance(ids, list) or not all(isinstance(word_id, str) for word_id in ids):
            raise BadDataError(f"{path}: index_to_ann_map has no list of annotation ids for page {shortened(page_id)}")
        used.update(ids)
        md5 = page.get("image_hash") if isinstance(page, dict) else None
        words = [_annotation(path, word_id, annotations.get(word_id)) for word_id in ids]
        result[page_id] = Annotated(words, _checked_md5(md5, f"{path}, page {shortened(page_id)}") if md5 else None)
    stray = next((word_id for word_id in annotations if word_id not in used), None)
    if stray is not None:
        raise BadDataError(f"{path}: no page of index_id has the annotation {shortened(stray)}")
    return result


def _annotation(path: Path, word_id: str, entry: Any) -> tuple[str, Any, Any]:
    if not isinstance(entry, dict) or not {"word", "bounding_box"} <= entry.keys():
        raise BadDataError(f"{path}: ann_id has no word and bounding_box for {shortened(word_id)}")
    return word_id, entry["bounding_box"], entry["word"]


def read_data_list(path: Path) -> Annotations:
    """Reads ``imgur5k_data.lst``. Words are numbered within their page, wherever in the file the page occurs.

    Raises:
        BadDataError: a line has not three fields.
        OSError: it cannot be read.
    """
    result: dict[str, Annotated] = {}
    for number, line in read_lines(path):
        fields = line.split("\t")
        if len(fields) != 3:
            raise BadDataError(f"{path}, line {number}: {len(fields)} fields between tabs, not URL, box and word")
        url, box, text = fields
        page_id = url.rsplit("/", 1)[-1].removesuffix(".jpg")
        words = result.setdefault(page_id, Annotated([])).words
        words.append((f"{page_id}_{len(words)}", box, text))
    return result


def read_hashes(path: Path) -> dict[str, str]:
    """Reads ``imgur5k_hashes.lst``: the MD5 of each page, in lower case; empty where there is no list.

    Raises:
        BadDataError: a line is no page id with its MD5, or a page has two.
        OSError: it cannot be read.
    """
    hashes: dict[str, str] = {}
    for number, line in read_lines(path) if path.exists() else ():
        fields = line.split()
        if len(fields) != 2:
            raise BadDataError(f"{path}, line {number}: {shortened(line)} is not a page id and its MD5")
        page_id, md5 = fields[0], _checked_md5(fields[1], f"{path}, line {number}")
        if hashes.setdefault(page_id, md5) != md5:
            raise BadDataError(f"{path}, line {number}: page {shortened(page_id)} had the MD5 {hashes[page_id]} before")
    return hashes


def _checked_md5(value: Any, place: str) -> str:
    if not isinstance(value, str) or not _MD5.fullmatch(value.lower()):
        raise BadDataError(f"{place}: {shortened(value)} is not an MD5 of 32 hex digits")
    return value.lower()


def read_ids(path: Path) -> list[str] | None:
    """The ids of a split, each once, in the order of the list; None where there is no list."""
    return list(dict.fromkeys(line.strip() for _, line in read_lines(path))) if path.exists() else None
