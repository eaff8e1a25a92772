"""Where the pages of Imgur5K may lie, and what is none of them though it lies there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from htrdata.building.missing_images import looked_for
from htrdata.building.options import BuildOptions
from htrdata.building.page_cutting import rows_of_page
from htrdata.building.plan import make_plan
from htrdata.images.codec import encode
from htrdata.records import Box, Page, Reason, Word
from htrdata.sources.imgur5k import Imgur5K, images
from htrdata.sources.imgur5k.images import PageFiles, PostedImage

from .test_imgur5k import BOX, annotation_file, lists, write


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["aB3dE.jpg"], "aB3dE.jpg"),
        (["aB3dE.png"], "aB3dE.png"),
        (["aB3dE.JPEG"], "aB3dE.JPEG"),
        (["val/aB3dE.jpeg"], "val/aB3dE.jpeg"),
        (["deeper/still/aB3dE.webp"], "deeper/still/aB3dE.webp"),
        (["aB3dE.png", "aB3dE.jpg", "val/aB3dE.jpg"], "aB3dE.jpg"),
        (["aB3dE.png", "aB3dE.jpeg"], "aB3dE.jpeg"),
        (["train/aB3dE.jpg", "val/aB3dE.png"], "val/aB3dE.png"),
        (["val/aB3dE.jpg", "aB3dE.png"], "aB3dE.png"),
        (["b/aB3dE.jpg", "a/aB3dE.jpg"], "a/aB3dE.jpg"),
        ([], "aB3dE.jpg"),
        (["ab3de.jpg", "aB3dE.txt", "aB3dE.jpg.part", "a/b/c/d/aB3dE.jpg"], "aB3dE.jpg"),  # none of these is it
    ],
)
def test_a_page_is_found_by_its_name(tmp_path: Path, files: list[str], found: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert PageFiles(tmp_path).find("aB3dE", "val") == tmp_path / found


def test_folders_that_lead_back_to_themselves_have_an_end(tmp_path: Path) -> None:
    (tmp_path / "train").symlink_to(tmp_path)
    (tmp_path / "aB3dE.jpg").touch()
    assert PageFiles(tmp_path).find("aB3dE", "train") == tmp_path / "aB3dE.jpg"


NOTICE = encode(np.full((81, 161), 200, np.uint8), "png")
MD5 = hashlib.md5(NOTICE).hexdigest()


def reason(tmp_path: Path, data: bytes, md5: str | None) -> Reason | None:
    path = tmp_path / "aB3dE.jpg"
    path.write_bytes(data)
    word = Word("w", "one", Box(9, 9, 9, 9))
    page = Page("aB3dE", "val", (word,), PostedImage(path, md5), md5)
    (row,) = rows_of_page(page, BuildOptions(check_hashes=False))
    return row.reason


@pytest.mark.parametrize("md5", [None, "0" * 32, MD5])
def test_the_notice_of_a_removed_page_is_never_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, md5: str | None
) -> None:
    monkeypatch.setattr(images, "NOTICES", frozenset({MD5}))
    assert reason(tmp_path, NOTICE, md5) is Reason.IMAGE_MISSING


def test_a_notice_that_was_saved_anew_is_told_by_its_size(tmp_path: Path) -> None:
    saved = encode(np.full((81, 161), 200, np.uint8), "jpeg")
    assert reason(tmp_path, saved, "0" * 32) is Reason.IMAGE_MISSING
    assert reason(tmp_path, saved, hashlib.md5(saved).hexdigest()) is None  # the page that was annotated
    assert reason(tmp_path, encode(np.full((82, 161), 200, np.uint8), "jpeg"), None) is None
    assert reason(tmp_path, b"<html>", None) is Reason.IMAGE_CORRUPT


def test_where_missing_pages_were_looked_for_is_told(tmp_path: Path) -> None:
    pages = {f"page{i}": [("x", BOX)] for i in range(4)}
    write(tmp_path, imgur5k_annotations_json=annotation_file(pages), **lists(train=" ".join(pages)))
    (tmp_path / "images").mkdir()
    parts = make_plan(Imgur5K(tmp_path), BuildOptions()).parts
    assert (
        looked_for(parts)
        == f"image_missing: there is no {tmp_path}/images/page0.jpg, no {tmp_path}/images/page1.jpg, …"
    )
    for i in range(3):
        (tmp_path / f"images/page{i}.png").touch()
    assert looked_for(parts) == looked_for(parts)
    parts = make_plan(Imgur5K(tmp_path), BuildOptions()).parts
    assert looked_for(parts) == f"image_missing: there is no {tmp_path}/images/page3.jpg"
    (tmp_path / "images/page3.png").touch()
    assert "files are there" in looked_for(make_plan(Imgur5K(tmp_path), BuildOptions()).parts)
