"""Threads that work through a list, and can be left at any time."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_LOOK = 0.2  # seconds: some systems let no signal through while a thread waits
_LEAVE = 1.0  # seconds that threads have to come to an end; one that waits for a server may need more


@dataclass(frozen=True, slots=True)
class _Done(Generic[T, R]):
    item: T
    result: R


def work_through(
    work: Callable[[T], R], items: Sequence[T], threads: int, stop: threading.Event, take: Callable[[T, R], None]
) -> None:
    """Does something with every item, several at a time.

    Where it ends early, by an error or by Ctrl-C, threads that do not end at once are left behind: they end with the
    process, or when what they wait for is over. `concurrent.futures` would wait for them.

    Args:
        work: is done in a thread; it looks at `stop` and ends early where that is set.
        items: in the order in which they are taken.
        threads: at most.
        stop: is set when the work ends early.
        take: is called here, with an item and what came of it, as it comes.

    Raises:
        BaseException: what `work` or `take` raised.
    """
    waiting: queue.SimpleQueue[T] = queue.SimpleQueue()
    for item in items:
        waiting.put(item)
    done: queue.SimpleQueue[_Done[T, R] | BaseException] = queue.SimpleQueue()

    def labour() -> None:
        while not stop.is_set():
            try:
                item = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put(_Done(item, work(item)))
            except BaseException as error:  # noqa: BLE001 - it is raised again by whoever waits for it
                done.put(error)
                return

    crew = [threading.Thread(target=labour, daemon=True) for _ in range(min(threads, len(items)))]
    try:
        for thread in crew:
            thread.start()
        for _ in items:
            found = _next(done)
            if isinstance(found, BaseException):
                raise found
            take(found.item, found.result)
    except BaseException:
        stop.set()
        raise
    finally:
        deadline = time.monotonic() + _LEAVE
        for thread in crew:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))


def _next(done: queue.SimpleQueue[T]) -> T:
    while True:
        try:
            return done.get(timeout=_LOOK)
        except queue.Empty:
            continue
