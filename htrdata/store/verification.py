"""Reads a store back and compares it with what its builds recorded."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from htrdata.errors import HtrError
from htrdata.images import codec
from htrdata.records import SPLITS
from htrdata.store.consistency import contradictions, miscounts
from htrdata.store.description import FileRecord, ShardRecord
from htrdata.store.digests import digest_of_columns, file_sha256
from htrdata.store.format import DATA_FILE, REPORT_FILE
from htrdata.store.manifest_reader import ManifestReader
from htrdata.store.reading import Dataset, open_store
from htrdata.store.shards import COUNT_KEY, Shard, check_file, image_key, label_key, sample_keys

_MOST = 5  # problems of one kind that are spelled out for one shard


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
    shards = dataset.description.shards
    # Hashing and reading release the interpreter's lock, so that threads are enough.
    with ThreadPoolExecutor() as threads:
        reading = threads.submit(_read_manifest, dataset)
        jobs = [threads.submit(_shard_problems, dataset, folder, reading, decode) for folder in shards]
        problems, manifest = list(reading.result()[0]), reading.result()[1]
        for job, shard in zip(jobs, shards.values(), strict=True):
            problems += job.result()
            checked(shard.bytes)
    about = dataset.description
    problems += contradictions(about, dataset.name)
    if about.report is not None:
        problems += _file_problems(dataset.store / dataset.name / REPORT_FILE, about.report)
    problems += _stray_files(dataset)
    if manifest is not None:
        problems += miscounts(about, manifest)
    size = sum(shard.bytes for shard in shards.values())
    return Checked(dataset.name, about.kept, size, tuple(problems))


_COLUMNS = ["dataset", "split", "status", "reason", "text", "shard", "key", "image_sha256", "unit"]


def _read_manifest(dataset: Dataset) -> tuple[list[str], pa.Table | None]:
    """What is wrong with the manifest, or, where nothing is, its rows."""
    problems = list(_file_problems(dataset.manifest_path, dataset.description.manifest))
    if problems:
        return problems, None
    try:
        return [], ManifestReader(dataset.manifest_path).table(_COLUMNS)
    except HtrError as error:
        return [str(error)], None


def _file_problems(path: Path, recorded: FileRecord) -> Iterator[str]:
    if not path.exists():
        yield f"{path} is missing"
    elif not path.is_file():
        yield f"{path} is no file"
    elif path.stat().st_size != recorded.bytes:
        yield f"{path} has {path.stat().st_size:,} bytes, recorded are {recorded.bytes:,}"
    elif file_sha256(path) != recorded.sha256:
        yield f"{path} has changed since it was built (its SHA-256 differs)"


def _stray_files(dataset: Dataset) -> Iterator[str]:
    files = {dataset.store / folder / DATA_FILE for folder in dataset.description.shards}
    for split in SPLITS:
        for found in sorted((dataset.store / split / dataset.name).rglob("*")):
            if found.is_file() and found not in files:
                yield f"{found} does not belong to the data set: remove it"


def _shard_problems(
    dataset: Dataset, folder: str, reading: Future[tuple[list[str], pa.Table | None]], decode: bool
) -> list[str]:
    recorded = dataset.description.shards[folder]
    path = dataset.store / folder / DATA_FILE
    try:
        check_file(path)
        size = path.stat().st_size
        if size != recorded.bytes:
            return [f"{path} has {size:,} bytes, recorded are {recorded.bytes:,}"]
        # Damage is found before LMDB maps the file: a flipped bit in a tree page could end the process.
        if file_sha256(path) != recorded.sha256:
            return [f"{path} has changed since it was built (its SHA-256 differs): copy it again, or build it again"]
        shard = Shard(path.parent)
        problems = list(_key_problems(shard, folder, recorded.words))
        _, manifest = reading.result()
        if manifest is not None and not problems:
            rows = manifest.filter(pc.equal(manifest["shard"], folder))
            problems += _content_problems(shard, folder, recorded, rows, decode)
    except HtrError as error:
        return [str(error)]
    return problems


def _key_problems(shard: Shard, folder: str, words: int) -> Iterator[str]:
    count = len(shard)
    if count != words:
        yield f"{folder} holds {count:,} samples, recorded are {words:,}"
    # As keys ascend, that many can be written so in one way alone. Key by key this takes several times as long.
    if shard.joined_keys() != sample_keys(count) + COUNT_KEY:
        numbers = range(1, count + 1)
        expected = {*map(image_key, numbers), *map(label_key, numbers), COUNT_KEY}
        yield from _first(f"{folder}: missing or unexpected key", sorted(expected.symmetric_difference(shard.keys())))


def _content_problems(shard: Shard, folder: str, recorded: ShardRecord, rows: pa.Table, decode: bool) -> Iterator[str]:
    """Compares a shard with its rows of the manifest."""
    if not np.array_equal(rows["key"], np.arange(1, recorded.words + 1)):
        yield f"{folder}: the manifest does not number its words 1 to {recorded.words:,}"
        return
    labels, texts = shard.encoded_labels(), rows["text"].cast(pa.binary()).to_pylist()
    if labels != texts:
        yield from _first(f"{folder}: label differs from the manifest's, key", _differing(shard, labels, texts))
    if digest_of_columns(rows["text"], rows["image_sha256"]) != recorded.content_digest:
        yield f"{folder}: its content digest is not the recorded one"
    if decode:
        digests = enumerate(rows["image_sha256"].to_pylist(), 1)
        damaged = (key for key, known in digests if not _is_whole(shard.image(key), known))
        yield from _first(f"{folder}: damaged image, key", damaged)


def _differing(shard: Shard, labels: list[bytes], texts: list[bytes]) -> Iterator[int]:
    """The keys of the labels that are not those of the manifest."""
    for key, (label, text) in enumerate(zip(labels, texts, strict=True), 1):
        if label != text:
            shard.label(key)  # raises where it is no text at all
            yield key


def _is_whole(image: bytes, sha256: bytes) -> bool:
    if hashlib.sha256(image).digest() != sha256:
        return False
    try:
        codec.decode(image, "rgb")
    except codec.ImageError:
        return False
    return True


def _first(what: str, places: Iterable[object]) -> Iterator[str]:
    """A sentence for each of the first few places, and one if there are more."""
    places = iter(places)
    for place in itertools.islice(places, _MOST):
        yield f"{what} {place!r}"
    more = sum(1 for _ in places)
    if more:
        yield f"{what}: {more:,} more"
