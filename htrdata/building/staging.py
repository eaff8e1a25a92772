"""The folder of a build under way, its lock, and how a finished build becomes visible.

STORE/.build/NAME/lock            held while a process builds
STORE/.build/NAME/request.json    what is being built: a build of something else must not go on from here
STORE/.build/NAME/parts/          finished parts
STORE/.build/NAME/stage/          the data set as it will stand in the store; complete once it has its dataset.json
STORE/.build/NAME/retired         there once the data set that stood in the store before has been removed
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import filelock

from htrdata.errors import BadDataError, CannotCreateError, LockedError
from htrdata.files import strict_json
from htrdata.files.writing import sync_folder
from htrdata.records import SPLITS
from htrdata.store.description import Description, Provenance
from htrdata.store.description_file import check_format, read_description, write_json
from htrdata.store.format import DATA_FILE, DATASET_FILE, FORMAT, MANIFEST_FILE, REPORT_FILE

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
        self.about = self.stage / name
        self._request = self.folder / "request.json"
        self._retired = self.folder / "retired"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Creates the folder and holds its lock.

        Raises:
            LockedError: another process builds this data set.
            CannotCreateError: the folder cannot be created.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            held = filelock.FileLock(self.folder / "lock").acquire(timeout=0)
        except filelock.Timeout:
            raise LockedError(
                f"another process is building {self.name!r} in {self.store}: wait for it, or build elsewhere with --out"
            ) from None
        except (PermissionError, NotADirectoryError, FileExistsError) as error:
            raise CannotCreateError(f"cannot create the store {self.store}: {error}") from error
        with held:
            yield

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

    def foreign_folders(self) -> list[Path]:
        """Folders of this name in the store that are not part of a finished data set or of this build."""
        if self._retired.exists() or self.live_dataset() is not None:
            return []
        return [place for place in self._live_folders() if place.exists()]

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
        return strict_json.decode(document, Provenance, f"{self._request} is damaged", _REMEDY)

    @property
    def staged(self) -> bool:
        """Whether the stage is complete, so that nothing is left but to publish it."""
        return self._retired.exists() or (self.about / DATASET_FILE).exists()

    def start(self, provenance: Provenance) -> None:
        """Discards whatever another build left, and notes what this one builds."""
        self._request.unlink(missing_ok=True)
        self._retired.unlink(missing_ok=True)
        for folder in (self.parts, self.stage):
            if folder.exists():
                shutil.rmtree(folder)
        self.parts.mkdir()
        write_json(self._request, provenance)

    def publish(self) -> None:
        """Moves the stage into the store; the data set is visible from the moment its ``dataset.json`` arrives.

        Called again after an interruption, it goes on where it stopped.
        """
        live = self.store / self.name
        if not self._retired.exists():
            (live / DATASET_FILE).unlink(missing_ok=True)
            for place in self._live_folders():
                if place.exists():
                    shutil.rmtree(place)
            write_json(self._retired, {})
        for split in SPLITS:
            _move(self.stage / split / self.name, self.store / split / self.name)
        for file in (REPORT_FILE, MANIFEST_FILE, DATASET_FILE):
            _move(self.about / file, live / file)

    def remove(self) -> None:
        """Removes the folder of the build, which is no longer needed. The lock must be held."""
        shutil.rmtree(self.folder)
        with contextlib.suppress(OSError):  # another build is under way
            self.folder.parent.rmdir()

    def _live_folders(self) -> list[Path]:
        return [*(self.store / split / self.name for split in SPLITS), self.store / self.name]


def _move(source: Path, target: Path) -> None:
    """Moves a file or folder that is still there, and makes the move survive a crash of the system."""
    if source.exists():
        target.parent.mkdir(exist_ok=True)
        source.replace(target)
        sync_folder(target.parent)
