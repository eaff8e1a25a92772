"""The folder of a build under way, and its lock.

STORE/.build/NAME/lock            held while a process builds; by one that builds a share of the parts, while it begins
STORE/.build/NAME/shares/         a lock for each share of the parts that has begun; and what crops they make
STORE/.build/NAME/request.json    what is being built: a build of something else must not go on from here
STORE/.build/NAME/parts/          finished parts
STORE/.build/NAME/stage/          the data set as it will stand in the store; complete once it has its dataset.json
STORE/.build/NAME/moves.json      there while the one takes the place of the other
STORE/.build/NAME/old/            the data set that stood in the store before, until the new one stands
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import filelock

from htrdata.building.exchanging import Exchange
from htrdata.building.shares import Share
from htrdata.errors import BadDataError, CannotCreateError, LockedError
from htrdata.files import strict_json, typed_json
from htrdata.files.refusals import cannot_create
from htrdata.files.writing import make_folder, remove_unfinished
from htrdata.records import SPLITS
from htrdata.store.description import Description, Provenance
from htrdata.store.description_file import check_format, read_description, write_json
from htrdata.store.format import DATA_FILE, DATASET_FILE, FORMAT, MANIFEST_FILE

_REMEDY = "build with --overwrite, which begins anew"


class Workspace:
    """The places of one data set in a store while it is being built.

    Args:
        store: the folder of the store.
        name: of the data set.
    """

    def __init__(self, store: Path, name: str) -> None:
        self.store = store
        self.name = name
        self.folder = store / ".build" / name
        self.parts = self.folder / "parts"
        self.stage = self.folder / "stage"
        self.shares = self.folder / "shares"
        self.crops = self.shares / "crops"
        self.about = self.stage / name
        self._request = self.folder / "request.json"
        self._exchange = Exchange(name, store, self.stage, self.folder / "old", self.folder / "moves.json")

    @contextlib.contextmanager
    def locked(self, patience: float = 0) -> Iterator[None]:
        """Creates the folder and holds its lock.

        Args:
            patience: for how many seconds to wait for whoever holds it.

        Raises:
            LockedError: another process builds this data set.
            CannotCreateError: the folder cannot be created.
        """
        try:
            held = _acquired(self.folder / "lock", patience)
        except filelock.Timeout:
            raise LockedError(
                f"another process is building {self.name!r} in {self.store}: wait for it, or build elsewhere with --out"
            ) from None
        except (PermissionError, NotADirectoryError, FileExistsError) as error:
            raise CannotCreateError(cannot_create(self.store, error)) from error
        with held:
            yield

    @contextlib.contextmanager
    def holding(self, share: Share) -> Iterator[None]:
        """Holds the lock of a share. To get it the lock of the build must be held, and may then be let go.

        Raises:
            LockedError: another process builds that share.
        """
        try:
            held = _acquired(self._lock_of(share), 0)
        except filelock.Timeout:
            raise LockedError(
                f"another process is building --part {share} of {self.name!r} in {self.store}: wait for it"
            ) from None
        with held:
            yield

    def begun_shares(self) -> list[Share]:
        """The shares that have been begun, finished or not, in order."""
        names = [path.stem.replace("-of-", "/") for path in self.shares.glob("*-of-*.lock")]
        return sorted(Share.parse(name) for name in names)

    def refuse_shares(self) -> None:
        """Makes sure that nobody is building a share. While the lock of the build is held, nobody can begin one.

        Raises:
            LockedError: somebody is.
        """
        for share in self.begun_shares():
            with self.holding(share):
                pass

    def _lock_of(self, share: Share) -> Path:
        return self.shares / f"{share.number}-of-{share.of}.lock"

    def live_dataset(self) -> Description | None:
        """The description of the data set that stands in the store; None where there is none.

        Raises:
            BadDataError: it is damaged, or of a format that is not known here.
        """
        try:
            return read_description(self.store / self.name / DATASET_FILE)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def is_there(self, description: Description) -> bool:
        """Whether the files of a data set are in the store, with the sizes that its description gives."""
        sizes = {self.store / folder / DATA_FILE: shard.bytes for folder, shard in description.shards.items()}
        sizes[self.store / self.name / MANIFEST_FILE] = description.manifest.bytes
        return all(path.is_file() and path.stat().st_size == size for path, size in sizes.items())

    def begun(self) -> Provenance | None:
        """What the finished parts are made from; None where there are none.

        Raises:
            BadDataError: the note of it is damaged, or was made by another version.
        """
        try:
            document = strict_json.load(self._request)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except BadDataError as error:
            raise BadDataError(f"{error} The build under way cannot go on: {_REMEDY}") from error
        check_format(document, self._request, (FORMAT,), _REMEDY)
        return typed_json.decode(document, Provenance, f"{self._request} is damaged", _REMEDY)

    @property
    def staged(self) -> bool:
        """Whether the stage is complete, so that nothing is left but to publish it."""
        return (self.about / DATASET_FILE).exists()

    def start(self, provenance: Provenance) -> None:
        """Discards whatever another build left, and notes what this one builds."""
        self.settle()
        self._request.unlink(missing_ok=True)
        for folder in (self.parts, self.stage, self.shares):
            if folder.exists():
                shutil.rmtree(folder)
        make_folder(self.parts)
        write_json(self._request, provenance)

    def publish(self) -> None:
        """Puts the stage into the store, in the place of what `htrdata.building.replaceable` allows to be replaced.

        The data set is visible from the moment its folder with ``dataset.json`` arrives, as the last one.

        Raises:
            StorageError: a folder cannot be moved.
        """
        self._exchange.carry_out([self.name, *(f"{split}/{self.name}" for split in SPLITS)])

    def settle(self) -> None:
        """Ends what `publish` began and could not end: the new data set stands if all of it has come, else the old one.

        Raises:
            BadDataError: the note of what was to be moved is damaged.
            OSError: a folder cannot be moved.
        """
        self._exchange.settle()

    def remove(self) -> None:
        """Removes the folder of the build, which is no longer needed. The lock must be held."""
        self.settle()
        self._request.unlink(missing_ok=True)  # first, or else what is left would be taken for parts to go on from
        for folder in (self.parts, self.stage, self.shares):
            if folder.exists():
                shutil.rmtree(folder)
        (self.folder / "lock").unlink(missing_ok=True)
        for file in (self._request, self._exchange.note):
            remove_unfinished(file)
        for folder in (self.folder, self.folder.parent):
            with contextlib.suppress(OSError):  # another build is under way, or somebody has put something there
                folder.rmdir()


def _acquired(path: Path, patience: float) -> contextlib.AbstractContextManager[object]:
    """Acquires a lock that whoever holds it may remove, with its folder, when all is done.

    Raises:
        filelock.Timeout: somebody else holds it.
        OSError: it cannot be created.
    """
    until = time.monotonic() + patience
    while True:
        make_folder(path.parent)
        try:
            return filelock.FileLock(path).acquire(timeout=max(0.0, until - time.monotonic()), poll_interval=0.1)
        except FileNotFoundError:  # its folder has just gone
            if time.monotonic() > until:
                raise
