"""What is no file is refused before anything waits for it, and no more is read than a file may have."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from htrdata.errors import BadDataError
from htrdata.files.regular import check_regular, open_regular, read_regular


def _make_socket(path: Path) -> None:
    os.chdir(path.parent)  # its name must be short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("a folder", Path.mkdir),
        ("a pipe", os.mkfifo),
        ("a socket", _make_socket),
        ("a device", lambda path: path.symlink_to("/dev/zero")),
    ],
)
def test_what_is_no_file_is_named(
    kind: str, make: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "thing")
    for use in (open_regular, check_regular, lambda path: read_regular(path, 10)):
        with pytest.raises(BadDataError, match=f"thing is {kind}, where a file is expected"):
            use(tmp_path / "thing")


def test_what_is_exchanged_for_a_pipe_while_it_is_opened_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    os.mkfifo(path)
    monkeypatch.setattr("htrdata.files.regular.check_regular", lambda path: None)
    with pytest.raises(BadDataError, match="is a pipe"):
        open_regular(path)


def test_a_file_is_read_whole_up_to_a_size(tmp_path: Path) -> None:
    path, content = tmp_path / "file", random.Random(0).randbytes((1 << 20) + 5)
    path.write_bytes(content)
    assert read_regular(path, len(content)) == content
    with pytest.raises(BadDataError, match="has more than 1,048,580 bytes"):
        read_regular(path, len(content) - 1)
    path.write_bytes(b"")
    assert read_regular(path, 0) == b""
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "none", 10)
