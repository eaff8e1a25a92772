"""Finds the words of a split: in the data sets of a store, or in plain shards laid out as clova's tools read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from htrdata.errors import SourceMissingError, UsageError
from htrdata.files.regular import real_path
from htrdata.records import SPLITS, of_people
from htrdata.store.format import DATA_FILE, DATASET_FILE
from htrdata.store.reading import Store
from htrmodel.data.divisions import DividedSet, divided
from htrmodel.data.origin import Origin
from htrmodel.data.origins import PlainShards, StoredSplit

FOLDERS = {
    "train": ("train", "training"),
    "val": ("val", "validation", "valid"),
    "test": ("test", "evaluation", "testing"),
}
"""What the folder of a split of plain shards may be called: as here, or as in clova's downloads."""


def find_split(root: Path, split: str, names: Sequence[str] = ()) -> list[Origin]:
    """Finds where the words of a split are.

    Args:
        root: a store; or a folder without data sets but with ``SPLIT/NAME/…/data.mdb`` or ``SPLIT/data.mdb``, where
            SPLIT is one of `FOLDERS`.
        split: such as ``train``.
        names: the data sets wanted, in order, plain shards beside them too; empty for all data sets that have the
            split, but of drawn ones none where there are others. That of ``SPLIT/data.mdb`` is the name of the folder
            ``root``.

    Raises:
        UsageError: a data set is not there or lacks the split, none has it, two data sets that train together split
            one source differently, or a split has two folders.
        SourceMissingError: there is neither a data set nor a shard.
        BadDataError: a data set or plain shards are damaged.
    """
    store = Store(root)
    if not store.datasets:
        return _plain(root, split, names)
    with_split = [name for name, dataset in store.datasets.items() if split in dataset.splits]
    genuine = [name for name in with_split if of_people(store.datasets[name].description.drawn)]
    chosen = names or genuine or with_split
    if not chosen:
        units = dict.fromkeys(dataset.description.unit for dataset in store)
        raise UsageError(
            f"no data set in {root} has {split} {' or '.join(f'{unit}s' for unit in units)}: it has "
            f"{', '.join(store.datasets)}"
        )
    beside = [] if set(chosen) <= set(store.datasets) else shards_beside(root, split)
    plain = {name: _plain(root, split, [name])[0] for name in chosen if name in beside}
    datasets = {name: store.dataset(name) for name in chosen if name not in plain}
    if split == "train":
        check_schemes(map(divided, datasets.values()))
    return [plain[name] if name in plain else StoredSplit(datasets[name], split) for name in chosen]


def every_split(root: Path) -> list[Origin]:
    """All splits of all data sets of a store; of a folder without data sets, all shards in it or below.

    Shards in ``SPLIT/NAME/…/data.mdb`` or ``SPLIT/data.mdb`` are of that split, see `FOLDERS`; others are of none.

    Raises:
        SourceMissingError: there is neither a data set nor a shard.
        UsageError: a split has two folders.
        BadDataError: a ``dataset.json``, or a shard, is damaged.
    """
    store = Store(root)
    if store.datasets:
        return [StoredSplit(dataset, split) for dataset in store.datasets.values() for split in dataset.splits]
    laid_out = [split for split in SPLITS if any(split_folder(root, split).rglob(DATA_FILE))]
    return [origin for split in laid_out for origin in _plain(root, split, ())] or [PlainShards(root)]


def split_folder(root: Path, split: str) -> Path:
    """Where the plain shards of a split are; by its own name where there are none.

    Raises:
        UsageError: there are some in two folders.
    """
    found = [root / name for name in FOLDERS.get(split, (split,)) if any((root / name).rglob(DATA_FILE))]
    if len(found) > 1:
        raise UsageError(
            f"{' and '.join(map(str, found))} both have {split} shards: put what is meant into one of them"
        )
    return found[0] if found else root / split


def shards_beside(root: Path, split: str) -> list[str]:
    """The names of plain shards in a split of a store: what a build of `htrdata` did not put there.

    Args:
        root: the store.
        split: such as ``train``.
    """
    ours = _built(root)
    return [name for name in _names(split_folder(root, split)) if name not in ours] if ours else []


def undivided(root: Path, split: str) -> list[Origin]:
    """The plain shard of a split that is for all names at once, as that of clova's ``validation/``; or none.

    Raises:
        UsageError: the split has two folders.
        BadDataError: the shard is damaged.
    """
    whole = not _built(root) and (split_folder(root, split) / DATA_FILE).exists()
    return _plain(root, split, ()) if whole else []


def _built(root: Path) -> set[str]:
    return {file.parent.name for file in root.glob(f"*/{DATASET_FILE}")}


def _plain(root: Path, split: str, names: Sequence[str]) -> list[Origin]:
    folder = split_folder(root, split)
    own_name = real_path(root).name
    if list(names) in ([], [own_name]) and (folder / DATA_FILE).exists():
        return [PlainShards(folder, own_name, split)]
    chosen = names or _names(folder)
    if not chosen:
        raise SourceMissingError(
            f"no {split} words in {root}: it has no data set, and no {DATA_FILE} in {folder} or below; build one, for "
            "example with `htrdata imgur5k`"
        )
    return [PlainShards(folder / name, name, split) for name in chosen]


def _names(folder: Path) -> list[str]:
    """The folders within one that hold shards, or have them below."""
    parts = (file.relative_to(folder).parts for file in folder.rglob(DATA_FILE))
    return sorted({first for first, *rest in parts if rest})


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
