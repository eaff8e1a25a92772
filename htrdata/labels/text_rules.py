"""Rules that fold the signs of a transcription, as tables that others can use too: those of chocomufin.

A table (https://github.com/PonteIneptique/choco-mufin) is CSV in UTF-8 with a header. ``char`` is what is looked for
and ``replacement`` what comes in its place; both may begin with a dotted circle that carries a combining mark. Where
``regex`` is ``true`` they are a regular expression and its template. Where ``allow`` is ``true`` the row only says that
a character may stand. All other columns are comments.

    char,name,replacement,regex,allow
    ¬,NOT SIGN,-,,
    ﬀ,LATIN SMALL LIGATURE FF,ff,,
    \\^(\\w+),superscript,\\1,true,
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from htrdata.errors import BadDataError, SourceMissingError, StorageError

_CARRIER = "◌"
_YES, _NO = frozenset({"true", "1", "yes"}), frozenset({"", "false", "0", "no"})


class Rule(NamedTuple):
    """One row of a table: what is looked for, as it stands there and as a pattern, and the template in its place."""

    sign: str
    pattern: re.Pattern[str]
    replacement: str


@dataclass(frozen=True)
class TextRules:
    """Rules, in the order in which they are applied: each one to what those before it left.

    Attributes:
        rules: those that replace something.
        digest: SHA-256 of the table, in hex.
    """

    rules: tuple[Rule, ...]
    digest: str

    def fold(self, text: str, counts: Counter[str]) -> str:
        """Applies the rules to a transcription, in NFC, and counts how often each one found something.

        Args:
            text: the transcription.
            counts: of each rule, by its sign.
        """
        text = unicodedata.normalize("NFC", text)
        for rule in self.rules:
            text, found = rule.pattern.subn(rule.replacement, text)
            if found:
                counts[rule.sign] += found
        return text


def read_text_rules(path: Path) -> TextRules:
    """Reads a table.

    Raises:
        SourceMissingError: there is no such file.
        StorageError: it cannot be read.
        BadDataError: it is no such table; the line is named.
    """
    try:
        if not path.is_file() and path.exists():  # reading a pipe or a device would never end
            raise BadDataError(f"{path} is no file: name a table of text rules")
        data = path.read_bytes()
        lines = data.decode("utf-8-sig").splitlines(keepends=True)
    except FileNotFoundError:
        raise SourceMissingError(f"there are no text rules at {path}") from None
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadDataError(f"{path} is not UTF-8: byte {error.start:,} ({error.reason})") from error
    table = csv.DictReader(lines, strict=True, restval="")
    try:
        if missing := {"char", "replacement"} - set(table.fieldnames or ()):
            raise BadDataError(f"{path}: text rules need the columns char and replacement; {min(missing)} is missing")
        rules = [_rule(row, f"{path}, line {table.line_num}") for row in table]
    except csv.Error as error:
        raise BadDataError(f"{path}, line {table.line_num}: {error}; is every quoted field closed?") from error
    return TextRules(tuple(rule for rule in rules if rule is not None), hashlib.sha256(data).hexdigest())


def _rule(row: dict[str, str], where: str) -> Rule | None:
    """The rule of a row; None where it replaces nothing."""
    sign = row["char"]
    is_regex, allowed = (_is_true(row.get(column) or "", column, where) for column in ("regex", "allow"))
    if not sign:
        raise BadDataError(f"{where}: char is empty; say what is looked for")
    if allowed:
        return None
    char, replacement = (unicodedata.normalize("NFC", row[column]) for column in ("char", "replacement"))
    if not is_regex:
        char, replacement = (_without_carrier(text) for text in (char, replacement))
        return (
            None if char == replacement else Rule(sign, re.compile(re.escape(char)), replacement.replace("\\", r"\\"))
        )
    try:
        pattern = re.compile(char)
        pattern.sub(replacement, "")  # which reads the template
    except (re.error, IndexError) as error:
        raise BadDataError(f"{where}: {sign!r} to {row['replacement']!r} is no regular expression: {error}") from error
    return Rule(sign, pattern, replacement)


def _without_carrier(text: str) -> str:
    return text[1:] if len(text) > 1 and text[0] == _CARRIER and unicodedata.combining(text[1]) else text


def _is_true(value: str, column: str, where: str) -> bool:
    if value.strip().lower() not in _YES | _NO:
        raise BadDataError(f"{where}: {column} is {value!r}; write true, or leave it empty")
    return value.strip().lower() in _YES
