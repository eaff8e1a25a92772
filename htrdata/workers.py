"""Runs jobs on an executor of the standard library: in this process, on a pool of processes, or on a cluster's."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    InvalidStateError,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager, suppress
from importlib.abc import MetaPathFinder
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from types import ModuleType, TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from htrdata.errors import NotEnoughMemoryError, UsageError, WorkerDiedError, lacks_memory
from htrdata.images.opencv import opencv

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


class SerialExecutor(Executor):
    """Runs each job at once, in this process."""

    def submit(
        self, job: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Future[Result]:
        """Runs the job; what it raises goes to the caller at once."""
        future: Future[Result] = Future()
        future.set_result(job(*args, **kwargs))
        return future


class WorkerPool(ProcessPoolExecutor):
    """Processes of this machine. Where one of them dies, leaving the ``with`` block says so, and why."""

    def __init__(self, workers: int) -> None:
        # Spawned, not forked: a fork would inherit the threads and open files of libraries that do not expect it.
        context = multiprocessing.get_context("spawn")
        # Not an event: that has a name in the system, and a worker that is still starting would not find it any more
        # when the pool has been left by an exception.
        self._began, begins = context.Pipe(duplex=False)
        super().__init__(workers, mp_context=context, initializer=_start_worker, initargs=(begins,))
        self._unanswered: set[Future[Any]] = set()
        self._answering = threading.Lock()
        self._thread_error: BaseException | None = None
        self._show = threading.excepthook

    def __enter__(self) -> Self:
        """Until the block is left, an error that ends the pool's own thread is noticed; see `_thread_ended`."""
        super().__enter__()
        self._show, threading.excepthook = threading.excepthook, self._thread_ended
        return self

    def submit(
        self, job: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Future[Result]:
        """Hands a job over, and starts another worker if all are busy.

        A signal waits until that is done: a worker that the pool does not know yet would start after its end, and show
        a traceback.
        """
        with _signals_wait():
            future = super().submit(_carry_out, bytes(ForkingPickler.dumps((job, args, kwargs))))
        with self._answering:
            self._unanswered.add(future)
        future.add_done_callback(self._answered)
        if self._thread_error is not None:
            self._give_up(self._thread_error)
        return future

    def _answered(self, future: Future[Result]) -> None:
        with self._answering:
            self._unanswered.discard(future)

    def _thread_ended(self, args: threading.ExceptHookArgs, /) -> None:
        """Notices an error that ends the thread which hands jobs over and takes results: nothing would ever come.

        There is one where a limit of memory leaves no room for one more thread, which it starts with the first job.
        """
        if args.thread is not vars(self).get("_executor_manager_thread") or args.exc_value is None:
            self._show(args)
            return
        self._thread_error = args.exc_value.with_traceback(None)  # whose frames keep the pool's semaphores
        self._give_up(self._thread_error)

    def _give_up(self, error: BaseException) -> None:
        """Ends the workers, which wait for jobs, as this process in the end for them; answers what is unanswered."""
        for process in list((self._processes or {}).values()):
            process.kill()
        with self._answering:
            futures = list(self._unanswered)
        for future in futures:
            with suppress(InvalidStateError):  # it has been cancelled
                future.set_exception(NotEnoughMemoryError.of(error) if lacks_memory(error) else error)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        """Waits for the workers.

        Raises:
            WorkerDiedError: the block ended since a worker did not start, or was killed.
        """
        super().__exit__(kind, error, trace)
        threading.excepthook = self._show
        if not isinstance(error, BrokenExecutor):
            return None
        if self._began.poll():
            raise WorkerDiedError(
                "a worker process was killed, most likely for want of memory: run the same again with fewer workers "
                "(--workers); a build goes on from the finished parts"
            ) from error
        raise WorkerDiedError(
            "no worker process could start. What stands above says why; if nothing does, they were killed, most likely "
            f"for want of memory: run the same again with fewer workers (--workers). {_GUARD}"
        ) from error


_GUARD = "A script that uses several processes has its calls under: if __name__ == '__main__': (or give workers=1)"


def make_executor(workers: int) -> Executor:
    """An executor with that many processes; with one, everything runs in this process.

    Raises:
        UsageError: this process is itself a worker that is being started: it imports the script that starts workers.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):  # what multiprocessing itself looks at
        raise UsageError(
            f"a worker process, which imports the script that started it, came upon the same call. {_GUARD}"
        )
    if workers == 1:
        _start_pyarrow_without_pandas()
        return SerialExecutor()
    return WorkerPool(workers)


@contextmanager
def _signals_wait() -> Iterator[None]:
    """Has the main thread's own handlers of SIGINT and SIGTERM wait until the end of the block."""
    if threading.current_thread() is not threading.main_thread():  # which no handler interrupts
        yield
        return
    came: list[int] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in handlers.items():
        if callable(handler):  # a process that is started has the system's own
            signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            if callable(handler):
                signal.signal(number, handler)
        for one in came:
            signal.raise_signal(one)


def _start_worker(begins: Connection) -> None:
    with suppress(OSError):  # the pool has gone
        begins.send_bytes(b"1")
    # Ctrl-C goes to every process of a terminal; the parent alone decides what happens.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        opencv().setNumThreads(1)  # there is a worker per core already
        _start_pyarrow_without_pandas()
        threading.Thread(target=_follow_parent, daemon=True).start()
    except Exception as error:
        if lacks_memory(error):
            os._exit(1)  # the parent says what it means; an exception would be shown by each worker
        raise


def _carry_out(pickled: bytes) -> Any:
    """Does a job. To unpickle it is to import it: where that fails, the pool's own way of it ends in a traceback."""
    job, args, kwargs = ForkingPickler.loads(pickled)
    return job(*args, **kwargs)


class _WithoutPandas(MetaPathFinder):
    def find_spec(self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("pandas is not imported here", name=name)


def _start_pyarrow_without_pandas() -> None:
    """Has pyarrow make its first array, on which it imports pandas to know its missing values: 30 MB and half a second.

    It asks once. Whoever imports pandas later, in this process too, gets it, and tables convert to it.
    """
    import pyarrow as pa

    hiding = _WithoutPandas()
    sys.meta_path.insert(0, hiding)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(hiding)


def _follow_parent() -> None:
    """Ends this process when its parent is gone: a killed build must leave nobody writing."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def run_all(
    executor: Executor, job: Callable[..., Result], arguments: Iterable[tuple[object, ...]], *, waiting: int
) -> Iterator[Result]:
    """Runs a job once for each tuple of arguments and yields the results as they come.

    Args:
        executor: where it runs.
        job: a function that can be pickled, if the executor has other processes.
        arguments: taken lazily.
        waiting: how many jobs are handed over at a time.
    """
    pending: set[Future[Result]] = set()
    try:
        for values in arguments:
            pending.add(executor.submit(job, *values))
            done = {future for future in pending if future.done()}
            if not done and len(pending) >= waiting:
                done, _ = wait(pending, return_when=FIRST_COMPLETED)
            pending -= done
            yield from (future.result() for future in done)
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
    finally:
        for future in pending:
            future.cancel()
