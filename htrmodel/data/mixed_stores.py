"""The data sets that a training takes: of one store, and of others whose paths are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from htrdata.errors import UsageError
from htrdata.files.regular import real_path
from htrdata.store.format import DATASET_FILE
from htrmodel.data.origin import Origin
from htrmodel.data.splits import check_schemes, find_split


@dataclass(frozen=True, slots=True)
class Mixed:
    """What one name of a mix stands for.

    Attributes:
        store: that it is in.
        train: its words to train on: those of a data set, or of each of a store's.
    """

    store: Path
    train: list[Origin]


def find_mixed(root: Path, names: Sequence[str]) -> list[Mixed]:
    """Finds the words to train on.

    Args:
        root: the store that names without a slash are of.
        names: of its data sets, or with a slash paths: ``OTHER/NAME`` of a data set of another store, or ``./OTHER`` of
            another store; empty for what `find_split` takes of the store then.

    Returns:
        What each name stands for, in their order; where there are no names, all in one.

    Raises:
        UsageError: as `find_split`; or two data sets have one name, so that figures could not say whose they are.
        SourceMissingError: there is neither a data set nor a shard.
        BadDataError: a data set is damaged.
    """
    if not any("/" in name for name in names):
        found = find_split(root, "train", list(names))
        return [Mixed(root, [one]) for one in found] if names else [Mixed(root, found)]
    mixed = [_find(root, name) for name in names]
    origins = [one for place in mixed for one in place.train]
    check_schemes(one.divided for one in origins if one.divided is not None)
    stores: dict[str, Path] = {}
    for place in mixed:
        for one in place.train:
            first = stores.setdefault(one.name, place.store)
            if first is not place.store:
                raise UsageError(
                    f"{one.name} is in {first} and in {place.store}: figures could not say whose they are; build one "
                    "of them under another name (--name)"
                )
    return mixed


def _find(root: Path, name: str) -> Mixed:
    if "/" not in name:
        return Mixed(root, find_split(root, "train", [name]))
    path = Path(name)
    if (path / DATASET_FILE).exists() or not any(path.glob(f"*/{DATASET_FILE}")):
        return Mixed(path.parent, find_split(path.parent, "train", [real_path(path).name]))
    return Mixed(path, find_split(path, "train"))
