"""What a system read: word by word, from files that any program can write.

CSV, TSV, JSON Lines, JSON and Parquet (told by their endings) hold one row per word, with these columns or keys; others
are ignored:

    id          of the word in its data set, as text: 007 is not 7; or, in a column ``name``, with data set and split
                before it, as `htrmodel predict` prints words of a store: imgur5k/test/73ddopW_3
    text        what the system read; an empty text is an answer, and a wrong one; NA, null and None are texts
    confidence  optional: a number; empty where it is unknown
    left_out    optional: why the system did not read the word; empty where it did

CSV is quoted as in RFC 4180. TSV knows no quoting, as IANA defines it. All text is UTF-8, with or without a mark at its
beginning.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from htrdata.errors import BadDataError, SourceMissingError, StorageError, UsageError
from htrdata.files.refusals import refusal
from htrdata.records import SPLITS
from htrmodel.judging.prediction_rows import READERS, PredictionRow

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a system read of a split.

    Attributes:
        texts: what was read, by the id of the word.
        left_out: why the system does not read a word, by its id: ``out_of_charset``, ``too_long``.
        confidences: how sure the system is, by the id of the word, on a scale of its own; words may be missing.
        by_name: the ids are names, with data set and split before the id; see `of_split`.

    Raises:
        BadDataError: a text has a lone surrogate, which is no character.
    """

    texts: Mapping[str, str]
    left_out: Mapping[str, str] = field(default_factory=dict)
    confidences: Mapping[str, float] = field(default_factory=dict)
    by_name: bool = False

    def __repr__(self) -> str:
        return f"Predictions({len(self.texts):,} words, {len(self.left_out):,} left out)"

    def __post_init__(self) -> None:
        for word_id, text in self.texts.items():
            if any("\ud800" <= character <= "\udfff" for character in text):
                raise BadDataError(f"the text of word {word_id!r} is {text!r}: a lone surrogate is no character")

    def of_split(self, dataset: str, split: str) -> tuple[Predictions, set[tuple[str, str]], int]:
        """Those of a split of a data set, by the ids of the words.

        Names say which split they are of, and a word of one id may stand in several: Imgur5K has such. Bare ids do not
        say it, and are taken for words of this split.

        Args:
            dataset: its name in the store.
            split: of the data set.

        Returns:
            The readings; the words of its other splits that there are names of, as split and id; and how many names
            are of other data sets.

        Raises:
            BadDataError: there are names, and one is no name of a word in a store.
        """
        if not self.by_name:
            return self, set(), 0
        ids: dict[str, str] = {}
        of_others: set[tuple[str, str]] = set()
        foreign = 0
        for name in {**self.texts, **self.left_out}:
            where, its_split, word_id = [*name.split("/", 2), "", ""][:3]
            if its_split not in SPLITS or not word_id:
                raise BadDataError(
                    f"{name!r} is no name of a word in a store, as imgur5k/test/73ddopW_3 is, but perhaps of an image "
                    "file: `htrmodel predict STORE --csv` names words so; or give their ids in a column id"
                )
            if where != dataset:
                foreign += 1
            elif its_split != split:
                of_others.add((its_split, word_id))
            else:
                ids[name] = word_id

        def mine(values: Mapping[str, Value]) -> dict[str, Value]:
            return {ids[name]: value for name, value in values.items() if name in ids}

        return Predictions(mine(self.texts), mine(self.left_out), mine(self.confidences)), of_others, foreign


def read_predictions(path: Path) -> Predictions:
    """Reads a file of predictions; see the module for what it must hold. Nothing in it is guessed.

    Raises:
        UsageError: the file's ending is none of those known.
        SourceMissingError: there is no such file.
        BadDataError: it is not what its format promises, lacks a column or has an id twice; the place is named.
        StorageError: it cannot be read.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UsageError(f"{path} ends in none of {', '.join(READERS)}: that is how the format of predictions is told")
    try:
        return _collect(path, reader(path))
    except FileNotFoundError:
        raise SourceMissingError(f"there are no predictions at {path}") from None
    except UnicodeDecodeError as error:
        raise BadDataError(f"{path} is not UTF-8: byte {error.start:,} ({error.reason})") from error
    except OSError as error:
        raise StorageError(f"cannot read {path}: {refusal(error, path)}") from error


def _collect(path: Path, rows: Iterable[PredictionRow]) -> Predictions:
    texts: dict[str, str] = {}
    left_out: dict[str, str] = {}
    confidences: dict[str, float] = {}
    places: dict[str, str] = {}
    by_name = False
    for row in rows:
        by_name = row.by_name
        if row.id in places:
            raise BadDataError(
                f"{path}, {row.place}: word {row.id!r} stands in {places[row.id]} already; give one reading per word"
            )
        places[row.id] = row.place
        if row.left_out:
            left_out[row.id] = row.left_out
        if row.text or not row.left_out:
            texts[row.id] = row.text
        if row.confidence is not None:
            if not math.isfinite(row.confidence):
                raise BadDataError(f"{path}, {row.place}: the confidence of word {row.id!r} is {row.confidence}")
            confidences[row.id] = row.confidence
    return Predictions(texts, left_out, confidences, by_name)
