"""Opens a store for reading: its data sets, their splits, words and manifests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, overload

from htrdata.errors import SourceMissingError, StorageError, UnknownNameError, UsageError, WrongTypeError
from htrdata.files.refusals import refusal
from htrdata.records import SPLITS
from htrdata.store.description import Description
from htrdata.store.description_file import read_description
from htrdata.store.format import DATASET_FILE, MANIFEST_FILE
from htrdata.store.showing import datasets_html
from htrdata.store.words import StoredWord as StoredWord
from htrdata.store.words import Words as Words

if TYPE_CHECKING:
    import pandas as pd


def open_store(path: os.PathLike[str] | str = "lmdb") -> Store:
    """Opens a store.

    Args:
        path: the folder of the store.

    Raises:
        SourceMissingError: there is no store, or no finished data set in it.
        WrongTypeError: it is no path.
    """
    if not isinstance(path, str | os.PathLike):
        raise WrongTypeError(f"a store is opened by the path of its folder, not by {path!r}")
    store = Store(Path(path))
    if not store.datasets:
        if (store.path / DATASET_FILE).exists():
            raise SourceMissingError(f"{store.path} is a data set, not a store: name the folder that it is in")
        raise SourceMissingError(f"no data set in {store.path}: build one, for example with `htrdata imgur5k`")
    return store


class Store:
    """The finished data sets below a folder.

    ``store["imgur5k"]`` is a data set, ``store["test", "imgur5k"]`` the words of a split of it; ``for dataset in
    store`` goes through them all.

    Args:
        path: the folder of the store.

    Attributes:
        datasets: its data sets by name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.datasets: dict[str, Dataset] = {}
        for file in sorted(path.glob(f"*/{DATASET_FILE}")):
            self.datasets[file.parent.name] = Dataset(path, file.parent.name)

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r}, datasets={list(self.datasets)})"

    def _repr_html_(self) -> str:
        return datasets_html(str(self.path), self)

    def __len__(self) -> int:
        return len(self.datasets)

    def __iter__(self) -> Iterator[Dataset]:
        return iter(self.datasets.values())

    def __contains__(self, name: object) -> bool:
        return name in self.datasets

    @overload
    def __getitem__(self, key: str) -> Dataset: ...

    @overload
    def __getitem__(self, key: tuple[str, str]) -> Words: ...

    def __getitem__(self, key: str | tuple[str, str]) -> Dataset | Words:
        """A data set by its name, or the words of a split by split and name.

        Raises:
            UnknownNameError: there is no such data set, or no such split of it.
            WrongTypeError: the key is neither of both.
        """
        if isinstance(key, str):
            return self.dataset(key)
        if not (isinstance(key, tuple) and len(key) == 2 and all(isinstance(part, str) for part in key)):
            raise WrongTypeError(f"{key!r} is no key of a store: take {self._keys()}")
        split, name = key
        if split in self.datasets and name in SPLITS:
            raise UnknownNameError(f"the split comes first: store[{name!r}, {split!r}]")
        return self.dataset(name).words(split)

    def dataset(self, name: str | None = None) -> Dataset:
        """A data set by its name; where none is named, the only one.

        Raises:
            UnknownNameError: there is none of that name, or none at all.
            UsageError: none is named, and there are several.
        """
        if name is None:
            if len(self) > 1:
                names = ", ".join(self.datasets)
                raise UsageError(f"{self.path} has several data sets: name one of {names} with --name")
            if not self.datasets:
                raise UnknownNameError(f"there is no data set in {self.path}: build one, or name another store")
            return next(iter(self))
        if name in SPLITS:
            raise UnknownNameError(f"{name} is a split, no data set: take {self._keys(name)}")
        if name not in self.datasets:
            raise UnknownNameError(f"no data set {name!r} in {self.path}: it has {', '.join(self.datasets) or 'none'}")
        return self.datasets[name]

    def named_words(self) -> Iterator[tuple[str, StoredWord]]:
        """All its words, each with data set, split and id: ``imgur5k/test/73ddopW_3``."""
        return (named for dataset in self for named in dataset.named_words())

    def _keys(self, split: str = "test") -> str:
        """What to index the store by, for a message."""
        name = next(iter(self.datasets), "NAME")
        return f"store[{name!r}] for a data set, store[{split!r}, {name!r}] for the words of a split"


class Dataset:
    """One data set of a store.

    Args:
        store: the folder of the store.
        name: of the data set.

    Attributes:
        description: what its ``dataset.json`` says.

    Raises:
        BadDataError: its ``dataset.json`` is damaged, or of a format that is not known here.
        StorageError: it cannot be read.
    """

    def __init__(self, store: Path, name: str) -> None:
        self.store = store
        self.name = name
        path = store / name / DATASET_FILE
        try:
            self.description: Description = read_description(path)
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {refusal(error, path)}") from error

    def __repr__(self) -> str:
        counts = ", ".join(f"{self.count(split):,} {split}" for split in self.splits)
        return f"Dataset({self.name!r}, {counts or 'no'} {self.description.unit}s)"

    def _repr_html_(self) -> str:
        return datasets_html(str(self.store), [self])

    def __getitem__(self, split: str) -> Words:
        """The words of a split; see `words`."""
        if not isinstance(split, str):
            raise WrongTypeError(
                f"{split!r} is no split of {self.name}: it has {', '.join(self.splits)}; its words are counted within "
                f"a split, as in dataset[{next(iter(self.splits), 'train')!r}][0]"
            )
        return self.words(split)

    def named_words(self) -> Iterator[tuple[str, StoredWord]]:
        """All its words, split by split, each with data set, split and id: ``imgur5k/test/73ddopW_3``."""
        return (named for split in self.splits for named in self.words(split).named_words())

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that have words in shards."""
        return tuple(split for split in SPLITS if self.shards(split))

    @property
    def manifest_path(self) -> Path:
        """The file of the manifest."""
        return self.store / self.name / MANIFEST_FILE

    def manifest(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """The manifest, or some of its columns, as a table; see `htrdata.store.manifest`.

        Raises:
            UsageError: there is no such column.
            BadDataError: the file is missing or damaged.
        """
        import pandas as pd
        import pyarrow as pa

        from htrdata.store.manifest_reader import ManifestReader

        table = ManifestReader(self.manifest_path).table(columns)
        # Counts stay whole numbers where words that were dropped have none.
        frame: pd.DataFrame = table.to_pandas(types_mapper={pa.int32(): pd.Int32Dtype()}.get)
        return frame

    def shards(self, split: str) -> list[str]:
        """The folders of a split's shards below the store, in order."""
        return [folder for folder, shard in self.description.shards.items() if shard.split == split]

    def count(self, split: str) -> int:
        """How many words a split has in its shards; 0 where there is none of that name."""
        return sum(self.description.shards[folder].words for folder in self.shards(split))

    def words(self, split: str) -> Words:
        """The words of a split.

        Raises:
            UnknownNameError: the split has none.
        """
        folders = self.shards(split)
        if not folders:
            raise UnknownNameError(
                f"{self.name} has no {split} {self.description.unit}s in {self.store}: it has {', '.join(self.splits)}"
            )
        return Words(self, split, [(folder, self.description.shards[folder].words) for folder in folders])
