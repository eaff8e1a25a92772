"""Images decoded once: equal to decoding each, whatever keeps them, interrupts it or asks at the same time."""

from __future__ import annotations

import dataclasses
import errno
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL
import pytest

from htrdata.errors import BadDataError, CannotCreateError, SourceMissingError, StorageError, WorkerDiedError
from htrdata.labels import Charset, LabelPolicy
from htrdata.store.reading import open_store
from htrmodel.config import RecogniserConfig
from htrmodel.data import cache, decoding
from htrmodel.data.cache import cache_key, decoded_words
from htrmodel.data.decoding import decode_word
from htrmodel.data.origins import PlainShards, StoredSplit
from htrmodel.data.samples import Samples, open_samples

from .conftest import MakeShard, MakeStore

LABELS = ["one", "two", "é", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_BLOCK_WORDS", 3)


@pytest.fixture
def open_words(make_store: MakeStore, tmp_path: Path) -> Callable[..., Samples]:
    """Opens eleven words in shards of four, all or those that a charset has."""

    def open_words(charset: Charset | None = None, seed: int = 0, **options: object) -> Samples:
        root = tmp_path / f"store{seed}{options}"
        if not root.exists():
            make_store({"train": LABELS}, root=root, seed=seed, shard_words=4, **options)
        return open_samples(StoredSplit(open_store(root).dataset("drawn"), "train"), LabelPolicy(charset))

    return open_words


@pytest.fixture
def words(open_words: Callable[..., Samples]) -> Samples:
    return open_words(Charset("english", "efghinorstuvwx"))


def directly(words: Samples, config: RecogniserConfig) -> np.ndarray:
    return np.stack([decode_word(words.encoded(i), config) for i in range(len(words))])


@pytest.mark.parametrize("resize", ["stretch", "pad"])
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("on_disk", [False, True])
def test_the_cache_is_what_decoding_gives(
    words: Samples, tmp_path: Path, resize: str, workers: int, on_disk: bool, config: RecogniserConfig
) -> None:
    config = dataclasses.replace(config, resize=resize)
    folder = tmp_path / "deep/cache" if on_disk else None
    told: list[tuple[int, int]] = []
    images = decoded_words(
        words, config, folder=folder, workers=workers, progress=lambda done, total: told.append((done, total))
    )
    assert images.dtype == np.uint8
    assert images.shape == (len(words), 32, 100) == (10, 32, 100)
    assert np.array_equal(images, directly(words, config))
    assert sorted(told) == told
    assert told[-1] == (10, 10)


def test_what_is_there_is_not_decoded_again(
    words: Samples, tmp_path: Path, config: RecogniserConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = decoded_words(words, config, folder=tmp_path / "cache")
    monkeypatch.setattr(decoding, "decode_word", None)
    again = decoded_words(words, config, folder=tmp_path / "cache")
    assert isinstance(again, np.memmap)
    assert np.array_equal(again, first)
    with pytest.raises(TypeError):
        decoded_words(words, dataclasses.replace(config, width=96), folder=tmp_path / "cache")


def test_the_key_tells_apart_what_gives_other_pixels(
    open_words: Callable[..., Samples], config: RecogniserConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = open_words()
    changed = [dataclasses.replace(config, **change) for change in ({"width": 96}, {"height": 48}, {"resize": "pad"})]
    keys = [cache_key(everything, config), *(cache_key(everything, other) for other in changed)]
    keys += [cache_key(other, config) for other in (open_words(Charset("few", "one")), open_words(seed=1))]
    keys.append(cache_key(open_words(format="jpeg"), config))
    same = [dataclasses.replace(config, **change) for change in ({"max_length": 9}, {"mean": 0.4}, {"hidden_size": 8})]
    assert {cache_key(open_words(), other) for other in same} == {keys[0]}
    monkeypatch.setattr(PIL, "__version__", "0.0")
    keys.append(cache_key(everything, config))
    assert len(set(keys)) == len(keys) == 8


FILL = """
import os, pickle, sys
from pathlib import Path
from htrmodel.data import cache, decoding
cache._BLOCK_WORDS = 3
words, config = pickle.load(open(sys.argv[1], "rb"))
def progress(done, total):
    if sys.argv[3] == "kill" and done > 5:
        os.kill(os.getpid(), 9)
if sys.argv[3] == "small":
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
images = cache.decoded_words(words, config, folder=Path(sys.argv[2]), progress=progress)
print(int(images.astype(int).sum()))
"""


def fill(words: Samples, config: RecogniserConfig, folder: Path, how: str) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    pickled = folder.with_suffix(".pickle")
    pickled.write_bytes(pickle.dumps((words, config)))
    command = [sys.executable, "-c", FILL, str(pickled), str(folder), how]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def names(folder: Path) -> set[str]:
    return {path.suffix for path in folder.iterdir()}


@pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")
def test_a_cache_whose_making_was_killed_is_made_again(
    words: Samples, tmp_path: Path, config: RecogniserConfig
) -> None:
    process = fill(words, config, tmp_path / "cache", "kill")
    process.communicate()
    assert process.returncode == -9
    assert names(tmp_path / "cache") == {".lock", ".part"}
    images = decoded_words(words, config, folder=tmp_path / "cache")
    assert np.array_equal(images, directly(words, config))
    assert names(tmp_path / "cache") - {".lock"} == {".npy"}


@pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")
def test_a_full_disk_leaves_nothing(words: Samples, tmp_path: Path, config: RecogniserConfig) -> None:
    _, errors = fill(words, config, tmp_path / "cache", "small").communicate()
    assert f"{StorageError.__name__}: cannot write" in errors
    assert "File too large" in errors
    assert names(tmp_path / "cache") <= {".lock"}


def test_what_cannot_be_removed_hides_no_error(
    words: Samples, tmp_path: Path, config: RecogniserConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk that had no room for the file fails for its removal, too: that was a traceback."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as failing:
        failing.setattr(os, "fsync", fail)
        failing.setattr(Path, "unlink", fail)
        with pytest.raises(StorageError, match=r"cannot write .*\.npy: No space left on device"):
            decoded_words(words, config, folder=tmp_path)
    assert len(decoded_words(words, config, folder=tmp_path)) == len(words)


def test_two_processes_may_ask_at_once(words: Samples, tmp_path: Path, config: RecogniserConfig) -> None:
    processes = [fill(words, config, tmp_path / "cache", "all") for _ in range(2)]
    sums = [process.communicate()[0].strip() for process in processes]
    assert sums == [str(directly(words, config).astype(int).sum())] * 2
    assert names(tmp_path / "cache") - {".lock"} == {".npy"}


@pytest.mark.parametrize("size", [0, 5, 100, 20_000])
def test_a_file_that_was_cut_short_is_made_again(
    words: Samples, tmp_path: Path, config: RecogniserConfig, size: int
) -> None:
    expected = np.array(decoded_words(words, config, folder=tmp_path / "cache"))
    (file,) = (tmp_path / "cache").glob("*.npy")
    os.truncate(file, size)
    assert np.array_equal(decoded_words(words, config, folder=tmp_path / "cache"), expected)


def test_a_damaged_image_is_named(make_shard: MakeShard, tmp_path: Path, config: RecogniserConfig) -> None:
    folder = make_shard(tmp_path / "bad", ["a", "b"], [b"\x89PNG no more", b"GIF89a"])
    words = open_samples(PlainShards(folder))
    for workers, place in ((1, None), (2, tmp_path / "cache")):
        with pytest.raises(BadDataError, match=r"bad, image 1: "):
            decoded_words(words, config, folder=place, workers=workers)
    assert names(tmp_path / "cache") <= {".lock"}


def test_a_shard_that_is_gone_is_named(words: Samples, tmp_path: Path, config: RecogniserConfig) -> None:
    shutil.rmtree(words.origin.shards[1].folder)
    with pytest.raises(SourceMissingError, match=r"no shard at .*00001"):
        decoded_words(words, config, folder=tmp_path / "cache")


def test_a_folder_that_cannot_be_is_named(words: Samples, tmp_path: Path, config: RecogniserConfig) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotCreateError, match=r"the cache of decoded words: cannot create .*file is a file"):
        decoded_words(words, config, folder=tmp_path / "file")


DYING = """
import os
from htrdata.store.shards import Shard
class Dying(Shard):
    def image(self, index):
        os._exit(9)
"""


def test_a_worker_that_dies_is_reported(
    words: Samples, tmp_path: Path, config: RecogniserConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dying.py").write_text(DYING)
    monkeypatch.syspath_prepend(tmp_path)
    dying = __import__("dying").Dying
    words.origin.shards = tuple(dying(shard.folder) for shard in words.origin.shards)  # type: ignore[misc]
    with pytest.raises(WorkerDiedError, match="a worker process was killed, most likely for want of memory"):
        decoded_words(words, config, workers=2)
