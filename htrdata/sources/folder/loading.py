"""From the tables of a reading to words: their images found, their ids unique, what is wrong told line by line."""

from __future__ import annotations

import itertools
import unicodedata
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from htrdata.errors import BadDataError
from htrdata.images.endings import UNREAD, ending_of
from htrdata.records import ImageFile, Reason, Word
from htrdata.sources.base import Progress
from htrdata.sources.folder.image_names import ImageNames, is_absolute, split_name
from htrdata.sources.folder.readings import Reading, ReadingPart
from htrdata.sources.folder.rows import HELD_OUT, Row, meant, split_named
from htrdata.sources.folder.splitting import Placed
from htrdata.sources.folder.texts_beside import TextsBeside
from htrdata.sources.folder.trees import Tree

_AT_ONCE = 1000  # rows that are told
_TOLD = 10  # wrong lines that are spelled out


@dataclass(slots=True)
class Loaded:
    """The words of a reading.

    Attributes:
        words: all of them, in order.
        faults: the first lines that are wrong, in words.
        wrong: how many there are.
        told: what else a person should know: sentences.
    """

    words: list[Placed] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    wrong: int = 0
    told: list[str] = field(default_factory=list)

    def dropped(self) -> Iterator[str]:
        """What was wrong with the lines that were dropped, where any was: sentences."""
        if self.wrong:
            yield f"{self.wrong:,} wrong line{'s are' if self.wrong > 1 else ' is'} dropped: {'; '.join(self.faults)}"

    def refuse(self, names: str) -> None:
        """Raises what is wrong, if anything is.

        Args:
            names: of the tables, and where they are.

        Raises:
            BadDataError: lines are wrong; the message names the first ones.
        """
        if self.wrong:
            more = f"\n  and {self.wrong - len(self.faults):,} more" if self.wrong > len(self.faults) else ""
            lines = "".join(f"\n  {fault}" for fault in self.faults)
            raise BadDataError(
                f"{names} has to be corrected: {self.wrong:,} line{'s are' if self.wrong > 1 else ' is'} wrong. "
                f"Or give --drop-wrong, which drops them, each with its reason.{lines}{more}"
            )


def load(
    tree: Tree,
    images: Tree | None,
    others: Sequence[str],
    reading: Reading,
    *,
    by_split: bool,
    progress: Progress | None = None,
) -> Loaded:
    """Reads all rows of a reading.

    Args:
        tree: the files of the tables.
        images: those of the images; None for the same.
        others: folders below it with images, each with a slash behind it.
        reading: the tables.
        by_split: whether words stay in the splits that are given: then ids need not differ between these.
        progress: told how many rows were read.

    Raises:
        BadDataError: a table is damaged.
        UsageError: a person must say which images are meant.
    """
    return _Loading(tree, images, others, by_split, _unique(reading, by_split)).load(reading, progress)


def _held_out(split: str | None, by_split: bool) -> str | None:
    """The split that tells words of one id apart: what is not held out may be dealt out anew."""
    return split if by_split and split in _HELD_OUT else None


def _unique(reading: Reading, by_split: bool) -> bool:
    """Whether the ids that the tables give to images within them tell their words within each split."""
    seen: set[tuple[str | None, str]] = set()
    for part in reading:
        for row in part.table.rows() if part.table.fingerprint else ():
            split = split_named(row.split) if row.split is not None else part.split
            key = (_held_out(split, by_split), row.id or "")
            if not row.id or key in seen:
                return False
            seen.add(key)
    return True


class _Fault(NamedTuple):
    reason: Reason
    said: str


_HELD_OUT = frozenset(("val", "test", HELD_OUT))


@dataclass(slots=True)
class _Loading:
    tree: Tree
    images: Tree | None
    others: Sequence[str]
    by_split: bool
    own_ids: bool
    found: Loaded = field(default_factory=Loaded)
    numbers: array[int] = field(default_factory=lambda: array("q"))
    seen: set[tuple[str | None, str]] = field(default_factory=set)
    same: dict[str, str] = field(default_factory=dict)

    def load(self, reading: Reading, progress: Progress | None) -> Loaded:
        several = len(reading) > 1
        for part in reading:
            names = self._names(part)
            if names and names.other_format:
                self.found.told.append(f"{part.name}: its images are there as {names.other_format}, and taken so")
            if names and names.uploaded:
                self.found.told.append(
                    f"{part.name}: its images are those without Label Studio's digits before their names"
                )
            place = f"{part.name}, " if several else ""
            for row in part.table.rows():
                if row.perhaps_names and not (isinstance(row.image, str) and names and names.find(row.image)):
                    continue
                word, fault = self._word(part, row, names)
                self.numbers.append(row.number)
                self.found.words.append(word)
                if progress is not None and len(self.numbers) % _AT_ONCE == 0:
                    progress("rows", len(self.numbers), 0)
                if fault is not None:
                    beside = isinstance(part.table, TextsBeside)
                    self._note(fault.said if beside else f"{place}line {row.number:,}: {fault.said}")
        given = {word.split for word in self.found.words}
        if HELD_OUT in given:
            self.found.words = [word._replace(split=meant(word.split, given)) for word in self.found.words]
        return self.found

    def _note(self, fault: str) -> None:
        self.found.wrong += 1
        if len(self.found.faults) < _TOLD:
            self.found.faults.append(fault)

    def _names(self, part: ReadingPart) -> ImageNames | None:
        """What finds the images that a table names; None where their paths are known."""
        if isinstance(part.table, TextsBeside):
            return None
        sample = (row.image for row in part.table.rows() if row.fault is None and isinstance(row.image, str))
        place = str(part.table.path)
        if self.images is not None:
            return ImageNames(self.images, ("",), (), sample, place)
        likely = tuple(dict.fromkeys((part.below, "")))
        others = [folder for folder in _and_above(itertools.islice(self.others, 1000)) if folder not in likely]
        return ImageNames(self.tree, likely, others, sample, place, part.split)

    def _word(self, part: ReadingPart, row: Row, names: ImageNames | None) -> tuple[Placed, _Fault | None]:
        """A row as a word, and what is wrong with it."""
        image, word_id, fault = self._image(row, names)
        if word_id is None or (part.table.fingerprint and not self.own_ids):
            word_id = f"{part.name.rpartition('.')[0] or part.name}/{row.number:07d}"
        split = part.split
        if row.split is not None:
            split = split_named(row.split)
            if split is None:
                fault = fault or _Fault(
                    Reason.NOT_IN_SPLIT, f"its split {row.split[:40]!r} is none of train, val and test"
                )
        # What is told by an id of its own, and not by its file, may be in several splits, as a page of a data set may.
        told_apart = part.table.fingerprint or row.id is not None
        key = (_held_out(split, self.by_split) if told_apart else None, word_id)
        if key in self.seen and fault is None:
            fault = _Fault(Reason.DUPLICATE_ID, f"{word_id[:200]} is in {self._first(key)} already")
        self.seen.add(key)
        word = Word(
            word_id,
            row.text or "",
            image=image,
            reason=fault.reason if fault else Reason.MISSING_ANNOTATION if row.text is None else None,
            writer=self._once(row.writer),
            extra=row.extra,
        )
        return Placed(word, split, self._once(row.page)), fault

    def _image(self, row: Row, names: ImageNames | None) -> tuple[ImageFile | None, str | None, _Fault | None]:
        """The image of a row, the id of its word where there is one, and what is wrong with it."""
        if row.fault is not None:
            return None, row.id, _Fault(row.reason, row.fault)
        if not isinstance(row.image, str):
            return row.image, row.id, None
        tree = self.tree if names is None or self.images is None else self.images
        below = row.image if names is None else names.find(row.image)
        kind = UNREAD.get(ending_of(row.image))
        if below is not None and kind is not None:
            said = f"{row.image[:200]!r} is an image that cannot be read here ({kind}): save it as PNG or JPEG"
            return None, row.id or below, _Fault(Reason.IMAGE_CORRUPT, said)
        if below is not None:
            return tree.image(below), row.id or unicodedata.normalize("NFC", below), None
        parts = split_name(row.image)
        if parts is None or is_absolute(row.image):
            return None, row.id, _Fault(Reason.INVALID_ID, f"{row.image[:80]!r} is not a path below {tree.place}")
        wanted = "/".join(parts)
        fault = _Fault(Reason.IMAGE_MISSING, f"there is no image {row.image[:200]!r} in {tree.place}")
        return tree.image(wanted), row.id or wanted, fault

    def _first(self, key: tuple[str | None, str]) -> str:
        split, word_id = key
        place = next(
            i
            for i, word in enumerate(self.found.words)
            if word.word.id == word_id and (split is None or word.split == split)
        )
        return f"line {self.numbers[place]:,}"

    def _once(self, text: str | None) -> str | None:
        """One string for all equal ones: many words have the same writer."""
        return None if text is None else self.same.setdefault(text, text)


def _and_above(folders: Iterable[str]) -> Iterator[str]:
    """Folders, and behind them those that they are in, once each."""
    found = dict.fromkeys(folders)
    above = (folder[: at + 1] for folder in list(found) for at, sign in enumerate(folder[:-1]) if sign == "/")
    return iter(found | dict.fromkeys(above))
