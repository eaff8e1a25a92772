"""What the system refuses is said with its cause and a remedy, also where a library has not understood it."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from htrdata.files.refusals import cannot_create, error_after, refusal


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """A limit on the size of files, within this process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (errno.ENOSPC, "the disk is full: make room"),
        (errno.EDQUOT, "your quota on that disk is used up"),
        (errno.EFBIG, r"no file may become that large: allow larger ones \(ulimit -f"),
        (errno.EMFILE, r"too many files are open in this process: allow more \(ulimit -n"),
        (errno.EROFS, "it is mounted read-only"),
        (errno.EIO, "reports an error"),
    ],
)
def test_a_refusal_has_a_remedy(code: int, cause: str) -> None:
    said = refusal(OSError(code, os.strerror(code), "a/b"))
    assert said.startswith(f"{os.strerror(code)} (a/b): ")
    with pytest.raises(AssertionError, match=cause):
        raise AssertionError(said)
    assert refusal(OSError(code, os.strerror(code))).startswith(f"{os.strerror(code)}: ")


def test_what_is_not_known_is_said_as_it_is() -> None:
    assert refusal(OSError("it does not work")) == "it does not work"
    assert refusal(OSError(errno.ENOTDIR, "Not a directory", "a/b")) == "Not a directory (a/b)"


def test_the_error_behind_a_write_that_was_cut_short_is_found(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with no_file_beyond(20_000):
        path.write_bytes(bytes(15_000))
        found = error_after(path)
    assert found is not None
    assert found.errno == errno.EFBIG
    assert error_after(path) is None


def test_what_cannot_be_created_names_the_cause_and_a_way(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place, said in (
        (tmp_path / "file", "is a file, not a folder; name another place"),
        (tmp_path / "file/a/b", f"{tmp_path / 'file'} is a file, not a folder; name another place"),
    ):
        with pytest.raises(OSError, match=r"File exists|Not a directory") as told:
            place.mkdir()
        assert cannot_create(place, told.value).endswith(said)
    with pytest.raises(FileNotFoundError) as gone:
        (tmp_path / "none/x.png").touch()
    assert cannot_create(tmp_path / "none/x.png", gone.value).endswith(
        f"no folder {tmp_path / 'none'}; make it, or name another place"
    )
    denied = cannot_create(tmp_path / "x", PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "x")))
    assert denied.startswith(f"cannot create {tmp_path / 'x'}: Permission denied: you may not do that there: ")


def test_a_file_is_named_once() -> None:
    error = OSError(errno.EIO, "Input/output error", "a.png")
    assert refusal(error, "a.png").startswith("Input/output error: the disk")
    assert refusal(error, "b").startswith("Input/output error (a.png): the disk")
    assert refusal(OSError("cut off")) == "cut off"
