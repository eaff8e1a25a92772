"""How data sets were divided into train, val and test: one division may train on what another tests with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from htrdata.errors import BadDataError, UsageError
from htrdata.files.strict_json import Json
from htrdata.files.typed_json import decode, encode, later
from htrdata.records import Division
from htrdata.store.format import FORMAT_1
from htrdata.store.format_1 import division_of_1, drawn_of_1
from htrdata.store.reading import Dataset


@dataclass(frozen=True, slots=True)
class DividedSet:
    """A data set, as far as its splits are concerned.

    Attributes:
        name: in its store.
        division: how its corpus was divided.
        drawn: what of it a program has drawn; None where nothing is.
        of_format_1: whether that was found out from what an older version recorded, which said less.
    """

    name: str
    division: Division
    drawn: str | None
    of_format_1: bool = later(bool, compare=False)

    def __str__(self) -> str:
        return f"{self.name} ({self.division})"

    def clashes(self, other: DividedSet) -> bool:
        """Whether the other one divides the same corpus in another way."""
        return self.division.corpus == other.division.corpus and self.division != other.division

    def to_json(self) -> Json:
        """The data set as the record of a checkpoint holds it."""
        return encode(replace(self, of_format_1=False))


@dataclass(frozen=True, slots=True)
class _OldRecord:
    """As checkpoints recorded it that were trained on stores of format 1."""

    name: str
    title: str
    source: str
    settings: Mapping[str, str]


def divided(dataset: Dataset) -> DividedSet:
    """How a data set of a store was divided."""
    about = dataset.description
    return DividedSet(dataset.name, about.division, about.drawn, about.format == FORMAT_1)


def trained_on(place: object, data: Mapping[str, Any]) -> tuple[DividedSet, ...]:
    """The data sets that a checkpoint was trained on, those of the checkpoint it started from included.

    Args:
        place: of the checkpoint, for messages.
        data: its record of data; older and other checkpoints say nothing of divisions there.

    Raises:
        BadDataError: the record cannot be read.
    """
    records = data.get("trained_on", [])
    if not isinstance(records, list | tuple):
        raise BadDataError(f"{place} has a record of its training data that cannot be read: {records!r} is no list")
    return tuple(_read(place, record) for record in records)


def _read(place: object, record: object) -> DividedSet:
    where, remedy = f"{place} has a record of its training data that cannot be read", "take another checkpoint"
    if isinstance(record, Mapping) and "division" in record:
        return decode(record, DividedSet, where, remedy)
    old = decode(record, _OldRecord, where, remedy)
    return DividedSet(old.name, division_of_1(old.title, old.source, old.settings), drawn_of_1(old.source), True)


def check_trained(place: object, trained: tuple[DividedSet, ...], dataset: DividedSet) -> None:
    """Refuses a data set whose corpus a checkpoint knows in another division.

    Args:
        place: of the checkpoint, for the message.
        trained: what the checkpoint was trained on.
        dataset: what it is to be judged by or trained on next.

    Raises:
        UsageError: there is a clash.
    """
    for one in trained:
        if one.clashes(dataset) and dataset.of_format_1:
            raise UsageError(
                f"{place} was trained on {one}, and {dataset.name} was built by an older version of htrdata, whose "
                f"record of its split ({dataset.division}) does not tell whether it is the same one: build it again "
                "with this version (--overwrite), and its words can be compared"
            )
        if one.clashes(dataset):
            raise UsageError(
                f"{place} was trained on {one}, which splits {one.division.corpus} otherwise than {dataset}: it may "
                "know words that are held out there; take a data set with the split that it was trained on"
            )
