"""Opens a store for reading: its data sets, their splits, words and manifests."""

from __future__ import annotations

import bisect
import io
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from PIL import Image

from htrdata.errors import BadDataError, SourceMissingError, UsageError
from htrdata.records import SPLITS
from htrdata.store.format import DATASET_FILE, MANIFEST_FILE
from htrdata.store.shards import Shard

if TYPE_CHECKING:
    import pandas as pd


def open_store(path: Path | str = "lmdb") -> Store:
    """Opens a store.

    Raises:
        SourceMissingError: there is no store, or no finished data set in it.
    """
    store = Store(Path(path))
    if not store.datasets:
        if (store.path / DATASET_FILE).exists():
            raise SourceMissingError(f"{store.path} is a data set, not a store: name the folder that it is in")
        raise SourceMissingError(f"no data set in {store.path}: build one, for example with `htrdata imgur5k`")
    return store


class Store:
    """The finished data sets below a folder.

    ``store["test", "imgur5k"]`` gives the words of a split.

    Args:
        path: the folder of the store.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.datasets: dict[str, Dataset] = {}
        for file in sorted(path.glob(f"*/{DATASET_FILE}")):
            self.datasets[file.parent.name] = Dataset(path, file.parent.name)

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r}, datasets={list(self.datasets)})"

    def __getitem__(self, key: tuple[str, str]) -> Words:
        split, name = key
        return self.dataset(name).words(split)

    def dataset(self, name: str) -> Dataset:
        """A data set by its name.

        Raises:
            UsageError: there is none of that name.
        """
        if name not in self.datasets:
            raise UsageError(f"no data set {name!r} in {self.path}: it has {', '.join(self.datasets) or 'none'}")
        return self.datasets[name]


class Dataset:
    """One data set of a store.

    Args:
        store: the folder of the store.
        name: of the data set.

    Raises:
        BadDataError: its ``dataset.json`` is damaged.
    """

    def __init__(self, store: Path, name: str) -> None:
        self.store = store
        self.name = name
        path = store / name / DATASET_FILE
        try:
            self.document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            self._shards: dict[str, Any] = self.document["shards"]
        except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
            raise BadDataError(f"{path} is damaged ({error!r}): build the data set again with --overwrite") from error

    def __repr__(self) -> str:
        return f"Dataset({self.name!r}, kept={self.document['kept']})"

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
            BadDataError: the file is missing or damaged.
        """
        import pandas as pd
        import pyarrow as pa

        from htrdata.store.manifest import read_manifest

        try:
            table = read_manifest(self.manifest_path, columns)
        except (OSError, pa.ArrowInvalid) as error:
            raise BadDataError(f"{self.manifest_path} is missing or damaged ({error}): build it again") from error
        # Counts stay whole numbers where words that were dropped have none.
        frame: pd.DataFrame = table.to_pandas(types_mapper={pa.int32(): pd.Int32Dtype()}.get)
        return frame

    def shards(self, split: str) -> list[str]:
        """The folders of a split's shards below the store, in order."""
        return [folder for folder, shard in self._shards.items() if shard["split"] == split]

    def words(self, split: str) -> Words:
        """The words of a split.

        Raises:
            UsageError: the split has none.
        """
        folders = self.shards(split)
        if not folders:
            raise UsageError(f"{self.name} has no {split} words in {self.store}: it has {', '.join(self.splits)}")
        return Words(self, split, [(folder, self._shards[folder]["words"]) for folder in folders])


@dataclass(frozen=True, slots=True)
class StoredWord:
    """One word of a store.

    Attributes:
        id: the source's own.
        text: the label.
        encoded: the image as it is in the shard, JPEG or PNG.
    """

    id: str
    text: str
    encoded: bytes

    @property
    def image(self) -> Image.Image:
        """The image, opened with Pillow."""
        return Image.open(io.BytesIO(self.encoded), formats=("JPEG", "PNG"))


class Words(Sequence[StoredWord]):
    """The words of one split of a data set, in the order of the shards. Can be pickled and carried through a fork."""

    def __init__(self, dataset: Dataset, split: str, shards: list[tuple[str, int]]) -> None:
        self._dataset = dataset
        self._split = split
        self._shards = [Shard(dataset.store / folder) for folder, _ in shards]
        self._ends = list(itertools.accumulate(count for _, count in shards))
        self._ids: list[str] | None = None

    def __len__(self) -> int:
        return self._ends[-1]

    @overload
    def __getitem__(self, position: int) -> StoredWord: ...

    @overload
    def __getitem__(self, position: slice) -> list[StoredWord]: ...

    def __getitem__(self, position: int | slice) -> StoredWord | list[StoredWord]:
        if isinstance(position, slice):
            return [self[i] for i in range(*position.indices(len(self)))]
        if not -len(self) <= position < len(self):
            raise IndexError(f"word {position} of {len(self)}")
        position %= len(self)
        number = bisect.bisect_right(self._ends, position)
        index = position - (self._ends[number - 1] if number else 0) + 1
        shard = self._shards[number]
        return StoredWord(self.ids[position], shard.label(index), shard.image(index))

    def __iter__(self) -> Iterator[StoredWord]:
        return (self[position] for position in range(len(self)))

    @property
    def ids(self) -> list[str]:
        """The ids of the words, from the manifest."""
        if self._ids is None:
            manifest = self._dataset.manifest(["id", "split", "status"])
            chosen = manifest[(manifest["split"] == self._split) & (manifest["status"] == "kept")]
            self._ids = chosen["id"].tolist()
        return self._ids
