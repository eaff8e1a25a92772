"""Folders that are there whole or not at all: where they may be, who else writes them, what killed processes left."""

from __future__ import annotations

from pathlib import Path

import pytest

from htrdata.errors import BadDataError, CannotCreateError, LockedError, SourceMissingError, StorageError
from htrdata.files.regular import real_path
from htrdata.files.whole_folders import made_whole


def write(out: Path, outside: Path | None = None) -> None:
    with made_whole(out, outside) as folder:
        (folder / "below").mkdir()
        (folder / "below/one").write_text("1")
        (folder / "README.md").write_text("2")


def fail(out: Path, error: BaseException) -> None:
    with made_whole(out) as folder:
        (folder / "half").write_text("x")
        raise error


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


WHOLE = ["README.md", "below", "below/one"]


@pytest.mark.parametrize("out", [".", "", "./", "new", "new/", "a/b", "a/../new", "link", "-rf", " ", "new\nline"])
def test_whatever_it_is_called_it_is_made(out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    if out == "link":
        (tmp_path / "elsewhere").mkdir()
        (here / "link").symlink_to(tmp_path / "elsewhere")
    monkeypatch.chdir(here)
    write(Path(out))
    assert names(real_path(Path(out))) == WHOLE
    assert Path().samefile(here)  # whoever works in it is still there
    assert not [name for name in names(tmp_path) if ".partial" in name or ".lock" in name]


def test_it_lies_not_in_what_is_read_nor_over_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "store"
    (store / "train").mkdir(parents=True)
    (tmp_path / "link").symlink_to(store)
    monkeypatch.chdir(store)
    for out in (store / "out", store / "train", tmp_path / "link/out", Path("out")):
        with pytest.raises(CannotCreateError, match=r"lies in .*store, which is what is read"):
            write(out, store)
    with pytest.raises(CannotCreateError, match="has something in it already"):
        write(store)
    assert names(tmp_path) == ["link", "store", "store/train"]
    write(tmp_path / "store2", store)


@pytest.mark.parametrize("there", [True, False], ids=["into one that is there", "a new one"])
def test_two_at_once_and_what_a_killed_one_left(there: bool, tmp_path: Path) -> None:
    out = tmp_path / "out"
    if there:
        out.mkdir()
    with made_whole(out) as first:
        (first / "one").write_text("1")
        with pytest.raises(LockedError, match="another process is writing"):
            write(out)
    assert names(out) == ["one"]
    other = tmp_path / "other"
    left = (other / ".partial") if there else tmp_path / ".other.partial"
    (left / "below").mkdir(parents=True)
    (left / "below/stale").write_text("x")
    (left / "stale").write_text("x")
    write(other)
    assert names(other) == WHOLE


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (OSError(28, "No space left on device"), r"writing .*out failed: No space left.*: the disk is full"),
        (SourceMissingError("the store is gone"), "the store is gone"),
        (BadDataError("a shard is damaged"), "a shard is damaged"),
        (KeyboardInterrupt("stopped"), "stopped"),
    ],
)
@pytest.mark.parametrize("there", [True, False])
def test_what_fails_leaves_nothing(raised: BaseException, said: str, there: bool, tmp_path: Path) -> None:
    out = tmp_path / "out"
    if there:
        out.mkdir()
    expected = StorageError if isinstance(raised, OSError) and "space" in str(raised) else type(raised)
    with pytest.raises(expected, match=said):
        fail(out, raised)
    assert names(tmp_path) == (["out"] if there else [])
