"""Finds the words of a split: in the data sets of a store, or in plain shards laid out as clova's tools read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from htrdata.errors import SourceMissingError, UsageError
from htrdata.files.regular import real_path
from htrdata.records import SPLITS
from htrdata.store.format import DATA_FILE
from htrdata.store.reading import Store
from htrmodel.data.divisions import DividedSet, divided
from htrmodel.data.origins import PlainShards, StoredSplit
from htrmodel.data.samples import Origin


def find_split(root: Path, split: str, names: Sequence[str] = ()) -> list[Origin]:
    """Finds where the words of a split are.

    Args:
        root: a store; or a folder without data sets but with ``SPLIT/NAME/…/data.mdb`` or ``SPLIT/data.mdb``.
        split: such as ``train``.
        names: the data sets wanted, in order; empty for all that have the split, but of drawn ones none where there
            are others. That of ``SPLIT/data.mdb`` is the name of the folder ``root``.

    Raises:
        UsageError: a data set is not there or lacks the split, none has it, or two data sets that train together split
            one source differently.
        SourceMissingError: there is neither a data set nor a shard.
    """
    store = Store(root)
    if not store.datasets:
        return _plain(root, split, names)
    with_split = [name for name, dataset in store.datasets.items() if split in dataset.splits]
    genuine = [name for name in with_split if store.datasets[name].description.drawn is None]
    chosen = names or genuine or with_split
    if not chosen:
        raise UsageError(f"no data set in {root} has {split} words: it has {', '.join(store.datasets)}")
    datasets = [store.dataset(name) for name in chosen]
    if split == "train":
        check_schemes(map(divided, datasets))
    return [StoredSplit(dataset, split) for dataset in datasets]


def every_split(root: Path) -> list[Origin]:
    """All splits of all data sets of a store; of a folder without data sets, all shards in it or below.

    Shards in ``SPLIT/NAME/…/data.mdb`` or ``SPLIT/data.mdb`` are of that split, others of none.

    Raises:
        SourceMissingError: there is neither a data set nor a shard.
        BadDataError: a ``dataset.json`` is damaged.
    """
    store = Store(root)
    if store.datasets:
        return [StoredSplit(dataset, split) for dataset in store.datasets.values() for split in dataset.splits]
    laid_out = [split for split in SPLITS if any((root / split).rglob(DATA_FILE))]
    return [origin for split in laid_out for origin in _plain(root, split, ())] or [PlainShards(root)]


def _plain(root: Path, split: str, names: Sequence[str]) -> list[Origin]:
    folder = root / split
    own_name = real_path(root).name
    if list(names) in ([], [own_name]) and (folder / DATA_FILE).exists():
        return [PlainShards(folder, own_name, split)]
    chosen = names or sorted({file.relative_to(folder).parts[0] for file in folder.rglob(DATA_FILE)})
    if not chosen:
        raise SourceMissingError(
            f"no {split} words in {root}: it has no data set, and no {DATA_FILE} in {folder} or below; build one, for "
            "example with `htrdata imgur5k`"
        )
    return [PlainShards(folder / name, name, split) for name in chosen]


def check_schemes(datasets: Iterable[DividedSet]) -> None:
    """Refuses to train on two splits of one corpus: each of IAM's two schemes trains on forms that the other holds out.

    Raises:
        UsageError: two data sets are of one corpus, but split in different ways.
    """
    first_of: dict[str, DividedSet] = {}
    for one in datasets:
        first = first_of.setdefault(one.division.corpus, one)
        if first.clashes(one):
            raise UsageError(
                f"{first} and {one} split one corpus ({one.division.corpus}) differently: one trains on what the other "
                "tests with; choose one of them with --mix"
            )
