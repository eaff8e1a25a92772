"""IAM's annotations in lines: ``words.txt``, and ``forms.txt`` for the writers.

Both may be UTF-8 or Latin-1, with LF or CRLF; lines that begin with ``#`` are comments. A word's line is::

    id flag threshold x y w h tag transcription

``flag`` is the segmentation of the word's line, ``ok`` or ``err``; ``threshold`` the grey level at which that line was
binarised; the box is ``-1 -1 -1 -1`` where the word has no component. The transcription is all that follows the tag,
spaces included. The comment at the head promises one more field, a count of components, which the lines do not have.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from htrdata.errors import BadDataError
from htrdata.records import Box, Word

SEGMENTATIONS = ("ok", "err")
_FIELDS = 9


def read_words(data: bytes, name: str, writers: Mapping[str, str]) -> dict[str, list[Word]]:
    """Reads ``words.txt``.

    Args:
        data: the file.
        name: what messages call it.
        writers: the writer of each form, see `read_writers`.

    Returns:
        For each form its words in order, with the extra columns of `htrdata.sources.iam`. Ids are not checked.

    Raises:
        BadDataError: a line has other fields; the message names it.
    """
    forms: dict[str, list[Word]] = {}
    for number, line in _lines(data):
        fields = line.split(None, _FIELDS - 1)
        if len(fields) != _FIELDS:
            raise BadDataError(f"{name}, line {number}: {line[:80]!r} is not a word of IAM; is the file cut off?")
        word_id, flag, threshold, *box, tag, text = fields
        if flag not in SEGMENTATIONS:
            raise BadDataError(f"{name}, line {number}: the segmentation is {flag!r}, neither ok nor err")
        try:
            grey, x, y, w, h = map(int, (threshold, *box))
        except ValueError:
            numbers = " ".join((threshold, *box))
            raise BadDataError(f"{name}, line {number}: threshold and box {numbers!r} are not five integers") from None
        line_id = word_id.rpartition("-")[0]
        form = line_id.rpartition("-")[0]
        extra = {"line": line_id, "segmentation": flag, "threshold": sys.intern(str(grey)), "tag": sys.intern(tag)}
        place = None if w < 0 or h < 0 else Box(x + w / 2, y + h / 2, w, h)
        word = Word(word_id, text, place, writer=writers.get(form), extra=extra, ink_threshold=grey)
        forms.setdefault(form, []).append(word)
    return forms


def read_writers(data: bytes, name: str) -> dict[str, str]:
    """Reads ``forms.txt``: the writer of each form. The further fields of its lines do not count.

    Raises:
        BadDataError: a line has too few fields.
    """
    writers: dict[str, str] = {}
    for number, line in _lines(data):
        fields = line.split()
        if len(fields) < 2:
            raise BadDataError(f"{name}, line {number}: {line[:80]!r} is not a form and its writer")
        writers[fields[0]] = sys.intern(fields[1])
    return writers


def _lines(data: bytes) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers from 1, without their ends."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if line.strip() and not line.startswith("#"):
            yield number, line
