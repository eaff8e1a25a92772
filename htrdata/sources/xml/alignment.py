"""Where the words of a line are, as ``htrmodel align`` found them: a Parquet file with a row for each word.

Columns: ``line`` (the line's id in the store it was made from), ``split``, ``word`` (its number in the line, from 0),
``text``, ``xc``, ``yc``, ``w``, ``h``, ``angle`` (see `htrdata.records.Box`; null where it could not be aligned),
``score`` (mean log-probability of its letters), ``reason`` (why it could not be aligned, else null). A word is what
stands between spaces.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

from htrdata.errors import BadDataError, SourceMissingError
from htrdata.files.regular import read_regular
from htrdata.records import Box, Reason
from htrdata.sources.xml.geometry import is_near

MOST = 1 << 30
"""Bytes of the file; a million words have some fifty million."""

COLUMNS = ("line", "split", "word", "text", "xc", "yc", "w", "h", "angle", "score", "reason")


@dataclass(frozen=True, slots=True)
class AlignedWord:
    """One word of a line.

    Attributes:
        text: of the word.
        box: where it is; None where it could not be aligned.
        score: mean log-probability of its letters, 0 or less; None without a box.
    """

    text: str
    box: Box | None
    score: float | None

    def reason(self, least_score: float) -> Reason | None:
        """Why it is not used, where only cuts of a score are."""
        if self.box is None or self.score is None:
            return Reason.NOT_ALIGNED
        return Reason.UNSURE_CUT if self.score < least_score else None


@dataclass(frozen=True)
class Alignment:
    """The file; it is read when it is first needed.

    Attributes:
        path: of the file.
    """

    path: Path

    @functools.cached_property
    def sha256(self) -> str:
        """Of the file, in hex.

        Raises:
            SourceMissingError: there is no such file.
        """
        return hashlib.sha256(self._data).hexdigest()

    @functools.cached_property
    def _data(self) -> bytes:
        try:
            return read_regular(self.path, MOST)
        except FileNotFoundError:
            raise SourceMissingError(
                f"no alignment at {self.path}: `htrmodel align STORE --out FILE` makes it"
            ) from None

    @functools.cached_property
    def _lines(self) -> dict[str, tuple[AlignedWord, ...]]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(pa.BufferReader(self._data))
        except pa.ArrowInvalid as error:
            raise BadDataError(f"{self.path} is no alignment: {error}") from error
        if missing := [name for name in COLUMNS if name not in table.column_names]:
            raise BadDataError(f"{self.path} is no alignment: it has no column {missing[0]!r}")
        lines: dict[str, list[AlignedWord]] = {}
        rows = zip(*(table.column(name).to_pylist() for name in COLUMNS), strict=True)
        for line, _, number, text, xc, yc, w, h, angle, score, _reason in rows:
            words = lines.setdefault(line, [])
            if number != len(words):
                raise BadDataError(f"{self.path}: word {number} of line {line!r} follows {len(words)} others")
            words.append(AlignedWord(text, None if xc is None else Box(xc, yc, w, h, angle), score))
        return {line: tuple(words) for line, words in lines.items()}

    def words(self, line: str, text: str, place: Box | None = None) -> tuple[AlignedWord, ...]:
        """The words of a line; without boxes where the alignment does not have the line.

        Args:
            line: the id of the line.
            text: its transcription, which must be that of the alignment.
            place: where it is, which must be where the alignment found it; None where nobody knows.

        Raises:
            SourceMissingError: there is no such file.
            BadDataError: the file is no alignment, or was made from another transcription, or from a picture of another
                size.
        """
        tokens = text.split()
        aligned = self._lines.get(line)
        if aligned is None:
            return tuple(AlignedWord(token, None, None) for token in tokens)
        if [word.text for word in aligned] != tokens:
            there = " ".join(word.text for word in aligned)
            raise BadDataError(f"{self.path}: line {line!r} is {there!r} there, but {text!r} here: align it anew")
        if place is not None and any(word.box is not None and not is_near(place, word.box) for word in aligned):
            raise BadDataError(
                f"{self.path}: words of line {line!r} lie outside of it, as if it had been moved or its picture had "
                "been scaled since: align it anew"
            )
        return aligned
