"""What stands in a shard as a word's label: normal form, charset, length.

Two of the charsets are AttentionHTR's (arXiv 2201.09390): ``alnum`` is case-insensitive, ``printable`` case-sensitive.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from htrdata.errors import UsageError
from htrdata.labels.plainer import simplify
from htrdata.records import Reason

OnUnknown = Literal["drop", "strip", "simplify"]

# Control characters, line and paragraph separators and lone surrogates: nothing that a pen writes.
_ILLEGIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def normal_form(text: str) -> str:
    """A text as it is stored and compared: NFC, without white space around it."""
    return unicodedata.normalize("NFC", text).strip()


def fold_case(text: str) -> str:
    """A text as it is stored and compared where case does not matter: lower case, which may be longer, in NFC."""
    return unicodedata.normalize("NFC", text.lower())


@dataclass(frozen=True, slots=True)
class Charset:
    """An ordered set of characters that labels may consist of.

    Attributes:
        name: what people call it; two charsets of one content have one fingerprint, whatever their names.
        characters: its characters in order, each a single code point; the order is that of a model's classes.
        folds_case: labels are lower-cased before they are compared, and stored so.

    Raises:
        UsageError: there is no character, one stands twice, or one is a lone surrogate.
    """

    name: str
    characters: str
    folds_case: bool = False

    def __post_init__(self) -> None:
        if not self.characters:
            raise UsageError(f"charset {self.name!r} is empty")
        twice = sorted(c for c, times in Counter(self.characters).items() if times > 1)
        if twice:
            raise UsageError(f"charset {self.name!r} has {', '.join(map(repr, twice[:20]))} more than once")
        if any("\ud800" <= c <= "\udfff" for c in self.characters):
            raise UsageError(f"charset {self.name!r} has a lone surrogate, which is no character")

    def __repr__(self) -> str:
        some = self.characters if len(self.characters) <= 40 else self.characters[:37] + "…"
        folds = ", folds_case=True" if self.folds_case else ""
        return f"Charset({self.name!r}, {len(self.characters)} characters: {some!r}{folds})"

    @property
    def fingerprint(self) -> str:
        """16 hex digits that differ where characters, their order or the folding of case differ."""
        return hashlib.sha256(f"{self.folds_case:d}{self.characters}".encode()).hexdigest()[:16]

    def fold(self, text: str) -> str:
        """The text as this charset compares and stores it: lower-cased where it folds case."""
        return fold_case(text) if self.folds_case else text

    def missing(self, text: str) -> str:
        """The characters of a text that the charset lacks, each once, in order of appearance."""
        text = self.fold(text)
        if not text.strip(self.characters):  # nothing is left: far faster than to look at each character
            return ""
        return "".join(dict.fromkeys(c for c in text if c not in self.characters))

    def strip(self, text: str) -> str:
        """The text without the characters that the charset lacks, trimmed."""
        return "".join(c for c in self.fold(text) if c in self.characters).strip()

    def simplify(self, text: str) -> str:
        """The text in this charset's characters, as far as it has plainer forms; see `htrdata.labels.plainer`."""
        return self.fold(simplify(self.fold(text), self.characters))


ALNUM = Charset("alnum", string.printable[:36], folds_case=True)
"""Digits and lower-case letters: AttentionHTR's case-insensitive charset."""

PRINTABLE = Charset("printable", string.printable[:-6])
"""The 94 visible ASCII characters, no space: AttentionHTR's case-sensitive charset."""

CHARSETS = {charset.name: charset for charset in (ALNUM, PRINTABLE)}


def find_charset(name: str) -> Charset | None:
    """Finds a charset by its name, or reads it from a file.

    Args:
        name: ``alnum``, ``printable``, ``all`` or the path of a UTF-8 text file. Every character of the file counts,
            spaces too, but not its line ends.

    Returns:
        The charset; None for ``all``, which sets no bounds.

    Raises:
        UsageError: there is neither a charset nor a file of that name, or the file is not a charset.
    """
    if name == "all":
        return None
    if name in CHARSETS:
        return CHARSETS[name]
    path = Path(name)
    try:
        if not path.is_file() and path.exists():  # reading a pipe or a device would never end
            raise UsageError(f"{path} is no file: name a file with the characters of a charset")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        known = ", ".join([*CHARSETS, "all"])
        raise UsageError(f"no charset {name!r}: it is none of {known}, and there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the charset file {path}: {error}") from error
    return Charset(path.stem, unicodedata.normalize("NFC", "".join(text.splitlines())))


class Label(NamedTuple):
    """What a policy makes of a transcription: the label, or the reason why there is none."""

    text: str | None
    reason: Reason | None
    unknown: str = ""
    """The characters outside the charset, each once: dropped with the word, or stripped from the label."""


@dataclass(frozen=True, slots=True)
class LabelPolicy:
    """How transcriptions become labels. The default keeps every legible one.

    Attributes:
        charset: which characters a label may have; None for any.
        max_length: how many characters (code points after NFC) a label may have; None for any number.
        max_steps: how many steps CTC (Graves et al., ICML 2006) may take for a label, see `least_steps`; None for any
            number. A label that needs more is too long.
        on_unknown: what becomes of a word with characters outside the charset: it is dropped, or they are stripped from
            its label, or they are replaced by plainer ones and it is dropped where there are none. A label that was
            stripped or simplified no longer says all that the image shows.

    Raises:
        UsageError: length or steps are below 1, or characters are to be stripped or simplified without a charset.
    """

    charset: Charset | None = None
    max_length: int | None = None
    on_unknown: OnUnknown = "drop"
    max_steps: int | None = None

    def __post_init__(self) -> None:
        if self.max_length is not None and self.max_length < 1:
            raise UsageError(f"a maximum label length of {self.max_length} keeps nothing: give 1 or more")
        if self.max_steps is not None and self.max_steps < 1:
            raise UsageError(f"a label in {self.max_steps} steps of CTC is none: give 1 or more")
        if self.on_unknown != "drop" and self.charset is None:
            raise UsageError(
                f"every character is known without a charset: --on-unknown {self.on_unknown} needs --charset"
            )

    def fold(self, label: str) -> str:
        """The label as the charset compares and stores it."""
        return label if self.charset is None else self.charset.fold(label)

    def fault(self, label: str) -> Reason | None:
        """Why a folded label is none: empty, too long, or outside of the charset; None where it is one.

        It is taken as it stands; see `htrmodel.data.label_columns` for many at once.
        """
        return self._fault(label, "" if self.charset is None else self.charset.missing(label))

    def apply(self, transcription: str) -> Label:
        """Turns a transcription into a label: NFC, trimmed, folded where the charset folds case."""
        text = normal_form(transcription)
        if not text:
            return Label(None, Reason.EMPTY_LABEL)
        if _ILLEGIBLE.search(text):
            return Label(None, Reason.INVALID_LABEL)
        text = self.fold(text)
        unknown = "" if self.charset is None else self.charset.missing(text)
        if self.charset is not None and unknown and self.on_unknown == "simplify":
            text = self.charset.simplify(text)
            unknown = self.charset.missing(text)
        if self.charset is None or not unknown or self.on_unknown != "strip":
            fault = self._fault(text, unknown)
        else:
            text = self.charset.strip(text)
            fault = self._fault(text, "") if text else Reason.OUT_OF_CHARSET  # nothing is left of it
        return Label(None if fault else text, fault, "" if fault is Reason.TOO_LONG else unknown)

    def _fault(self, label: str, unknown: str) -> Reason | None:
        if not label:
            return Reason.EMPTY_LABEL
        if self.max_length is not None and len(label) > self.max_length:
            return Reason.TOO_LONG
        if self.max_steps is not None and least_steps(label) > self.max_steps:
            return Reason.TOO_LONG
        return Reason.OUT_OF_CHARSET if unknown else None


def least_steps(symbols: Sequence[object]) -> int:
    """Steps that CTC needs at least to write a text: one for each character, and a blank between two that are equal."""
    return len(symbols) + sum(first == second for first, second in itertools.pairwise(symbols))


def legible(text: str) -> str:
    """A transcription as UTF-8 can hold it: lone surrogates become ``\\udc80``-like escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def named(character: str) -> str:
    """How a character is told in a list of such: as it is, ``space``, or an escape where it cannot be seen."""
    return "space" if character == " " else visible(character)


def visible(text: str) -> str:
    """A text that cannot steer a terminal: what is not printable becomes an escape such as ``\\n`` or ``\\u202e``."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
