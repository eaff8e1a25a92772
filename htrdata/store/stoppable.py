"""Threads for work that somebody may stop: with Ctrl-C, SIGTERM or an error the work ends at its next step."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from htrdata.errors import NotEnoughMemoryError
from htrdata.files.cores import usable_cores

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


class AbandonedError(Exception):
    """The work is not wanted any more; nobody sees this."""


class StoppableThreads:
    """A thread for each core that may be used, until the block ends that they are entered with.

    Where an error, or a signal that raises one, ends the block, nothing is waited for: what has not begun is dropped,
    and what runs ends when it next calls `go_on`.
    """

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(usable_cores())

    def submit(
        self, job: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Future[Result]:
        """Hands over a job.

        Raises:
            NotEnoughMemoryError: the system has no room for a thread.
        """
        try:
            return self._pool.submit(job, *args, **kwargs)
        except RuntimeError as error:
            raise NotEnoughMemoryError.of(error) from error

    def go_on(self) -> None:
        """Called by jobs, often.

        Raises:
            StoppedError: they shall stop.
        """
        if self._stop.is_set():
            raise AbandonedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._stop.set()
        self._pool.shutdown(wait=kind is None, cancel_futures=kind is not None)
