"""IAM's annotations in lists: ``words.txt``, ``lines.txt``, and ``forms.txt`` for the writers.

All may be UTF-8 or Latin-1, with LF or CRLF; rows that begin with ``#`` are comments. The others are::

    id flag threshold x y w h tag transcription             of a word
    id flag threshold components x y w h transcription      of a line
    id writer …                                             of a form

``flag`` is the segmentation of the line, ``ok`` or ``err``; ``threshold`` the grey level at which it was binarised; the
box is ``-1 -1 -1 -1`` where there is no component. The transcription of a word is all that follows the tag, spaces
included; in that of a line ``|`` stands between the words. The comment at the head of ``words.txt`` promises one more
field, a count of components, which the rows do not have.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from htrdata.errors import BadDataError
from htrdata.records import Box, Unit, Word

SEGMENTATIONS = ("ok", "err")
FURTHEST = 1_000_000
"""Pixels: no number of IAM is larger; what is of some hundred digits is not to be counted with."""

_FIELDS = 9


def read_words(data: bytes, name: str, writers: Mapping[str, str], unit: Unit = "word") -> Iterator[Word]:
    """Reads ``words.txt`` or ``lines.txt``.

    Args:
        data: the file.
        name: what messages call it.
        writers: the writer of each form, see `read_writers`.
        unit: what its rows are.

    Yields:
        Words in order, with the extra columns of `htrdata.sources.iam`. Ids are not checked.

    Raises:
        BadDataError: a row has other fields; the message names it.
    """
    for number, row in _rows(data):
        fields = row.split(None, _FIELDS - 1)
        if len(fields) != _FIELDS:
            raise BadDataError(f"{name}, line {number}: {row[:80]!r} is not a {unit} of IAM; is the file cut off?")
        own_id, flag, threshold, *others = fields
        if flag not in SEGMENTATIONS:
            raise BadDataError(f"{name}, line {number}: the segmentation is {flag!r}, neither ok nor err")
        box, tag, text = (others[:4], others[4], others[5]) if unit == "word" else (others[1:5], "", others[5])
        try:
            grey, x, y, w, h = numbers = tuple(map(int, (threshold, *box)))
            sound = max(numbers) <= FURTHEST and min(numbers) >= -FURTHEST
        except ValueError:
            sound = False
        if not sound:
            given = " ".join((threshold, *box))[:80]
            raise BadDataError(f"{name}, line {number}: threshold and box {given!r} are not five integers of IAM")
        line_id = own_id.rpartition("-")[0] if unit == "word" else own_id
        extra = {"segmentation": flag, "threshold": sys.intern(str(grey))}
        if unit == "word":
            extra = {"line": line_id, **extra, "tag": sys.intern(tag)}
        else:
            text = text.replace("|", " ")
        place = None if w < 0 or h < 0 else Box(x + w / 2, y + h / 2, w, h)
        writer = writers.get(line_id.rpartition("-")[0])
        yield Word(own_id, text, place, writer=writer, extra=extra, ink_threshold=grey)


def read_writers(data: bytes, name: str) -> dict[str, str]:
    """Reads ``forms.txt``: the writer of each form. The further fields of its rows do not count.

    Raises:
        BadDataError: a row has too few fields.
    """
    writers: dict[str, str] = {}
    for number, row in _rows(data):
        fields = row.split(None, 2)
        if len(fields) < 2:
            raise BadDataError(f"{name}, line {number}: {row[:80]!r} is not a form and its writer")
        writers[fields[0]] = sys.intern(fields[1])
    return writers


def ids(data: bytes) -> Iterator[str]:
    """The first field of each row, whatever the list."""
    return (row.split(None, 1)[0] for _, row in _rows(data))


def _rows(data: bytes) -> Iterator[tuple[int, str]]:
    """The rows that say something, with their numbers from 1, without their ends."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    for number, row in enumerate(text.split("\n"), 1):
        row = row.removesuffix("\r")
        if row.strip() and not row.startswith("#"):
            yield number, row
