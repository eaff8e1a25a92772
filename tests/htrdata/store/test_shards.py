"""Shards are checked against readers written here from the format alone, never against the code that wrote them."""

from __future__ import annotations

import errno
import hashlib
import multiprocessing
import os
import pickle
import random
import resource
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import lmdb
import pyarrow as pa
import pytest

from htrdata.errors import BadDataError, SourceMissingError
from htrdata.store.digests import digest_of_columns, file_sha256
from htrdata.store.format import DATA_FILE
from htrdata.store.shard_writer import SHARD_WORDS, ShardInfo, write_shard
from htrdata.store.shards import COUNT_KEY, Shard, image_key, label_key, sample_keys

# Sizes on both sides of what fits a page of the tree, of a page, and of two pages.
_SIZES = [1, 64, 2020, 2040, 4080, 4081, 8000, 12_345]


class Sample(NamedTuple):
    image: bytes
    label: str

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.image).digest()


def make_samples(count: int = 2500, seed: int = 0) -> list[Sample]:
    rng = random.Random(seed)
    labels = ["word", "naïve", "日本", "a\\b", "NA", "007", "🙂"]
    return [Sample(rng.randbytes(rng.choice(_SIZES)), f"{labels[i % 7]}{i}") for i in range(count)]


def write(folder: Path, samples: list[Sample]) -> ShardInfo:
    payload = sum(len(sample.image) + len(sample.label.encode()) for sample in samples)
    halves = (columns(samples[: len(samples) // 2]), columns(samples[len(samples) // 2 :]))
    return write_shard(folder, iter(halves), count=len(samples), payload=payload)


def columns(samples: list[Sample]) -> pa.RecordBatch:
    images, labels = [sample.image for sample in samples], [sample.label for sample in samples]
    return pa.record_batch([images, labels, [sample.sha256 for sample in samples]], schema=SHARD_WORDS)


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return make_samples()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, samples: list[Sample]) -> Path:
    folder = tmp_path_factory.mktemp("shards") / "shard"
    write(folder, samples)
    return folder


def test_a_reader_made_from_the_format_alone_reads_it(folder: Path, samples: list[Sample], tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")  # with its own lock file, as other people's readers open it
    with lmdb.open(str(copy), max_readers=32, readonly=True) as environment, environment.begin() as transaction:
        found = dict(transaction.cursor())
    expected = {b"num-samples": str(len(samples)).encode()}
    for i, sample in enumerate(samples, 1):
        expected[f"image-{i:09d}".encode()] = sample.image
        expected[f"label-{i:09d}".encode()] = sample.label.encode()
    assert found == expected


def test_only_the_data_file_is_written_and_nothing_is_added_by_reading(folder: Path) -> None:
    assert len(Shard(folder)) == 2500
    assert [path.name for path in folder.iterdir()] == [DATA_FILE]


def test_equal_samples_give_equal_bytes_whatever_the_environment(
    folder: Path, samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LMDB_DEFAULT_LIB_VERSION", "1")  # the format that other readers cannot open
    info = write(tmp_path / "again", samples)
    data = (tmp_path / "again" / DATA_FILE).read_bytes()
    assert data == (folder / DATA_FILE).read_bytes()
    assert info.sha256 == hashlib.sha256(data).hexdigest()
    assert info.bytes == len(data)


def test_content_digest_tells_images_labels_and_order(tmp_path: Path) -> None:
    base = make_samples(3)
    variants = [
        base,
        base[::-1],
        base[:2],
        [*base[:2], Sample(base[2].image, "other")],
        [*base[:2], Sample(base[2].image + b"x", base[2].label)],
        [*base[:2], Sample(b"", base[2].label)],
    ]
    digests = {write(tmp_path / str(i), variant).content_digest for i, variant in enumerate(variants)}
    assert len(digests) == len(variants)


def digest_of(samples: list[Sample]) -> str:
    """The content digest, from its definition alone."""
    digest = hashlib.sha256()
    for index, sample in enumerate(samples, 1):
        label = sample.label.encode()
        digest.update(struct.pack("<QI", index, len(label)) + label + sample.sha256)
    return digest.hexdigest()


def test_the_content_digest_is_what_it_is_said_to_be(samples: list[Sample], tmp_path: Path) -> None:
    assert write(tmp_path / "shard", samples).content_digest == digest_of(samples)
    parts = [columns(samples[:2]), columns(samples[2:])]
    table = pa.Table.from_batches(parts)
    assert digest_of_columns(table["text"], table["image_sha256"]) == digest_of(samples)
    swapped = pa.chunked_array([table["text"].to_pylist()[::-1]])
    assert digest_of_columns(swapped, table["image_sha256"]) != digest_of(samples)


def test_all_labels_at_once_are_those_one_by_one(folder: Path, samples: list[Sample]) -> None:
    shard = Shard(folder)
    assert shard.encoded_labels() == [sample.label.encode() for sample in samples]
    assert [label.decode() for label in shard.encoded_labels()] == [shard.label(i + 1) for i in range(len(shard))]


def test_the_keys_of_a_shard_are_those_of_its_samples_in_order(folder: Path, samples: list[Sample]) -> None:
    numbers = range(1, len(samples) + 1)
    expected = [*map(image_key, numbers), *map(label_key, numbers)]
    assert expected == sorted(expected)
    assert sample_keys(len(samples)) == b"".join(expected)
    assert Shard(folder).keys() == [*expected, COUNT_KEY]
    many = range(1, 12346)
    assert sample_keys(12345) == b"".join([*map(image_key, many), *map(label_key, many)])


@pytest.mark.parametrize("content", [b"", b"word", bytes(range(251)) * 5000])
def test_a_file_is_hashed_whole(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    assert file_sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("limit", range(400_000, 420_000, 3_000))
def test_a_disk_that_is_full_is_told_as_such_wherever_a_write_is_cut_short(tmp_path: Path, limit: int) -> None:
    """LMDB takes a write of fewer bytes than it asked for as an I/O error."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            write(tmp_path / "shard", make_samples(300))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.errno == errno.EFBIG


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.EROFS, errno.EACCES])
def test_an_error_of_lmdb_is_that_of_the_system(code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def begin(self, **_named: bool) -> None:
            raise lmdb.Error(f"mdb_txn_commit: {os.strerror(code)}")

        def close(self) -> None:
            pass

    monkeypatch.setattr(lmdb, "open", lambda *_, **__: Failing())
    with pytest.raises(OSError, match=os.strerror(code)) as caught:
        write(tmp_path / "shard", make_samples(3))
    assert caught.value.errno == code


def test_no_memory_and_no_room_in_the_map_are_no_full_disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise lmdb.MemoryError("mdb_env_open: Cannot allocate memory")

    with pytest.raises(OSError, match="MDB_MAP_FULL"):
        write_shard(tmp_path / "shard", [columns(make_samples(3000))], count=10, payload=10)
    monkeypatch.setattr(lmdb, "open", failing)
    with pytest.raises(MemoryError, match="Cannot allocate memory"):
        write(tmp_path / "other", make_samples(3))


def test_an_empty_shard_counts_zero(tmp_path: Path) -> None:
    write(tmp_path / "empty", [])
    assert len(Shard(tmp_path / "empty")) == 0


def test_a_wrong_count_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 words came, 3 were announced"):
        write_shard(tmp_path / "shard", [columns(make_samples(2))], count=3, payload=100_000)


def test_two_readers_of_one_path_live_in_one_process(folder: Path, samples: list[Sample]) -> None:
    first, second = Shard(folder), Shard(str(folder))
    assert first.image(1) == second.image(1) == samples[0].image
    assert second.label(2500) == samples[-1].label
    del first
    assert second.label(1) == samples[0].label


def test_reading_beyond_the_end_names_the_key(folder: Path) -> None:
    with pytest.raises(BadDataError, match=r"no key 'image-000002501'"):
        Shard(folder).image(2501)


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
@pytest.mark.parametrize("used_before", [True, False])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_workers_read_what_the_parent_reads(
    folder: Path, samples: list[Sample], method: str, used_before: bool
) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this platform has no {method}")
    shards = [Shard(folder), Shard(folder)]
    if used_before:
        assert shards[0].label(1)
    indices = range(1, 41)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
        images = list(pool.map(Shard.image, shards * 20, indices))
        labels = list(pool.map(Shard.label, shards * 20, indices))
    assert list(map(Sample, images, labels)) == samples[:40]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_goes_on_with_readers_that_are_open(folder: Path, samples: list[Sample]) -> None:
    first, second = Shard(folder), Shard(folder)
    assert first.label(1) == samples[0].label
    child = os.fork()
    if child == 0:
        same = first.label(2) == samples[1].label and second.image(3) == samples[2].image
        os._exit(0 if same and Shard(folder).label(4) == samples[3].label else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert first.label(5) == samples[4].label


def test_a_reader_can_be_pickled_while_open(folder: Path) -> None:
    shard = Shard(folder)
    assert pickle.loads(pickle.dumps(shard)).label(3) == shard.label(3)


def test_a_read_only_folder_can_be_read(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / DATA_FILE).chmod(0o444)
    copy.chmod(0o555)
    try:
        assert len(Shard(copy)) == 2500
    finally:
        copy.chmod(0o755)


def _damaged(data: bytes) -> Iterator[bytes]:
    for size in [0, 100, 4096, 5000, 8192, len(data) // 2, len(data) - 3 * 4096]:
        yield data[:size]
    yield b"<!DOCTYPE html>" + bytes(20_000)
    yield data[:16] + bytes(8) + data[24:]  # no magic number in the first meta page


def test_a_torn_file_is_an_error_and_never_the_end_of_the_process(folder: Path, tmp_path: Path) -> None:
    data = (folder / DATA_FILE).read_bytes()
    for number, damaged in enumerate(_damaged(data)):
        place = tmp_path / str(number)
        place.mkdir()
        (place / DATA_FILE).write_bytes(damaged)
        with pytest.raises(BadDataError, match=r"cut short|not an LMDB file"):
            len(Shard(place))


def test_pages_that_nothing_leads_to_may_be_missing_at_the_end(folder: Path, tmp_path: Path) -> None:
    """LMDB leaves pages out that it has taken and freed in one transaction; its own readers do not miss them."""
    data = bytearray((folder / DATA_FILE).read_bytes())
    for at in (136, 4096 + 136):
        struct.pack_into("<Q", data, at, struct.unpack_from("<Q", data, at)[0] + 2)
    (tmp_path / DATA_FILE).write_bytes(data)
    assert Shard(tmp_path).encoded_labels() == Shard(folder).encoded_labels()


@pytest.mark.parametrize("other", ["pipe", "folder", "device"])
def test_what_is_no_file_is_refused_and_not_waited_for(other: str, tmp_path: Path) -> None:
    path = tmp_path / DATA_FILE
    if other == "pipe":
        os.mkfifo(path)
    elif other == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(BadDataError, match=f"data.mdb is a {other}, where a file is expected"):
        len(Shard(tmp_path))


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match=r"no shard at .*gone"):
        len(Shard(tmp_path / "gone"))


def test_a_reader_needs_neither_opencv_nor_pyarrow_nor_pandas() -> None:
    code = "import sys, htrdata.store.shards, htrdata.labels; print({'cv2', 'pyarrow', 'pandas'} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "set()"
