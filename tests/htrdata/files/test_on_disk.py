"""Images that are files: what is no file, or larger than any image, is neither waited for nor read."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from htrdata.building.options import BuildOptions
from htrdata.building.page_cutting import rows_of_page
from htrdata.files import on_disk
from htrdata.files.on_disk import FileBelow, FileOnDisk, NoImageFileError
from htrdata.records import Box, ImageFile, Page, Reason, Word

KINDS: list[Callable[[Path], ImageFile]] = [FileOnDisk, lambda path: FileBelow(str(path.parent), path.name)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_read_whole_and_a_missing_one_has_no_size(kind: Callable[[Path], ImageFile], tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"abc")
    image = pickle.loads(pickle.dumps(kind(tmp_path / "a.png")))
    assert (image.name, image.size(), image.read()) == (str(tmp_path / "a.png"), 3, b"abc")
    for nowhere in (tmp_path / "b.png", tmp_path / "a.png" / "b.png"):
        assert kind(nowhere).size() is None
        with pytest.raises((FileNotFoundError, NotADirectoryError), match=str(nowhere)):
            kind(nowhere).read()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Path.mkdir, "is a folder"),
        (os.mkfifo, "is a pipe"),
        (lambda path: path.symlink_to("/dev/zero"), "is a device"),
    ],
)
def test_what_is_no_file_is_refused(
    kind: Callable[[Path], ImageFile], make: Callable[[Path], object], said: str, tmp_path: Path
) -> None:
    make(tmp_path / "a.png")
    with pytest.raises(NoImageFileError, match=said):
        kind(tmp_path / "a.png").read()
    page = Page("p", "train", (Word("w", "one", Box(9, 9, 9, 9)),), kind(tmp_path / "a.png"))
    assert [row.reason for row in rows_of_page(page, BuildOptions())] == [Reason.IMAGE_CORRUPT]


def test_what_is_larger_than_any_image_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(on_disk.MOST + 1)  # takes no room
    with pytest.raises(NoImageFileError, match="more than 1,073,741,824 bytes"):
        FileOnDisk(tmp_path / "a.png").read()
    monkeypatch.setattr(on_disk, "MOST", 3)
    (tmp_path / "b.png").write_bytes(b"abc")
    assert FileOnDisk(tmp_path / "b.png").read() == b"abc"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system has no file without a size")
def test_a_file_whose_size_says_nothing_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert FileOnDisk(Path("/proc/self/status")).read().startswith(b"Name:")
    monkeypatch.setattr(on_disk, "MOST", 5)
    with pytest.raises(NoImageFileError, match="more than 5 bytes"):
        FileOnDisk(Path("/proc/self/status")).read()
