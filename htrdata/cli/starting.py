"""The first moments of a command: a signal that comes while Python still imports ends it as one that comes later.

It imports nothing but what Python has at hand. An exception would not do: what is being imported may swallow it, or end
the process by a traceback of its own.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn


def start(load: Callable[[], Callable[[], NoReturn]]) -> NoReturn:
    """Imports a command line, and runs it.

    Args:
        load: imports it, and returns what runs it.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    mine = [number for number, handler in before.items() if handler == usual[number]]  # others are ignored, say
    for number in mine:
        signal.signal(number, _leave)
    main = load()
    for number in mine:
        signal.signal(number, before[number])
    main()


def _leave(number: int, _frame: object) -> NoReturn:
    how = "interrupted" if number == signal.SIGINT else "terminated"
    try:
        sys.stderr.write(f"\n{how} before anything was done\n")
        sys.stderr.flush()
    finally:
        os._exit(128 + number)
