"""Ctrl-C and SIGTERM as wishes: work that must not be cut in two looks for them where it can stop."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType

import click

from htrdata.cli.console import Terminated


class StopSignals:
    """While it is entered, the first Ctrl-C or SIGTERM is noted; a second one unwinds the program at once.

    Attributes:
        received: the number of the signal, or None.
    """

    def __init__(self) -> None:
        self.received: int | None = None

    def __call__(self) -> bool:
        """Whether to stop."""
        return self.received is not None

    def __enter__(self) -> StopSignals:
        self._before = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.received is not None:
            raise KeyboardInterrupt if number == signal.SIGINT else Terminated
        self.received = number
        click.echo("\nstopping after this step; the same signal again stops at once, unsaved", err=True)
