"""A run that fetches a data set's files into a folder, alone there, and keeps account of each in ``survival.csv``."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from htrdata.errors import CannotCreateError, HtrError, LockedError, StorageError, UsageError
from htrdata.files.refusals import refusal
from htrdata.sources.drawn import MARK
from htrdata.sources.fetching.crew import work_through
from htrdata.sources.fetching.hosts import Places, Politeness
from htrdata.sources.fetching.survival import SURVIVAL, Survival
from htrdata.sources.fetching.trying import look, obtain
from htrdata.sources.fetching.wanted import FileOutcome, Status, Wanted, sums_of

if TYPE_CHECKING:
    import httpx2

    from htrdata.sources.fetching.asking import Asker

_FOR_GOOD = frozenset({Status.KEPT, Status.NO_HASH, Status.INVALID_ID})
_LOCK = ".fetch.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a run goes about it.

    Attributes:
        politeness: how servers are asked.
        again: ask for what could never be had, too: it may have come back.
        progress: is called with what is counted, how many are done and how many there are.
        say: is told, in a sentence, what a person who waits should know.
        transport: another way to servers, for tests.
    """

    politeness: Politeness = field(default_factory=Politeness)
    again: bool = False
    progress: Callable[[str, int, int], None] = lambda _what, _done, _total: None
    say: Callable[[str], None] = lambda _said: None
    transport: httpx2.BaseTransport | None = None


class Session:
    """Fetches files into a folder; `open_session` makes one.

    Attributes:
        root: the folder of the data set.
        manner: how it goes about it.
        survival: the account of the files.
    """

    def __init__(self, root: Path, places: Places, manner: Manner, survival: Survival) -> None:
        self.root = root
        self.manner = manner
        self.survival = survival
        self._places = places
        self._stop = threading.Event()

    @functools.cached_property
    def asker(self) -> Asker:
        """Who asks. It comes with the first question: without one, nothing that it needs has to be installed."""
        from htrdata.sources.fetching.asking import Asker, open_client

        manner = self.manner
        client = open_client(manner.politeness, manner.transport)
        return Asker(client, self._places, manner.politeness, self._stop, manner.say)

    def fetch(self, wanted: Sequence[Wanted], what: str) -> dict[str, FileOutcome]:
        """Sees to it that files are there, as far as they can be had.

        Args:
            wanted: the files, each once.
            what: they are, in the plural.

        Returns:
            What became of each, by name, in the order of the files.

        Raises:
            StorageError: a file cannot be read or written.
        """
        with storing(self.root):
            found = look_at(self.root, wanted, self.survival.known, self.manner, what)
            self.take_down(wanted, found)
            missing = [one for one in wanted if one.name not in found]
            threads = self.manner.politeness.connections

            def take(one: Wanted, outcome: FileOutcome) -> None:
                self.survival.add(one, outcome)
                found[one.name] = outcome
                self.manner.progress(what, len(found), len(wanted))

            if missing:
                work_through(functools.partial(self._obtain, self.asker), missing, threads, self._stop, take)
        return {one.name: found[one.name] for one in wanted}

    def take_down(self, wanted: Sequence[Wanted], found: Mapping[str, FileOutcome]) -> None:
        """Takes down what is known of files already, and the order in which they are listed."""
        self.survival.expect(wanted)
        for one in wanted:
            if one.name in found and self.survival.known.get(one.name) != found[one.name]:
                self.survival.add(one, found[one.name])

    def close(self) -> None:
        """Ends the connections."""
        if "asker" in vars(self):
            self.asker.close()

    def _obtain(self, asker: Asker, wanted: Wanted) -> FileOutcome:
        return obtain(asker, self.root, wanted, self.survival.known.get(wanted.name))


@contextlib.contextmanager
def storing(root: Path) -> Iterator[None]:
    """Says in one sentence that the disk has failed.

    Raises:
        StorageError: it has.
    """
    try:
        yield
    except OSError as error:
        if isinstance(error, HtrError):
            raise
        raise StorageError(f"reading or writing in {root} failed: {refusal(error)}") from error


def look_at(
    root: Path, wanted: Sequence[Wanted], known: Mapping[str, FileOutcome], manner: Manner, what: str
) -> dict[str, FileOutcome]:
    """What is known of files without asking anybody, by name; those that are to be asked for are left out.

    Raises:
        OSError: a file is there and cannot be read.
    """
    found: dict[str, FileOutcome] = {}
    for number, one in enumerate(wanted, 1):
        outcome = look(root, one, known.get(one.name))
        if outcome is not None and (not manner.again or outcome.status in _FOR_GOOD):
            found[one.name] = outcome
        manner.progress(f"{what} looked at", number, len(wanted))
    return found


def stays(root: Path, wanted: Wanted, say: Callable[[str], None]) -> bool:
    """Whether a file is there, but not as it was published: people mend annotations, other programs write them anew.

    It is said, and the file is left alone.
    """
    path = root / wanted.name
    changed = path.is_file() and wanted.digest is not None and not wanted.digest.fits(sums_of(path))
    if changed:
        say(f"{path} is not as published and stays as it is: move it away to have it fetched")
    return changed


@contextlib.contextmanager
def open_session(root: Path, places: Places, manner: Manner) -> Iterator[Session]:
    """Makes the folder if it is not there, and lets nobody else fetch into it meanwhile.

    Raises:
        UsageError: there is a drawn sample.
        CannotCreateError: the folder cannot be made or written to.
        LockedError: another process fetches into it.
    """
    refuse_sample(root)
    try:
        root.mkdir(parents=True, exist_ok=True)
        held = filelock.FileLock(root / _LOCK).acquire(timeout=0)
    except filelock.Timeout:
        raise LockedError(f"another process is fetching into {root}: wait for it, or name another folder") from None
    except OSError as error:
        raise CannotCreateError(f"cannot write to the folder {root}: {refusal(error, root)}") from error
    with held, Survival(root / SURVIVAL) as survival:
        session = Session(root, places, manner, survival)
        with contextlib.closing(session):
            yield session


def refuse_sample(root: Path) -> None:
    """Refuses a folder with a drawn sample: genuine files would be mixed with its own.

    Raises:
        UsageError: there is one.
    """
    if (root / MARK).exists():
        raise UsageError(f"{root} holds a drawn sample, not the genuine data set: name another folder")
