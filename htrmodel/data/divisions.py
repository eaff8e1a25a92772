"""How a data set was divided into train, val and test: one division may train on what another tests with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from htrdata.errors import BadDataError, UsageError
from htrdata.store.reading import Dataset

SYNTHETIC = "synth"
"""The source of drawn words; with a split of one's own its name goes on behind an underscore."""

# Settings of a source that choose what is taken from a page, not which split the page is in.
_NOT_THE_SPLIT = {"segmentation", "annotations", "pixels"}


@dataclass(frozen=True, slots=True)
class Division:
    """How a data set was divided.

    Attributes:
        name: of the data set in its store.
        title: of the source: what all divisions of it have in common.
        source: its name; it ends with the scheme, or with the kind of split.
        settings: what else defines the split, such as ``scheme``, ``ratio``, ``fold``, ``seed`` and ``group``.
    """

    name: str
    title: str
    source: str
    settings: Mapping[str, str]

    def __str__(self) -> str:
        details = ", ".join(f"{key} {value}" for key, value in self.settings.items())
        return f"{self.name} ({self.source}{f': {details}' if details else ''})"

    @property
    def synthetic(self) -> bool:
        """Whether its words are drawn."""
        return is_synthetic(self.source)

    def clashes(self, other: Division) -> bool:
        """Whether the other one divides the same source in another way; of drawn words no two data sets do.

        There is no end to those: other settings give other words.
        """
        if self.synthetic:
            return False
        mine, its = (self.source, dict(self.settings)), (other.source, dict(other.settings))
        return self.title == other.title and mine != its

    def to_dict(self) -> dict[str, Any]:
        """The division as JSON can hold it."""
        return asdict(self)


def is_synthetic(source: str) -> bool:
    """Whether a source, by its name, is that of drawn words."""
    return source.split("_")[0] == SYNTHETIC


def division_of(name: str, document: Mapping[str, Any]) -> Division | None:
    """The division that a ``dataset.json`` tells of; None where it has no title, and thus no known source.

    Args:
        name: of the data set.
        document: the content of the file.
    """
    title = document.get("about", {}).get("title")
    if title is None:
        return None
    settings = {key: value for key, value in document.get("settings", {}).items() if key not in _NOT_THE_SPLIT}
    return Division(name, title, document["source"], settings)


def trained_on(place: object, data: Mapping[str, Any]) -> tuple[Division, ...]:
    """The divisions that a checkpoint was trained on, those of the checkpoint it started from included.

    Args:
        place: of the checkpoint, for messages.
        data: its record of data; older and other checkpoints say nothing of divisions there.

    Raises:
        BadDataError: the record cannot be read.
    """
    try:
        return tuple(Division(**one) for one in data.get("trained_on", ()))
    except TypeError as error:
        raise BadDataError(f"{place} has a record of its training data that cannot be read: {error}") from error


def check_trained(place: object, trained: tuple[Division, ...], dataset: Division | None) -> None:
    """Refuses a data set whose source a checkpoint knows in another division.

    Args:
        place: of the checkpoint, for the message.
        trained: what the checkpoint was trained on.
        dataset: what it is to be judged by or trained on next; None where that is not known.

    Raises:
        UsageError: there is a clash.
    """
    for one in trained:
        if dataset is not None and one.clashes(dataset):
            raise UsageError(
                f"{place} was trained on {one}, which splits {one.title} otherwise than {dataset}: it may know words "
                "that are held out there; take a data set with the split that it was trained on"
            )


def dataset_division(dataset: Dataset) -> Division | None:
    """The division of a data set in a store; None where its source is not known."""
    return division_of(dataset.name, dataset.document)
