"""The folder of a training run: what it was started with, its log, its checkpoints, its curves.

config.json        recipe, model, start, data by digest, seed: a run is resumed where they are the same
log.jsonl          one line per some steps, and one per validation
best.safetensors   the checkpoint with the lowest validation loss
last.safetensors   the checkpoint of the last save
state.pt           what else is needed to go on from there
curves.png         losses and errors over steps
tensorboard/       if TensorBoard is installed
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock

from htrdata.errors import BadDataError, CannotCreateError, LockedError, StorageError
from htrdata.files.writing import remove_unfinished, sync_file, write_atomically

_FILES = ("config.json", "log.jsonl", "best.safetensors", "last.safetensors", "state.pt", "curves.png")
_LOCK = ".lock"

Record = dict[str, Any]


class RunFolder:
    """The folder of a run.

    Args:
        path: where it is, or shall be.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config, self.log, self.best, self.last, self.state, self.curves = (path / name for name in _FILES)
        self.tensorboard = path / "tensorboard"

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Creates the folder, and keeps other processes out of it.

        Raises:
            LockedError: another process trains there.
            CannotCreateError: it cannot be created.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self.path / _LOCK).acquire(timeout=0)
        except filelock.Timeout:
            raise LockedError(f"another process trains in {self.path}: wait for it, or give another --out") from None
        except OSError as error:
            raise CannotCreateError(f"cannot create {self.path}: {error.strerror}") from error
        with lock:
            yield

    def prepare(self, config: Mapping[str, Any], *, overwrite: bool = False) -> None:
        """Makes the folder that of a run with this configuration: a new one, or the one that it already is.

        Args:
            config: as JSON can hold it.
            overwrite: discard what is there of a run.

        Raises:
            CannotCreateError: the folder has a run with another configuration, or other files.
            StorageError: writing failed.
        """
        for name in _FILES:
            remove_unfinished(self.path / name)
        if overwrite:
            self._clear()
        if not self.config.exists():
            if others := sorted(file.name for file in self.path.iterdir() if file.name != _LOCK):
                raise CannotCreateError(f"{self.path} is no run: it has {others[0]}; give another --out")
            write_atomically(self.config, json.dumps(config, indent=1, ensure_ascii=False).encode() + b"\n")
            return
        try:
            there = json.loads(self.config.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadDataError(f"{self.config} cannot be read ({error}): start anew with --overwrite") from error
        differences = list(_differences(json.loads(json.dumps(config)), there))
        if differences:
            more = f" and {len(differences) - 3} more differences" if len(differences) > 3 else ""
            raise CannotCreateError(
                f"{self.path} has a run with {', '.join(differences[:3])}{more}: give another --out, or --overwrite"
            )

    def _clear(self) -> None:
        for name in _FILES:
            (self.path / name).unlink(missing_ok=True)
        if self.tensorboard.exists():
            shutil.rmtree(self.tensorboard)


def _differences(mine: Any, there: Any, name: str = "") -> Iterator[str]:
    """What differs, as in ``recipe.lr 1.0 (not 0.5)``."""
    if isinstance(mine, dict) and isinstance(there, dict):
        for key in [*mine, *(key for key in there if key not in mine)]:
            yield from _differences(mine.get(key), there.get(key), f"{name}.{key}" if name else key)
    elif mine != there:
        yield f"{name} {_short(there)} (not {_short(mine)})"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "…"


class RunLog:
    """The log of a run: JSON lines, each with its ``step``, and the same as TensorBoard reads it, if that is there.

    Args:
        folder: of the run.
        keep: which of the lines that are there stay; the others are of steps that will be taken again.

    Attributes:
        records: all lines.
    """

    def __init__(self, folder: RunFolder, keep: Callable[[Record], bool]) -> None:
        self._path = folder.log
        self.records = [record for record in _read(self._path) if keep(record)]
        write_atomically(self._path, b"".join(map(_line, self.records)))
        last = self.records[-1]["step"] if self.records else 0
        self._board = _open_tensorboard(folder.tensorboard, last + 1)

    def write(self, record: Record) -> None:
        """Adds a line.

        Raises:
            StorageError: writing failed.
        """
        self.records.append(record)
        try:
            with self._path.open("ab") as file:
                file.write(_line(record))
        except OSError as error:
            raise StorageError(f"writing {self._path} failed: {error.strerror}") from error
        if self._board is not None:
            for name, value in _scalars(record):
                self._board.add_scalar(name, value, record["step"])

    def sync(self) -> None:
        """Makes the lines survive a crash of the system: before a state is saved that they are the past of.

        Raises:
            StorageError: writing failed.
        """
        try:
            sync_file(self._path)
        except OSError as error:
            raise StorageError(f"writing {self._path} failed: {error.strerror}") from error

    def close(self) -> None:
        """Closes TensorBoard's file."""
        if self._board is not None:
            self._board.close()


def _line(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


def _read(path: Path) -> Iterator[Record]:
    """The lines of a log; one that was cut short when the process was killed is left out."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            try:
                yield json.loads(line)
            except ValueError as error:
                raise BadDataError(f"{path} has a damaged line: start anew with --overwrite") from error


def _open_tensorboard(folder: Path, first_step: int) -> Any:
    """A writer, or None where TensorBoard is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=first_step)


def _scalars(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """The numbers of a record by name, those of inner objects as ``outer/name``."""
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _scalars(value, f"{prefix}{name}/")
        elif isinstance(value, int | float) and not isinstance(value, bool) and name != "step":
            yield prefix + name, value
