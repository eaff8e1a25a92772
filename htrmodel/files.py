"""Output files that are there as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from htrdata.errors import CannotCreateError, StorageError


def write_atomically(path: Path | str, content: bytes) -> None:
    """Writes a file beside its place, to the disk, and moves it there: an older file of that name stays until then.

    Args:
        path: where the file shall be; its folder must exist.
        content: all of it.

    Raises:
        CannotCreateError: the file cannot be created there.
        StorageError: writing failed.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        file = temporary.open("wb")
    except OSError as error:
        raise CannotCreateError(f"cannot create {path}: {error.strerror}") from error
    try:
        with file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise StorageError(f"writing {path} failed: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Makes the new name last. Windows has no such call for folders."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
