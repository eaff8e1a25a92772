"""Words decoded once: uint8 images of the size of the input, in memory or in a file that later runs find again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock
import numpy as np
import PIL
from numpy.typing import NDArray

from htrdata.errors import CannotCreateError, HtrError, StorageError
from htrdata.files.refusals import cannot_create, refusal
from htrdata.files.writing import discard
from htrdata.workers import make_executor, run_all
from htrmodel.config import RecogniserConfig
from htrmodel.data.decoding import decode_block
from htrmodel.data.samples import Samples

Images = NDArray[np.uint8]

_BLOCK_WORDS = 1000
_FORMAT = 1


def decoded_words(
    samples: Samples,
    config: RecogniserConfig,
    *,
    folder: Path | None = None,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Images:
    """Decodes the images of all words, or finds them in the cache.

    A file of the cache is there as a whole or not at all. It is told by the content of the shards, the words chosen,
    the size, the way to resize and the version of Pillow. Any number of processes may ask for one file: one writes it,
    the others wait.

    Args:
        samples: the words.
        config: says the size of the input and how images are brought to it.
        folder: of the cache; it is created if needed. None to keep the images in memory.
        workers: processes that decode; with 1, this process does.
        progress: told, now and then, how many words are decoded and how many there are.

    Returns:
        uint8 [N, height, width], in the order of the samples; memory-mapped if from a file.

    Raises:
        BadDataError: an image or a shard is damaged.
        SourceMissingError: a shard is gone.
        CannotCreateError: the folder cannot be created.
        StorageError: the file cannot be written: is the disk full?
        WorkerDiedError: a worker was killed.
    """
    shape = (len(samples), config.height, config.width)
    if folder is None:
        images = np.empty(shape, np.uint8)
        for first, block in _blocks(samples, config, workers, progress):
            images[first : first + len(block)] = block
        return images
    path = folder / f"{samples.name}-{samples.split or 'words'}-{cache_key(samples, config)}.npy"
    found = _open(path, shape)
    if found is not None:
        return found
    with _locked(path):
        found = _open(path, shape)  # another process may have written it meanwhile
        if found is None:
            _write(path, shape, _blocks(samples, config, workers, progress))
            found = np.load(path, mmap_mode="c")
    return found


def cache_key(samples: Samples, config: RecogniserConfig) -> str:
    """16 hex digits that differ where the pixels may differ."""
    about = {
        "format": _FORMAT,
        "samples": samples.digest,
        "height": config.height,
        "width": config.width,
        "resize": config.resize,
        "pillow": PIL.__version__,
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]


def _open(path: Path, shape: tuple[int, ...]) -> Images | None:
    """Maps a file of the cache; None where it is not there, or something cut it short."""
    try:
        # Copy on write, since torch warns of memory that it must not write to. Nobody does.
        images: Images = np.load(path, mmap_mode="c")
    except (FileNotFoundError, NotADirectoryError, ValueError, EOFError):
        return None
    return images if images.shape == shape and images.dtype == np.uint8 else None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = filelock.FileLock(path.with_suffix(".lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise CannotCreateError(f"the cache of decoded words: {cannot_create(path.parent, error)}") from error
    try:
        yield
    finally:
        lock.release()


def _write(path: Path, shape: tuple[int, ...], blocks: Iterator[tuple[int, Images]]) -> None:
    """Writes a npy file under another name until it is complete. The lock is held, so the name is free."""
    temporary = path.with_suffix(".part")
    try:
        # Not through a memory map: on a full disk that kills the process.
        with temporary.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
            begin = file.tell()
            for first, block in blocks:
                file.seek(begin + first * block[0].nbytes)
                file.write(block.data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except HtrError:
        raise
    except OSError as error:
        raise StorageError(f"cannot write {path}: {refusal(error, path)}") from error
    finally:
        discard(temporary)


def _blocks(
    samples: Samples, config: RecogniserConfig, workers: int, progress: Callable[[int, int], None] | None
) -> Iterator[tuple[int, Images]]:
    """Decodes in blocks, which come in any order, each with the position of its first word."""
    done = 0
    starts = range(0, len(samples), _BLOCK_WORDS)
    shards = samples.origin.shards
    jobs = ((first, shards, *_places(samples, first), config) for first in starts)
    with make_executor(min(workers, len(starts))) as executor:
        for first, block in run_all(executor, decode_block, jobs, waiting=2 * workers):
            yield first, block
            done += len(block)
            if progress is not None:
                progress(done, len(samples))


def _places(samples: Samples, first: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    block = slice(first, first + _BLOCK_WORDS)
    return samples.shard_numbers[block], samples.keys[block]
