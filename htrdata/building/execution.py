"""Where a build runs, and what becomes of errors of the system there."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor
from contextlib import contextmanager
from pathlib import Path

from htrdata.errors import HtrError, NotEnoughMemoryError, StorageError, WorkerDiedError, lacks_memory
from htrdata.files.cores import usable_cores
from htrdata.files.refusals import refusal
from htrdata.workers import make_executor


@contextmanager
def executor_for(given: Executor | None, workers: int | None) -> Iterator[Executor]:
    """The executor of the caller, left open, or one of our own."""
    if given is not None:
        yield given
        return
    with make_executor(workers or usable_cores()) as executor:
        try:
            yield executor
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def storage_errors(out: Path | None) -> Iterator[None]:
    """Says in one sentence what the system has against reading, or against writing to the store.

    Args:
        out: the store; None where nothing is written.

    Raises:
        StorageError: for an OSError within.
        NotEnoughMemoryError: for any error that says that there is no memory.
        WorkerDiedError: for a broken executor.
    """
    try:
        yield
    except HtrError:
        raise
    except BrokenExecutor as error:  # one that the caller gave
        raise WorkerDiedError(
            f"the executor that was given is broken ({error}): run the same again; it goes on from the finished parts"
        ) from error
    except Exception as error:
        if lacks_memory(error):
            raise NotEnoughMemoryError.of(error) from error
        if not isinstance(error, OSError):
            raise
        what = "reading failed" if out is None else f"reading, or writing to {out}, failed"
        again = "Then run the same command again" + ("" if out is None else ": it goes on from the finished parts")
        raise StorageError(f"{what}: {refusal(error)}. {again}") from error
