r"""Words by pattern: ``{hour}:{minute:02d}`` is a time, ``"{word},`` a word that opens a quotation.

A pattern is text in the language of ``str.format``; its fields are the tables of ``tables.py``, and each field is a
pick of its own: ``{word}-{word}`` joins two different words. A pattern that is listed ``n`` times, or with ``n*``
before it, comes ``n`` times as often as one that is listed once.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Table = Sequence[str] | Sequence[int]
"""What a field is picked from, each entry as likely as another."""

MAX_FIELDS = 4
"""The most fields of a pattern."""

_TIMES = re.compile(r"(\d+)\*(?=.)")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern whose fields are found.

    Attributes:
        text: for ``str.format``, its fields numbered.
        tables: what each field is picked from, in the order of the fields.
    """

    text: str
    tables: tuple[Table, ...]

    def fill(self, chances: Sequence[float]) -> str:
        """Writes the word that some chances make.

        Args:
            chances: in [0, 1), one for each field at least.
        """
        return self.text.format(
            *[table[int(chance * len(table))] for table, chance in zip(self.tables, chances, strict=False)]
        )


def compile_pattern(text: str, tables: Mapping[str, Table]) -> Pattern:
    """Finds the tables of a pattern.

    Args:
        text: the pattern.
        tables: by the name of the field.

    Raises:
        KeyError: there is no table for a field.
        ValueError: the pattern has more than ``MAX_FIELDS`` fields.
    """
    parts: list[str] = []
    used: list[Table] = []
    for literal, field, form, _ in string.Formatter().parse(text):
        parts.append(literal.replace("{", "{{").replace("}", "}}"))
        if field is not None:
            parts.append(f"{{{len(used)}:{form}}}" if form else f"{{{len(used)}}}")
            used.append(tables[field])
    if len(used) > MAX_FIELDS:
        raise ValueError(f"the pattern {text!r} has {len(used)} fields: give it {MAX_FIELDS} at most")
    return Pattern("".join(parts), tuple(used))


def compile_patterns(text: str, tables: Mapping[str, Table]) -> tuple[Pattern, ...]:
    """Reads patterns with white space between them.

    Args:
        text: the patterns; ``3*{word}`` stands for three times ``{word}``.
        tables: by the name of the field.

    Raises:
        KeyError: there is no table for a field.
        ValueError: a pattern has more than ``MAX_FIELDS`` fields.
    """
    found: list[Pattern] = []
    for item in text.split():
        times = _TIMES.match(item)
        pattern = compile_pattern(item[times.end() :] if times else item, tables)
        found += [pattern] * (int(times[1]) if times else 1)
    return tuple(found)
