"""All that a store knows of a word, found by its id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from htrdata.errors import UnknownNameError
from htrdata.files.strict_json import Json
from htrdata.records import SPLITS
from htrdata.store.manifest_reader import ManifestReader
from htrdata.store.reading import Dataset, Store
from htrdata.store.shards import Shard


@dataclass(frozen=True, slots=True)
class ToldWord:
    """A word of a store, kept or dropped.

    Attributes:
        dataset: its name.
        known: the columns of the manifest that say something of it, by name.
        image: the encoded image; None of a word that was dropped.
    """

    dataset: str
    known: Mapping[str, Json]
    image: bytes | None


def tell(store: Store, name: str) -> list[ToldWord]:
    """Finds the words of an id.

    Args:
        store: an opened store.
        name: the id of a word, alone, after its split, or after data set and split: ``imgur5k/test/73ddopW_3``.

    Returns:
        All words of that id: it may stand in several data sets and splits.

    Raises:
        UnknownNameError: there is none.
        BadDataError: the manifest or a shard is damaged.
    """
    found = [word for dataset in store for word in _of_dataset(dataset, name)]
    if not found:
        raise UnknownNameError(
            f"no word {name!r} in {store.path}: give an id as the manifest has it, alone or as DATASET/SPLIT/ID; "
            "`htrdata preview --where` shows words with their ids"
        )
    return found


def _of_dataset(dataset: Dataset, name: str) -> Iterator[ToldWord]:
    wanted: list[tuple[str | None, str]] = [(None, name)]
    for place in (name, name.removeprefix(f"{dataset.name}/")):
        split, _, rest = place.partition("/")
        if split in SPLITS:
            wanted.append((split, rest))
    ids = pa.array([one for _, one in wanted])
    reader = ManifestReader(dataset.manifest_path)
    for _, batch in reader.batches(reader.names()):
        for row in np.flatnonzero(pc.is_in(batch["id"], value_set=ids).to_numpy(zero_copy_only=False)).tolist():
            known = {column: value for column, value in batch.slice(row, 1).to_pylist()[0].items() if value is not None}
            if any(one == known["id"] and split in (None, known.get("split")) for split, one in wanted):
                yield ToldWord(dataset.name, _plain(known), _image(dataset, known))


def _image(dataset: Dataset, known: Mapping[str, Json]) -> bytes | None:
    folder, key = known.get("shard"), known.get("key")
    return Shard(dataset.store / folder).image(key) if isinstance(folder, str) and isinstance(key, int) else None


def _plain(known: Mapping[str, object]) -> dict[str, Json]:
    """The values as JSON has them: digests as hex."""
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in known.items()}  # type: ignore[misc]
