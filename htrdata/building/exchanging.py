"""New folders take the place of old ones: all of them or none, whatever ends the process meanwhile."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from htrdata.errors import StorageError
from htrdata.files import strict_json, typed_json
from htrdata.files.writing import make_folder, sync_folder
from htrdata.store.description_file import write_json


@dataclass(frozen=True, slots=True)
class _Moves:
    """Folders below the store, in the order in which they are moved.

    Attributes:
        old: those that make place.
        new: those that come.
    """

    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """Moves the folders of a stage to a store. What stood there is moved away first, and removed last.

    Attributes:
        name: what is exchanged, for messages.
        store: where the folders come to.
        stage: where they come from.
        old: where those go that stood in their places; it is not there but for an exchange.
        note: a file that is there from the first move to the last one.
    """

    name: str
    store: Path
    stage: Path
    old: Path
    note: Path

    def carry_out(self, names: Sequence[str]) -> None:
        """Makes the exchange; where a move fails, all are taken back.

        Args:
            names: of the folders, below the store and the stage. The last of them comes first, the first last.

        Raises:
            StorageError: a folder cannot be moved.
        """
        old = tuple(name for name in names if (self.store / name).exists())
        new = tuple(name for name in reversed(names) if (self.stage / name).exists())
        write_json(self.note, _Moves(old, new))
        try:
            for name in old:
                _move(self.store / name, self.old / name)
            for name in new:
                _move(self.stage / name, self.store / name)
        except OSError as error:
            self.settle()
            raise StorageError(
                f"{self.name} cannot be put into {self.store} ({error}): all is there as before. Mend that and run the "
                "same command again: it goes on from the finished parts"
            ) from error

    def settle(self) -> None:
        """Ends what was begun and could not end: the new folders stand if all of them have come, else the old ones.

        Raises:
            BadDataError: the note of what was to be moved is damaged.
            OSError: a folder cannot be moved.
        """
        if self.note.exists():
            verdict, remedy = f"{self.note} is damaged", f"move what is in {self.old} back to {self.store} yourself"
            moves = typed_json.decode(strict_json.load(self.note), _Moves, verdict, remedy)
            if any((self.stage / name).exists() for name in moves.new):
                self._take_back(moves)
            self.note.unlink()
        if self.old.exists():  # nothing but what is no longer needed
            shutil.rmtree(self.old)

    def _take_back(self, moves: _Moves) -> None:
        for name in moves.new:
            if not (self.stage / name).exists():
                _move(self.store / name, self.stage / name)
        for name in moves.old:
            if (self.old / name).exists():
                _move(self.old / name, self.store / name)


def _move(source: Path, target: Path) -> None:
    """Moves a folder, and makes the move survive a crash of the system."""
    make_folder(target.parent)
    source.replace(target)
    sync_folder(target.parent)
    sync_folder(source.parent)
