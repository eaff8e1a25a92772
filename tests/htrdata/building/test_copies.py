"""The same picture under other names in another split: found whatever the source, told, and taken out if asked for."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from htrdata.building.builder import build, count_words
from htrdata.building.describing import describe_counts
from htrdata.building.leaks import clean_lines, leak_lines
from htrdata.building.options import BuildOptions
from htrdata.building.plan import make_plan
from htrdata.drawing.handwriting.page import draw_page
from htrdata.files.on_disk import FileOnDisk
from htrdata.images.codec import encode
from htrdata.records import Box, Page, Word
from htrdata.store.description import Description
from htrdata.store.manifest_reader import ManifestReader
from htrdata.store.verification import verify

from ..conftest import ListSource

BOXES = [Box(110 + 200 * column, 80 + 140 * row, 170, 70) for row in range(4) for column in range(4)]
Save = Callable[[np.ndarray], bytes]


@functools.cache
def drawn(name: str) -> np.ndarray:
    """A page of words by a hand of its own, grey."""
    words = [(("Harbour", "at", "noon", "the")[(i + len(name)) % 4], box) for i, box in enumerate(BOXES)]
    return _drawn(words, 600, 840, name)


@functools.cache
def drawn_word(name: str) -> np.ndarray:
    """One word by a hand of its own, grey."""
    return _drawn([("Harbour", Box(90, 30, 150, 40))], 60, 180, name)


def _drawn(words: list[tuple[str, Box]], height: int, width: int, name: str) -> np.ndarray:
    return np.ascontiguousarray(draw_page(words, height, width, seed=8, page=name)[:, :, 1])


def png(pixels: np.ndarray, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **options)
    return file.getvalue()


SAME: dict[str, Save] = {
    "the same bytes": png,
    "encoded anew": lambda pixels: png(pixels, compress_level=1, dpi=(300, 300)),
    "in colour": lambda pixels: png(np.dstack([pixels] * 3)),
    "as a TIFF": lambda pixels: _saved(pixels, "TIFF"),
}
ALIKE: dict[str, Save] = {
    "as a JPEG": lambda pixels: encode(pixels, "jpeg", 90),
    "as a poor JPEG": lambda pixels: encode(pixels, "jpeg", 40),
    "brightened": lambda pixels: png((pixels // 2 + 100).astype(np.uint8)),
    "scaled": lambda pixels: _saved(pixels, "JPEG", (pixels.shape[1] * 3 // 4, pixels.shape[0] * 3 // 4)),
}


def _saved(pixels: np.ndarray, kind: str, size: tuple[int, int] | None = None) -> bytes:
    file, image = io.BytesIO(), Image.fromarray(pixels)
    (image if size is None else image.resize(size)).save(file, kind)
    return file.getvalue()


def of_pages(folder: Path, copy: Save) -> ListSource:
    """Pages of words, of which train has one that also stands in test, by another name."""
    images = {name: png(drawn(name)) for name in ("one", "two", "three", "four")}
    images["other"] = copy(drawn("one"))
    return ListSource([_page(folder, name, images[name], split) for name, split in _SPLITS.items()])


_SPLITS = {"one": "train", "two": "train", "three": "val", "four": "test", "other": "test"}


def _page(folder: Path, name: str, image: bytes, split: str) -> Page:
    (folder / f"{name}.image").write_bytes(image)
    words = tuple(Word(f"{name}_{i}", "word", box, writer=split) for i, box in enumerate(BOXES))
    return Page(name, split, words, FileOnDisk(folder / f"{name}.image"))


def of_words(folder: Path, copy: Save) -> ListSource:
    """Words with images of their own, as small as they may be to stay as they are."""
    pages = []
    for name, split in _SPLITS.items():
        image = copy(drawn_word("one")) if name == "other" else png(drawn_word(name))
        (folder / f"{name}.word").write_bytes(image)
        pages.append(Page(name, split, (Word(name, "word", image=FileOnDisk(folder / f"{name}.word")),)))
    return ListSource(pages)


SOURCES = pytest.mark.parametrize("source", [of_pages, of_words])
COPIES = (("train", "one"), ("test", "other"))


def built(source: ListSource, folder: Path, **options: Any) -> Description:
    return build(source, folder / "lmdb", BuildOptions(**options), workers=1).description


@SOURCES
@pytest.mark.parametrize("copy", SAME)
def test_the_same_pixels_are_found(source: Callable[[Path, Save], ListSource], copy: str, tmp_path: Path) -> None:
    about = built(source(tmp_path, SAME[copy]), tmp_path)
    found, none = (
        (about.leaks.copies, about.leaks.words) if source is of_pages else (about.leaks.words, about.leaks.copies)
    )
    assert (found, none, about.leaks.alike) == ((COPIES,), (), ())
    line = f"the same picture in more than one split: 1 group of {'pages' if source is of_pages else 'words'} "
    assert leak_lines(about)[0] == f"{line}(train/one = test/other)"
    assert not any(dataset.problems for dataset in verify(tmp_path / "lmdb", decode=True))


@SOURCES
@pytest.mark.parametrize("copy", ALIKE)
@pytest.mark.parametrize("color", ["grey", "rgb"])
def test_near_copies_are_told_of(
    source: Callable[[Path, Save], ListSource], copy: str, color: str, tmp_path: Path
) -> None:
    about = built(source(tmp_path, ALIKE[copy]), tmp_path, color=color, dedup=True)
    assert (about.leaks.alike, about.leaks.copies, about.leaks.words) == ((COPIES,), (), ())
    assert leak_lines(about)[0].startswith(
        "nearly the same picture in more than one split, as copies encoded anew are: 1 "
    )
    assert "duplicate_page" not in reasons(tmp_path / "lmdb").values()  # a warning takes nothing away
    assert not any("picture" in line for line in clean_lines(about))


@SOURCES
def test_what_is_no_copy_is_none(source: Callable[[Path, Save], ListSource], tmp_path: Path) -> None:
    about = built(
        source(tmp_path, lambda _: png(drawn("five") if source is of_pages else drawn_word("five"))), tmp_path
    )
    assert not about.leaks
    assert "No picture stands in more than one split under two names, neither exactly nor nearly." in clean_lines(about)


def test_signs_are_not_told_to_look_alike(tmp_path: Path) -> None:
    source = of_words(tmp_path, ALIKE["as a JPEG"])
    source.listed = [replace(page, words=(replace(page.words[0], text="-"),)) for page in source.listed]
    assert not built(source, tmp_path).leaks
    same = of_words(tmp_path, SAME["encoded anew"])
    same.listed = [replace(page, words=(replace(page.words[0], text="-"),)) for page in same.listed]
    assert built(same, tmp_path / "same").leaks.words == (COPIES,)


def reasons(store: Path) -> dict[str, str | None]:
    rows = ManifestReader(store / "drawn" / "manifest.parquet").table(["id", "reason"]).to_pylist()
    return {row["id"]: row["reason"] for row in rows}


@SOURCES
def test_dedup_takes_them_from_the_earlier_split(source: Callable[[Path, Save], ListSource], tmp_path: Path) -> None:
    about = built(source(tmp_path, SAME["encoded anew"]), tmp_path, dedup=True)
    found = reasons(tmp_path / "lmdb")
    dropped = {"one"} if source is of_words else {f"one_{i}" for i in range(len(BOXES))}
    assert {word for word, reason in found.items() if reason == "duplicate_page"} == dropped
    assert about.kept == about.words - len(dropped)
    assert about.splits["train"].dropped == {"duplicate_page": len(dropped)}
    assert about.leaks.copies or about.leaks.words
    assert any(line.startswith("--dedup has taken") for line in leak_lines(about))
    assert not any(dataset.problems for dataset in verify(tmp_path / "lmdb", decode=True))


def test_copies_within_a_split_stay_and_groups_reach_over_all(tmp_path: Path) -> None:
    source = of_pages(tmp_path, SAME["the same bytes"])
    source.listed = [*source.listed, _page(tmp_path, "again", png(drawn("one")), "val")]
    source.listed = sorted(source.listed, key=lambda page: ("train", "val", "test").index(page.split or ""))
    source.listed[0] = replace(source.listed[0], md5=None)
    source.listed.insert(1, _page(tmp_path, "within", png(drawn("two")), "train"))
    about = built(source, tmp_path, dedup=True)
    assert about.leaks.copies == ((("train", "one"), ("val", "again"), ("test", "other")),)
    dropped = {word.split("_")[0] for word, reason in reasons(tmp_path / "lmdb").items() if reason}
    assert dropped == {"one", "again"}


def test_digests_of_the_source_and_pixels_are_told_together(tmp_path: Path) -> None:
    source = of_pages(tmp_path, SAME["encoded anew"])
    one, two, three, four, other = source.listed
    source.listed = [replace(one, md5="a" * 32), two, replace(three, md5="a" * 32), four, other]
    about = built(source, tmp_path, check_hashes=False)
    assert about.leaks.copies == ((("train", "one"), ("val", "three"), ("test", "other")),)


@SOURCES
def test_workers_parts_and_an_interruption_change_nothing(
    source: Callable[[Path, Save], ListSource], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = source(tmp_path, SAME["encoded anew"])
    options = BuildOptions(dedup=True, part_words=1)
    one = build(found, tmp_path / "one", BuildOptions(dedup=True), workers=1).description
    with monkeypatch.context() as patch:  # after the parts were written anew
        patch.setattr("htrdata.building.builder.write_manifest", _fail)
        with pytest.raises(KeyboardInterrupt):
            build(found, tmp_path / "two", options, workers=1)
    two = build(found, tmp_path / "two", options, workers=1).description
    assert replace(two, options=one.options) == one


def _fail(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_dry_run_looks_at_no_pixels_and_does_not_say_that_it_did(tmp_path: Path) -> None:
    plan = make_plan(of_pages(tmp_path, SAME["encoded anew"]), BuildOptions())
    counts = describe_counts(plan, count_words(plan, workers=1))
    assert not counts.leaks
    assert counts.compared == ("pages", "writers")
    assert clean_lines(counts) == ["No page and no writer stands in more than one split."]


def _sentences(folder: Path, pages: Sequence[Page]) -> list[str]:
    return clean_lines(built(ListSource(pages), folder))


def test_what_is_not_known_is_not_said_to_stand_in_one_split(tmp_path: Path) -> None:
    pages = [page for page in of_pages(tmp_path, SAME["the same bytes"]).listed if page.id != "other"]
    pictures = "No picture stands in more than one split under two names, neither exactly nor nearly."
    unknown = "Who wrote is not known of all words: whether a writer stands in more than one split is not told."
    assert _sentences(tmp_path / "a", pages) == ["No page and no writer stands in more than one split.", pictures]
    nameless = [replace(pages[0], words=(replace(pages[0].words[0], writer=None), *pages[0].words[1:])), *pages[1:]]
    assert _sentences(tmp_path / "b", nameless) == ["No page stands in more than one split.", unknown, pictures]
    words = [page for page in of_words(tmp_path, SAME["the same bytes"]).listed if page.id != "other"]
    assert _sentences(tmp_path / "c", words) == [unknown, pictures]
    grouped = [replace(page, words=(page.words[0], replace(page.words[0], id=f"{page.id}2"))) for page in words]
    group = "No group of words that its source keeps together stands in more than one split."
    assert _sentences(tmp_path / "d", grouped) == [group, unknown, pictures]
    report = (tmp_path / "d" / "lmdb/drawn/report.html").read_text()
    assert group in report
    assert "writer stands" in report
    assert "No page" not in report


def test_stores_without_copies_are_described_as_before(tmp_path: Path) -> None:
    text = tmp_path / "lmdb/drawn/dataset.json"
    built(of_pages(tmp_path, lambda _: png(drawn("five"))), tmp_path)
    assert '"alike"' not in text.read_text()
    assert '"words": []' not in text.read_text()
