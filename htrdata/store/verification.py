"""Reads a store back and compares it with what its builds recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from htrdata.errors import BadDataError, HtrError, StorageError, lacks_memory
from htrdata.files.refusals import refusal
from htrdata.records import SPLITS
from htrdata.store.consistency import contradictions, miscounts
from htrdata.store.derived import misdescribed, too_high
from htrdata.store.description import FileRecord
from htrdata.store.digests import file_sha256
from htrdata.store.format import DATA_FILE, REPORT_FILE
from htrdata.store.manifest import CORRECTED_TEXT
from htrdata.store.manifest_reader import ManifestReader
from htrdata.store.reading import Dataset, open_store
from htrdata.store.shard_check import content_problems, image_problems, key_problems, rows_by_shard
from htrdata.store.shards import Shard, check_file
from htrdata.store.stoppable import StoppableThreads

GoOn = Callable[[], None]
"""Called between steps; raises where the work is not wanted any more."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in one data set.

    Attributes:
        name: of the data set.
        words: how many words its shards hold, as recorded.
        bytes: of its shards, as recorded.
        problems: a sentence each; empty where all is well.
    """

    name: str
    words: int
    bytes: int
    problems: tuple[str, ...]


def verify(
    store: Path | str = "lmdb", *, decode: bool = False, progress: Callable[[int, int], None] | None = None
) -> list[Checked]:
    """Checks every data set of a store: sizes, meta pages, digests, keys, labels, manifests against shards and counts.

    The description of a data set is compared with its own digest, and with all that it says of other files. A store of
    format 1 has neither that digest nor one of the report.

    Args:
        store: the folder of the store.
        decode: whether to check the digest of every image too, and decode it.
        progress: is told how many bytes of shards are checked, and how many there are.

    Raises:
        SourceMissingError: there is no store, or no data set in it.
        BadDataError: a ``dataset.json`` is damaged, or of a format that is not known here.
    """
    datasets = open_store(store).datasets.values()
    total = sum(shard.bytes for dataset in datasets for shard in dataset.description.shards.values())
    results: list[Checked] = []
    done = 0

    def checked(size: int) -> None:
        nonlocal done
        done += size
        if progress is not None:
            progress(done, total)

    for dataset in datasets:
        results.append(_check(dataset, decode, checked))
    return results


def _check(dataset: Dataset, decode: bool, checked: Callable[[int], None]) -> Checked:
    about = dataset.description
    # Hashing and reading release the interpreter's lock, so that threads are enough; the rest would only wait for it.
    with StoppableThreads() as threads:
        reading = threads.submit(_read_manifest, dataset, threads.go_on)
        hashing = {folder: threads.submit(_changes, dataset, folder, threads.go_on) for folder in about.shards}
        problems, manifest = reading.result()
        rows = rows_by_shard(manifest) if manifest is not None else None
        for folder, shard in about.shards.items():
            problems += hashing[folder].result() or _content_problems(dataset, folder, rows, decode, threads)
            checked(shard.bytes)
        problems += contradictions(about, dataset.name)
        if about.report is not None:
            problems += _file_problems(dataset.store / dataset.name / REPORT_FILE, about.report, threads.go_on)
        problems += _stray_files(dataset)
        if manifest is not None:
            problems += miscounts(about, manifest)
            problems += too_high(about, manifest)
        if manifest is not None and about.digest is None and not problems:
            problems += misdescribed(about, manifest)
    size = sum(shard.bytes for shard in about.shards.values())
    return Checked(dataset.name, about.kept, size, tuple(problems))


_COLUMNS = ["dataset", "split", "status", "reason", "text", "shard", "key", "image_sha256", "unit", "height"]
_DERIVED = ["page"]  # where the description has no digest of its own


def _read_manifest(dataset: Dataset, go_on: GoOn) -> tuple[list[str], pa.Table | None]:
    """What is wrong with the manifest, or, where nothing is, its rows."""
    problems = list(_file_problems(dataset.manifest_path, dataset.description.manifest, go_on))
    if problems:
        return problems, None
    try:
        columns = _COLUMNS if dataset.description.digest is not None else [*_COLUMNS, *_DERIVED]
        manifest = ManifestReader(dataset.manifest_path)
        if dataset.description.corrections is not None and CORRECTED_TEXT in manifest.names():
            columns = [*columns, CORRECTED_TEXT]
        return [], manifest.table(columns, use_threads=False)
    except BadDataError as error:
        return [str(error)], None


def _changes(dataset: Dataset, folder: str, go_on: GoOn) -> list[str]:
    """Whether the file of a shard is another one than was built."""
    recorded, path = dataset.description.shards[folder], dataset.store / folder / DATA_FILE
    try:
        check_file(path)
        size = path.stat().st_size
        if size != recorded.bytes:
            return [f"{path} has {size:,} bytes, recorded are {recorded.bytes:,}"]
        if file_sha256(path, go_on) != recorded.sha256:
            return [f"{path} has changed since it was built (its SHA-256 differs): copy it again, or build it again"]
    except (BadDataError, OSError) as error:
        return [_said(error, path)]
    return []


def _content_problems(
    dataset: Dataset, folder: str, rows: Mapping[str, pa.Table] | None, decode: bool, threads: StoppableThreads
) -> list[str]:
    """What is wrong in a shard whose file is the one that was built: somebody may have written all of it anew."""
    recorded, shard = dataset.description.shards[folder], Shard(dataset.store / folder)
    try:
        problems = list(key_problems(shard, folder, recorded))
        if problems or rows is None:
            return problems
        if folder not in rows:
            return [f"{folder}: the manifest has no word of it"]
        problems += content_problems(shard, folder, recorded, rows[folder])
        if decode:
            problems += image_problems(shard, folder, rows[folder], threads)
    except (BadDataError, StorageError) as error:
        return [str(error)]
    return problems


def _file_problems(path: Path, recorded: FileRecord, go_on: GoOn) -> Iterator[str]:
    try:
        if not path.exists():
            yield f"{path} is missing"
        elif path.is_file() and path.stat().st_size != recorded.bytes:
            yield f"{path} has {path.stat().st_size:,} bytes, recorded are {recorded.bytes:,}"
        elif file_sha256(path, go_on) != recorded.sha256:
            yield f"{path} has changed since it was built (its SHA-256 differs)"
    except (BadDataError, OSError) as error:
        yield _said(error, path)


def _said(error: BadDataError | OSError, path: Path) -> str:
    """What an error of reading a file says; where there is no memory for it, the file is not to blame."""
    if lacks_memory(error):
        raise error
    return str(error) if isinstance(error, HtrError) else f"{path} cannot be read: {refusal(error, path)}"


def _stray_files(dataset: Dataset) -> Iterator[str]:
    files = {dataset.store / folder / DATA_FILE for folder in dataset.description.shards}
    for split in SPLITS:
        for found in sorted((dataset.store / split / dataset.name).rglob("*")):
            if found not in files and not found.is_dir():
                yield f"{found} does not belong to the data set: remove it"
