from __future__ import annotations

import errno
import os
import resource
from pathlib import Path

import pytest

from htrdata.errors import CannotCreateError, StorageError
from htrdata.files.writing import move_durably, write_atomically


def test_the_old_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    write_atomically(path, b"old")
    write_atomically(path, b"new" * 1000)
    assert path.read_bytes() == b"new" * 1000
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    write_atomically(path, b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StorageError, match=r"writing .*model\.safetensors failed: File too large"):
            write_atomically(path, b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_many_files_are_moved_to_their_places(tmp_path: Path) -> None:
    moves = {}
    for number in range(20):
        folder = tmp_path / str(number % 3)
        folder.mkdir(exist_ok=True)
        (folder / f".{number}.part").write_bytes(b"%d" % number)
        moves[folder / f".{number}.part"] = folder / f"{number}"
    (tmp_path / "0/0").write_bytes(b"old")
    move_durably(moves)
    assert {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == {
        f"{number}": b"%d" % number for number in range(20)
    }
    move_durably({})


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        CannotCreateError,
        match=r"cannot create .*runs/model\.pth: there is no folder .*runs; make it",
    ):
        write_atomically(tmp_path / "runs" / "model.pth", b"")


def test_what_cannot_be_removed_hides_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails does so for the removal of the unfinished file, too."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "unlink", fail)
    write_atomically(tmp_path / "file", b"new")  # which left nothing to remove
    assert (tmp_path / "file").read_bytes() == b"new"
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError, match=r"writing .*/file failed: Input/output error"):
        write_atomically(tmp_path / "file", b"newer")
    assert (tmp_path / "file").read_bytes() == b"new"
