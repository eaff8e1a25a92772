"""What is known of a corpus besides its files: terms, writers, and which of them are held out.

`htrdata/sources/open_words` has a file for each corpus that our weights were trained on; its README has the format.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from htrdata.errors import BadDataError, UsageError
from htrdata.files.regular import read_regular
from htrdata.files.strict_json import shortened
from htrdata.records import SourceInfo

FOLDER = Path(__file__).parents[1] / "open_words"

_MOST = 1 << 20  # bytes of a corpus's file
_TEXTS = ("title", "url", "licence", "citation")
_KNOWN = {*_TEXTS, "commit", "pattern", "hand", "test", "val", "replace", "unusable"}


class Place(NamedTuple):
    """Where a page belongs."""

    split: str | None
    writer: str | None


@dataclass(frozen=True, slots=True)
class Corpus:
    """One corpus.

    Attributes:
        name: of its file, without the ending.
        info: what it is and on what terms.
        pattern: of an XML file's path below the root, with ``/`` between folders.
        held_out: the split of each writer, or part, that is not train.
        hand: who wrote all of it, where the pattern names no writer.
        replacements: what stands for signs of the transcribers, such as ``^`` before a superscript.
        unusable: found in words that are crossed out or unreadable.
    """

    name: str
    info: SourceInfo
    pattern: re.Pattern[str]
    held_out: dict[str, str]
    hand: str | None = None
    replacements: dict[str, str] = field(default_factory=dict)
    unusable: re.Pattern[str] | None = None

    @property
    def fingerprint(self) -> str:
        """16 hex digits that differ where another page is in another split."""
        listed = repr((self.pattern.pattern, sorted(self.held_out.items())))
        return hashlib.sha256(listed.encode()).hexdigest()[:16]

    def text(self, transcription: str) -> str:
        """A transcription with the corpus's own signs replaced."""
        for sign, plain in self.replacements.items():
            transcription = transcription.replace(sign, plain)
        return transcription

    def is_unusable(self, word: str) -> bool:
        """Whether a word holds a sign that says it is crossed out or unreadable."""
        return self.unusable is not None and self.unusable.search(word) is not None

    def place(self, path: str) -> Place:
        """The split and the writer of a page, by its XML file's path; neither where the pattern does not match."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return Place(None, None)
        groups = found.groupdict()
        unit = groups.get("part") or groups.get("writer") or ""
        return Place(self.held_out.get(unit, "train"), groups.get("writer") or self.hand)


def corpus_names() -> list[str]:
    """The corpora that this package knows and `htrdata.sources.xml` reads."""
    return sorted(path.stem for path in FOLDER.glob("*.toml") if "pattern" in _read(path))


def find_corpus(name: str) -> Corpus:
    """Reads a corpus.

    Args:
        name: one of `corpus_names`, or the path of a TOML file.

    Raises:
        UsageError: there is neither.
        BadDataError: the file is not what its format says.
    """
    path = FOLDER / f"{name}.toml"
    if not re.fullmatch(r"\w+", name) or not path.exists():
        path = Path(name)
        if not path.is_file():
            known = ", ".join(corpus_names())
            raise UsageError(f"no corpus {name!r}: it is none of {known}, and there is no such file")
    given = _read(path)
    if wrong := sorted(given.keys() - _KNOWN):
        raise BadDataError(f"{path}: unknown key {wrong[0]!r}; known ones are {', '.join(sorted(_KNOWN))}")
    texts = [_text(given, key, path) for key in (*_TEXTS, "pattern")]
    pattern = _regex(texts[-1], path)
    if not {"writer", "part"} & pattern.groupindex.keys():
        raise BadDataError(f"{path}: the pattern {texts[-1]!r} has no group (?P<writer>…) and none (?P<part>…)")
    held_out = {unit: split for split in ("val", "test") for unit in _units(given, split, path)}
    hand = _text(given, "hand", path) if "hand" in given else None
    unusable = _regex(_text(given, "unusable", path), path) if "unusable" in given else None
    return Corpus(path.stem, SourceInfo(*texts[:4]), pattern, held_out, hand, _replacements(given, path), unusable)


def _regex(text: str, path: Path) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise BadDataError(f"{path}: {text!r} is no regular expression: {error}") from error


def _replacements(given: dict[str, object], path: Path) -> dict[str, str]:
    table = given.get("replace", {})
    if not isinstance(table, dict) or not all(isinstance(plain, str) for plain in table.values()):
        raise BadDataError(f"{path}: replace is {shortened(table)}, not a table of texts")
    return table


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(read_regular(path, _MOST).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadDataError(f"{path} is no TOML: {error}") from error
    except RecursionError as error:
        raise BadDataError(f"{path} is nested too deeply: no corpus is described so") from error
    except ValueError as error:  # of Python's limit for whole numbers
        raise BadDataError(f"{path} holds a number that is too long: over 4,300 digits; is it damaged?") from error


def _text(given: dict[str, object], key: str, path: Path) -> str:
    value = given.get(key)
    if not isinstance(value, str):
        raise BadDataError(f"{path}: {key} is {shortened(value)}, not a text")
    return value


def _units(given: dict[str, object], key: str, path: Path) -> list[str]:
    value = given.get(key, [])
    if not isinstance(value, list) or not all(isinstance(unit, str) for unit in value):
        raise BadDataError(f"{path}: {key} is {shortened(value)}, not a list of texts")
    return value
