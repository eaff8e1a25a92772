"""What the files of IAM are called, whoever unpacked, packed, copied or converted them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

Kind = Literal["words", "lines", "forms", "xml"]
"""Files that there is one of for each word, line or form."""

List = Literal["words", "lines", "forms"]
"""Lists that have a row for each of these."""

_FORM = r"[a-z][0-9]{2}-[0-9]{3}[a-z]?"
FORM_ID = re.compile(_FORM)
LINE_ID = re.compile(rf"{_FORM}-[0-9]{{2}}")
WORD_ID = re.compile(rf"{_FORM}-[0-9]{{2}}-[0-9]{{2}}")

_IMAGE = r"\.(?:png|jpe?g|tiff?|bmp|webp|gif)"
_NAMES: Mapping[Kind, re.Pattern[str]] = {
    "words": re.compile(rf"({WORD_ID.pattern})(?i:{_IMAGE})"),
    "lines": re.compile(rf"({LINE_ID.pattern})(?i:{_IMAGE})"),
    "forms": re.compile(rf"({_FORM})(?i:{_IMAGE})"),
    "xml": re.compile(rf"({_FORM})(?i:\.xml)"),
}
# words.txt, words_new.txt, words (1).txt, but not wordsworth.txt
_LIST = re.compile(r"(words|lines|forms)(?:[^a-z].*)?\.txt", re.IGNORECASE)

# As the site names them; only what a name says is looked for in it.
_PUBLISHED = re.compile(r"(words|lines|xml|ascii|forms)(?:[A-Z]-[A-Z])?\.(?:tgz|tar\.gz|tar)", re.IGNORECASE)
# words.zip, words (1).tgz, words-all.tar, but not xmlsec1-1.3.tar.gz
_SIMILAR = re.compile(r"(?:words|lines|xml|ascii|forms|iam)(?:[a-z]-[a-z])?(?![a-z]).*", re.IGNORECASE)
_ARCHIVE = re.compile(r".*\.(?:tgz|tar\.gz|tar|zip)", re.IGNORECASE)
_UNREADABLE = re.compile(r".*\.(?:bz2|xz|zst|lzma|z|7z|rar|tbz2?|txz)", re.IGNORECASE)

Packing = Literal["words", "lines", "forms", "xml", "ascii", "similar", "other", "unreadable"]
"""What an archive's name says that it holds, and whether it is of a format that is read."""


def kind_of(name: str) -> tuple[Kind, str] | None:
    """The kind and id of a file of IAM by its name; None of any other."""
    for kind, pattern in _NAMES.items():
        match = pattern.fullmatch(name)
        if match is not None:  # no name is of two kinds
            return kind, match[1]
    return None


def list_of(name: str) -> List | None:
    """What a file lists by its name; None of any other file. Others have a ``words.txt``, too."""
    match = _LIST.fullmatch(name)
    found: dict[str, List] = {"words": "words", "lines": "lines", "forms": "forms"}
    return found[match[1].lower()] if match is not None else None


def packing_of(name: str) -> Packing | None:
    """What an archive's name says; None of any other file."""
    if (match := _PUBLISHED.fullmatch(name)) is not None:
        known: dict[str, Packing] = {k: k for k in ("words", "lines", "forms", "xml", "ascii")}
        return known[match[1].lower()]
    similar = _SIMILAR.fullmatch(name) is not None
    if _ARCHIVE.fullmatch(name):
        return "similar" if similar else "other"
    return "unreadable" if similar and _UNREADABLE.fullmatch(name) else None
