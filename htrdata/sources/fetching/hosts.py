"""Which servers are asked, and at what pace: a steady rate, pauses that they ask for, and when they are left alone."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from htrdata.errors import UsageError
from htrdata.sources.fetching.wanted import CannotHaveError, Status, StoppedError

_SLOWEST = 15.0  # seconds between requests, after a server has asked often to be spared
_FIRST_PATIENCE = 3
_NOTABLE = 5.0  # seconds of a pause that is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Politeness:
    """How servers are asked.

    Attributes:
        agent: what we call ourselves, the ``User-Agent``.
        connections: at once, at most.
        rate: requests a second to one host, at most. A host that answers 429 is asked half as often from then on, and
            more often again, little by little, when it answers.
        attempts: how often a file is asked for in a run, where the failure may be of the moment.
        backoff: seconds before the second attempt; they double with each further one, and chance adds up to so many.
        longest_backoff: of those seconds.
        longest_pause: seconds of a ``Retry-After`` that are waited; a host that asks for more is left alone.
        timeout: seconds for a connection, and for each piece of an answer.
        slowest: bytes a second that an answer must bring, on average, once it has had `timeout` seconds.
        patience: failures in a row, over all files, after which a host is left alone; three of one that has never
            answered.

    Raises:
        UsageError: a number has no meaning.
    """

    agent: str = "htrdata"
    connections: int = 4
    rate: float = 5.0
    attempts: int = 5
    backoff: float = 1.0
    longest_backoff: float = 60.0
    longest_pause: float = 600.0
    timeout: float = 30.0
    slowest: float = 1000.0
    patience: int = 20

    def __post_init__(self) -> None:
        if self.connections < 1 or not 0 < self.rate < math.inf or self.attempts < 1:
            raise UsageError(
                f"{self.connections} connections, {self.rate:g} requests a second and {self.attempts} attempts are not "
                "possible: give more than none of each"
            )


@dataclass(frozen=True, slots=True)
class Places:
    """Where a data set may be fetched from.

    Attributes:
        hosts: that may be asked, and that answers may lead to.
        removed: host and path of what a host leads to instead of what was removed.
        tombstones: MD5 of what a host gives instead of what was removed.
    """

    hosts: frozenset[str]
    removed: frozenset[str] = frozenset()
    tombstones: frozenset[str] = frozenset()


class Host:
    """A server and how it has been; safe to use from several threads.

    Args:
        name: of the host.
        politeness: how it is asked.
        say: is told of pauses, in a sentence.
    """

    def __init__(self, name: str, politeness: Politeness, say: Callable[[str], None]) -> None:
        self.name = name
        self._politeness = politeness
        self._say = say
        self._lock = threading.Lock()
        self._next = 0.0
        self._interval = 1 / politeness.rate
        self._failures = 0
        self._patience = min(politeness.patience, _FIRST_PATIENCE)
        self._left_because: str | None = None

    def wait_for_turn(self, stop: threading.Event) -> None:
        """Returns when the host may be asked.

        Raises:
            CannotHaveError: the host is left alone.
            StoppedError: the run was stopped.
        """
        while True:
            with self._lock:
                if self._left_because is not None:
                    raise CannotHaveError(Status.NOT_TRIED, self._left_because)
                now = time.monotonic()
                delay = self._next - now
                if delay <= 0:
                    self._next = now + self._interval
                    return
            if stop.wait(delay):
                raise StoppedError

    def has_answered(self) -> None:
        """The host has done its work: it may be asked a little more often again, if it was asked less."""
        with self._lock:
            self._failures = 0
            self._patience = self._politeness.patience
            self._interval = max(1 / self._politeness.rate, self._interval * 0.98)

    def has_failed(self, why: str, *, answered: bool) -> bool:
        """The host has not done its work, though it may have answered.

        Returns:
            Whether it is left alone from now on: that is after too many such failures in a row.
        """
        with self._lock:
            self._failures += 1
            if answered:
                self._patience = self._politeness.patience
            if self._failures >= self._patience and self._left_because is None:
                self._left_because = f"{self.name} was left alone after {self._failures} failures in a row: {why}"
            return self._left_because is not None

    def asks_for_pause(self, seconds: float | None) -> None:
        """The host has had too many requests.

        Args:
            seconds: that it wants to be left in peace; None where it does not say.
        """
        with self._lock:
            self._interval = min(max(_SLOWEST, 1 / self._politeness.rate), self._interval * 2)
            if seconds is None:
                return
            if seconds > self._politeness.longest_pause:
                self._left_because = f"{self.name} wants to be left alone for {seconds:,.0f} seconds"
                return
            told = seconds >= _NOTABLE and time.monotonic() + seconds > self._next + 1
            self._next = max(self._next, time.monotonic() + seconds)
        if told:
            self._say(f"{self.name} asks to wait {seconds:,.0f} seconds")


def seconds_of(retry_after: str | None) -> float | None:
    """The seconds that a ``Retry-After`` asks for, given as a number or as a date; None where it says nothing."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
