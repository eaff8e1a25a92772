"""Which split is meant: of a store that is open or a path, of the only data set or of one that is named."""

from __future__ import annotations

from os import PathLike
from typing import TypeAlias

from htrdata.errors import UsageError, WrongTypeError
from htrdata.store.reading import Dataset, Store, open_store
from htrdata.store.words import Words

Data: TypeAlias = "Words | Dataset | Store | PathLike[str] | str"
"""What can be judged by: the words of a split, a data set, a store, or the path of a store."""


def which_split(data: Data, name: str | None = None, split: str | None = None) -> tuple[Dataset, str]:
    """Finds the data set and the split that are meant.

    Args:
        data: the words of a split, all of them; a data set; a store; or its path.
        name: of the data set in a store; None for the only one.
        split: of the data set; None for that of the words, or for ``test``.

    Raises:
        SourceMissingError: there is no store.
        UsageError: these are a part of a split, the store has several data sets, there is none of that name, or what is
            named is not what was given.
        WrongTypeError: it is none of what can be judged by.
    """
    if isinstance(data, Words):
        if not data.whole:
            raise UsageError(f"{data!r} are a part of a split: judge by all of it, dataset[{data.split!r}]")
        if split not in (None, data.split):
            raise UsageError(f"{data!r} are not of {split}: name no split, or give the data set")
        return _named(data.dataset, name), data.split
    if isinstance(data, Dataset):
        return _named(data, name), split or "test"
    if isinstance(data, str | PathLike):
        data = open_store(data)
    elif not isinstance(data, Store):
        raise WrongTypeError(
            f"{data!r} is nothing to judge by: give a store or its path, a data set, or store[split, name]"
        )
    return data.dataset(name), split or "test"


def _named(dataset: Dataset, name: str | None) -> Dataset:
    if name not in (None, dataset.name):
        raise UsageError(f"{dataset!r} was given, but {name!r} named: give the store, or name none")
    return dataset
