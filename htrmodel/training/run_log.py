"""The log of a run: JSON lines, each with its ``step``, and the same as TensorBoard reads it, if that is there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from htrdata.errors import BadDataError, StorageError
from htrdata.files.refusals import refusal
from htrdata.files.writing import sync_file, write_atomically
from htrmodel.training.run_folder import Record, RunFolder


class RunLog:
    """The log of a run.

    Args:
        folder: of the run.
        kept: `digest` of the lines that stay; those after them are of steps that will be taken again. Where the file
            does not begin with them it is set aside.

    Attributes:
        records: all lines.
    """

    def __init__(self, folder: RunFolder, kept: str) -> None:
        self._path = folder.log
        found = read_log(self._path, kept)
        if found is None and self._path.exists():
            self._path.replace(folder.log_aside)
        self.records = found or []
        self._digest = hashlib.sha256()
        self._size = 0
        lines = b"".join(map(self._counted, self.records))
        write_atomically(self._path, lines)
        last = self.records[-1]["step"] if self.records else 0
        self._board = _open_tensorboard(folder.tensorboard, last + 1)

    @property
    def digest(self) -> str:
        """Tells the lines so far: how many bytes they have, and their SHA-256 in hex."""
        return f"{self._size}:{self._digest.hexdigest()}"

    def write(self, record: Record) -> None:
        """Adds a line.

        Raises:
            StorageError: writing failed.
        """
        self.records.append(record)
        try:
            with self._path.open("ab") as file:
                file.write(self._counted(record))
        except OSError as error:
            raise StorageError(f"writing {self._path} failed: {refusal(error, self._path)}") from error
        if self._board is not None:
            for name, value in _scalars(record):
                self._board.add_scalar(name, value, record["step"])

    def sync(self) -> None:
        """Makes the lines survive a crash of the system: before a state is saved that says what they are.

        Raises:
            StorageError: it failed.
        """
        try:
            sync_file(self._path)
        except OSError as error:
            raise StorageError(f"writing {self._path} failed: {refusal(error, self._path)}") from error

    def close(self) -> None:
        """Closes TensorBoard's file."""
        if self._board is not None:
            self._board.close()

    def _counted(self, record: Record) -> bytes:
        line = json.dumps(record, ensure_ascii=False).encode() + b"\n"
        self._digest.update(line)
        self._size += len(line)
        return line


def read_log(path: Path, kept: str | None = None) -> list[Record] | None:
    """Reads a log.

    Args:
        path: of the log.
        kept: `RunLog.digest` of the lines to read; None for all of them. One that was cut short when the process was
            killed is left out.

    Returns:
        The lines; None where the file does not begin with them, or there is none and lines are wanted.

    Raises:
        BadDataError: a line is none of a log.
    """
    content = path.read_bytes() if path.is_file() else b""
    if kept is not None:
        size, _, digest = kept.partition(":")
        content = content[: int(size)] if size.isascii() and size.isdigit() else b""
        if kept and (len(content) != int(size) or hashlib.sha256(content).hexdigest() != digest):
            return None
    return list(_records(path, content))


def _records(path: Path, content: bytes) -> Iterator[Record]:
    for line in content.splitlines(keepends=True):
        if line.endswith(b"\n"):
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise BadDataError(f"{path} has a damaged line: start anew with --overwrite") from error
            if not isinstance(record, dict) or type(record.get("step")) is not int:
                raise BadDataError(f"{path} has a line without a step: start anew with --overwrite")
            yield record


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
