"""What a build may replace in a store, found out before any work: a data set that was built here, and nothing else.

A data set is recognised by its ``dataset.json``, and by what stands beside it: a file or folder that no build writes is
somebody's, and so is all that the source reads. What could keep the new data set from its place is found here, too.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from htrdata.errors import BadDataError, CannotCreateError
from htrdata.files.on_disk import FileOnDisk
from htrdata.files.regular import real_path
from htrdata.records import SPLITS, Page
from htrdata.sources.base import Source
from htrdata.store.description_file import read_description
from htrdata.store.format import DATA_FILE, DATASET_FILE, MANIFEST_FILE, REPORT_FILE

_ABOUT = re.compile("|".join(map(re.escape, (DATASET_FILE, MANIFEST_FILE, REPORT_FILE))))
_SHARDS = re.compile(rf"([0-9]{{5,}}/)?({re.escape(DATA_FILE)}|lock\.mdb)")
_INSTEAD = "choose another --out or --name"


def check_places(store: Path, name: str, inputs: Iterable[Path]) -> None:
    """Refuses a build whose data set could not stand in the store, or would take the place of something else.

    Args:
        store: the folder of the store.
        name: of the data set.
        inputs: what the source reads.

    Raises:
        CannotCreateError: it cannot; nothing was touched.
    """
    if (store / DATASET_FILE).is_file() and (store / MANIFEST_FILE).is_file():
        raise CannotCreateError(f"{store} is a data set, and no store to build {name!r} in: give --out {store.parent}")
    parents = [store, *(store / split for split in SPLITS)]
    places = [store / name, *(store / split / name for split in SPLITS)]
    there = [place for place in places if os.path.lexists(place)]
    _refuse_inputs(there, store / ".build" / name, inputs)
    for place in there:
        if place.is_symlink() or not place.is_dir():
            what = "a link" if place.is_symlink() else "no folder"
            raise CannotCreateError(f"{place} is {what}, which a data set does not take the place of: {_INSTEAD}")
    _refuse_strangers(store, name, there)
    folders = [*parents, *there, *(found for place in there for found in place.rglob("*") if found.is_dir())]
    _refuse_closed(folders)
    _refuse_other_disks(store, [*folders, store / ".build" / name])


def refuse_splits(store: Path) -> None:
    """Refuses a store within the shards of another one, where its files would belong to no data set.

    Raises:
        CannotCreateError: it is one; nothing was touched.
    """
    place = real_path(store)
    for split in (place, place.parent):
        if split.name in SPLITS and any(split.parent.glob(f"*/{DATASET_FILE}")):
            raise CannotCreateError(
                f"{store} is {'' if split == place else 'in '}the {split.name} folder of the store {split.parent}, and "
                f"no place for another one: give --out {split.parent}, or another folder"
            )


def inputs_of(source: Source, pages: Iterable[Page]) -> set[Path]:
    """The folders and files that a source reads: the paths that it holds, and the folders of its images."""
    found = set(_paths_in(source, depth=3))
    for page in pages:
        images = (page.image, *(word.image for word in page.words))
        found.update(image.path.parent for image in images if isinstance(image, FileOnDisk))
    return found


def _paths_in(value: object, depth: int) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    elif depth:
        names = [field.name for field in dataclasses.fields(value)] if dataclasses.is_dataclass(value) else []
        for one in (*(getattr(value, name, None) for name in names), *getattr(value, "__dict__", {}).values()):
            yield from _paths_in(one, depth - 1)


def _refuse_inputs(there: list[Path], workspace: Path, inputs: Iterable[Path]) -> None:
    """Refuses to replace what the source reads, a folder that holds it, or one that lies in it."""
    for read in {real_path(path) for path in inputs}:
        for place in (workspace, *there):
            mine = real_path(place)
            if read.is_relative_to(mine) or (place != workspace and mine.is_relative_to(read)):
                where = "is" if mine == read else "holds" if read.is_relative_to(mine) else "lies in"
                raise CannotCreateError(
                    f"{place} {where} what the data set is read from ({read}), and is not replaced: {_INSTEAD}"
                )


def _refuse_strangers(store: Path, name: str, there: list[Path]) -> None:
    """Refuses to replace what no build has written."""
    about = store / name / DATASET_FILE
    shards = _recorded_shards(about) if about.is_file() else None
    if there and not (about.is_file() and (shards is not None or (about.parent / MANIFEST_FILE).is_file())):
        raise CannotCreateError(f"{there[0]} is there and no part of a data set built here: move it, or {_INSTEAD}")
    for place in there:
        wanted = _ABOUT if place == store / name else _SHARDS
        for found in sorted(place.rglob("*")):
            inside = found.relative_to(place).as_posix()
            folder = found.parent.relative_to(store).as_posix()
            if found.is_dir() and not found.is_symlink():
                stranger = wanted is _ABOUT or not re.fullmatch("[0-9]{5,}", inside)
            else:
                stranger = not wanted.fullmatch(inside)
                stranger |= wanted is _SHARDS and shards is not None and folder not in shards
            if stranger:
                raise CannotCreateError(
                    f"{found} is none of what builds write, and is not removed: move it, or {_INSTEAD}"
                )


def _recorded_shards(about: Path) -> set[str] | None:
    """The folders of a data set's shards; None where its description is damaged, or of a later version."""
    try:
        return set(read_description(about).shards)
    except BadDataError:
        return None


def _refuse_closed(folders: Iterable[Path]) -> None:
    """Refuses folders that nothing may be moved into or out of."""
    for folder in folders:
        if os.path.lexists(folder) and not folder.is_dir():
            raise CannotCreateError(f"{folder} is no folder, or a link to none: {_INSTEAD}")
        if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
            raise CannotCreateError(f"{folder} must not be written to: allow it, or {_INSTEAD}")


def _refuse_other_disks(store: Path, folders: Iterable[Path]) -> None:
    """Refuses folders that nothing can be moved to in one step, since they lie on another file system."""
    disk = store.stat().st_dev
    for folder in folders:
        if folder.is_dir() and folder.stat().st_dev != disk:
            raise CannotCreateError(
                f"{folder} lies on another file system than {store}, so that a data set cannot be put there in one "
                f"step: {_INSTEAD}"
            )
