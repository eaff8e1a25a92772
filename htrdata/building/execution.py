"""Where a build runs, and what becomes of errors of the system there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor
from contextlib import contextmanager
from pathlib import Path

import lmdb

from htrdata.errors import HtrError, StorageError, WorkerDiedError
from htrdata.workers import make_executor

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def executor_for(given: Executor | None, workers: int | None) -> Iterator[Executor]:
    """The executor of the caller, left open, or one of our own."""
    if given is not None:
        yield given
        return
    with make_executor(workers or os.cpu_count() or 1) as executor:
        try:
            yield executor
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def storage_errors(out: Path | None) -> Iterator[None]:
    """Says in one sentence what the system has against reading, or against writing to the store."""
    try:
        yield
    except HtrError:
        raise
    except BrokenExecutor as error:
        raise WorkerDiedError(
            "a worker process was killed, most likely for want of memory: run the same command again with fewer "
            "--workers; it goes on from the finished parts"
        ) from error
    except (OSError, lmdb.Error) as error:
        full = getattr(error, "errno", None) in _FULL or isinstance(error, lmdb.DiskError)
        cause = (
            f"the disk with {out} is full, or a quota or file size limit is reached"
            if full
            else "reading failed"
            if out is None
            else f"reading, or writing to {out}, failed"
        )
        resumed = ": it goes on from the finished parts" if out is not None else ""
        raise StorageError(f"{cause} ({error}). Mend that and run the same command again{resumed}") from error
