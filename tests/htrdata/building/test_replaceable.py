"""Nothing is lost by building: what was not built here stays, and an old data set stands until the new one does."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.building.replaceable import check_places, inputs_of
from htrdata.building.shares import Share
from htrdata.building.sharing import build_share
from htrdata.errors import CannotCreateError, StorageError
from htrdata.records import Division
from htrdata.sources.resplit import Resplit
from htrdata.store.verification import verify

OTHER = BuildOptions(quality=50)


def tree(folder: Path) -> dict[str, str]:
    """Everything below a folder: of files the SHA-256, of links where they lead."""
    return {
        str(path.relative_to(folder)): str(path.readlink())
        if path.is_symlink()
        else hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else "folder"
        for path in sorted(folder.rglob("*"))
    }


def refused(source: Any, store: Path, message: str, **options: Any) -> None:
    """A build, with --overwrite and without, is refused before any work, and touches nothing."""
    before = tree(store)
    for overwrite in (False, True):
        with pytest.raises(CannotCreateError, match=message) as caught:
            build(source, store, OTHER, executor=NoExecutor(), overwrite=overwrite, **options)
        assert "--overwrite" not in str(caught.value)
        assert tree(store) == before


class NoExecutor(Executor):
    """Where no work is done."""

    def submit(self, *_arguments: Any, **_named: Any) -> Any:
        raise AssertionError("there is work before the refusal")


@pytest.mark.parametrize("below", ["train", "val", "test/drawn", "val/new"])
def test_a_store_within_the_splits_of_another_one_is_refused(source: Any, store: Path, below: str) -> None:
    split = below.partition("/")[0]
    message = rf"lmdb/{below} is (in )?the {split} folder of the store .*lmdb, and no place for another one: give --out"
    before = tree(store)
    with pytest.raises(CannotCreateError, match=message):
        build(source, store / below, OTHER, executor=NoExecutor())
    with pytest.raises(CannotCreateError, match=message):
        build_share(source, store / below, OTHER, share=Share(2, 1), workers=1)
    assert tree(store) == before


@pytest.fixture
def store(source: Any, tmp_path: Path) -> Path:
    """A store with the data set ``drawn``."""
    build(source, tmp_path / "lmdb", BuildOptions(shard_words=30), workers=1)
    return tmp_path / "lmdb"


@pytest.mark.parametrize(
    ("out", "name", "message"),
    [
        (".", "pages", r"pages is what the data set is read from .*: choose another --out or --name"),
        ("..", "NAME", r"NAME holds what the data set is read from"),
        ("pages", "below", r"below lies in what the data set is read from"),
    ],
)
def test_what_the_source_reads_is_never_replaced(
    source: Any, tmp_path: Path, out: str, name: str, message: str
) -> None:
    (tmp_path / "pages/below").mkdir()
    name = name.replace("NAME", tmp_path.name)
    with pytest.raises(CannotCreateError, match=message.replace("NAME", name)):
        check_places(tmp_path / out, name, inputs_of(source, source.listed))


def test_the_folder_of_a_source_is_never_replaced(source: Any, tmp_path: Path) -> None:
    """As `htrdata imgur5k --out data`, where the pages are in data/imgur5k."""
    (tmp_path / "data").mkdir()
    (tmp_path / "pages").rename(tmp_path / "data/pages")
    source.listed = [
        replace(page, image=replace(page.image, path=tmp_path / "data/pages" / page.image.path.name))
        for page in source.listed
    ]
    refused(source, tmp_path / "data", "data/pages is what the data set is read from", name="pages")
    (tmp_path / "data/drawn").symlink_to("pages")
    refused(source, tmp_path / "data", "data/drawn is what the data set is read from")


def test_whatever_path_a_source_has_counts_as_read(source: Any, tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Reader:
        root: Path
        fonts: Path | None = None

    assert inputs_of(Resplit(Reader(Path("a"), Path("b"))), []) == {Path("a"), Path("b")}  # type: ignore[arg-type]
    source.archive = tmp_path / "words.tgz"
    assert inputs_of(source, source.listed) == {tmp_path / "words.tgz", tmp_path / "pages"}


def _link(place: str) -> Callable[[Path], None]:
    def link(store: Path) -> None:
        (store / place).rename(store / "elsewhere")
        (store / place).symlink_to(store / "elsewhere")

    return link


def _without_val(store: Path) -> Path:
    shutil.rmtree(store / "val")
    return store / "val"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda store: (store / "drawn/notes.txt").write_text("mine"), "notes.txt is none of what builds write"),
        (lambda store: (store / "drawn/images").mkdir(), "drawn/images is none of what builds write"),
        (lambda store: (store / "val/drawn/notes.txt").write_text(""), "notes.txt is none of what builds write"),
        (lambda store: (store / "train/drawn/00000/a.png").write_text(""), "a.png is none of what builds write"),
        (lambda store: (store / "train/drawn/more").mkdir(), "train/drawn/more is none of what builds write"),
        (lambda store: shutil.copytree(store / "train/drawn/00000", store / "train/drawn/00077"), "00077/data.mdb is"),
        (lambda store: shutil.rmtree(store / "drawn"), "train/drawn is there and no part of a data set built here"),
        (lambda store: (store / "drawn/dataset.json").unlink(), "drawn is there and no part of a data set built here"),
        (_link("train/drawn"), "train/drawn is a link, which a data set does not take the place of"),
        (_link("drawn"), "lmdb/drawn is a link"),
        (lambda store: _without_val(store).symlink_to("gone"), "val is no folder, or a link"),
        (lambda store: _without_val(store).write_text(""), "val is no folder"),
    ],
)
def test_what_no_build_has_written_is_never_removed(
    source: Any, store: Path, change: Callable[[Path], object], message: str
) -> None:
    change(store)
    refused(source, store, message)


def test_a_split_on_another_file_system_is_told_before_anything_is_moved(source: Any, store: Path) -> None:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == store.stat().st_dev:
        pytest.skip("no other file system at /dev/shm")
    shutil.move(store / "train", elsewhere := other / f"htrdata-{os.getpid()}")
    try:
        (store / "train").symlink_to(elsewhere)
        refused(source, store, "train lies on another file system than .*lmdb")
        (store / "train").unlink()
        (store / ".build").symlink_to(elsewhere)  # a faster disk for the work
        refused(source, store, "is there and no part|.build/drawn lies on another file system than .*lmdb")
    finally:
        shutil.rmtree(elsewhere)


@pytest.mark.parametrize("closed", ["", "val", "val/drawn", "train/drawn/00001"])
def test_a_folder_that_must_not_be_written_to_is_told_before_anything_is_moved(
    source: Any, store: Path, closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != store / closed)  # nothing is closed to root
    refused(source, store, f"{store / closed} must not be written to")


def test_a_data_set_that_stands_needs_no_place_to_be_replaced(source: Any, store: Path) -> None:
    (store / "drawn/notes.txt").write_text("mine")
    assert build(source, store, BuildOptions(shard_words=30), workers=1).already
    assert (store / "drawn/notes.txt").read_text() == "mine"


def test_a_store_in_the_folder_of_its_source_can_be_built(source: Any, tmp_path: Path) -> None:
    build(source, tmp_path / "pages/lmdb", OTHER, workers=1)
    assert build(source, tmp_path / "pages/lmdb", OTHER, workers=1).already


def stopping_at(step: int, error: BaseException, again: bool) -> Callable[[Path, Path], Path]:
    """`Path.replace`, but for a move of a folder, told by its number, and if `again` for all after it."""
    real, moved = Path.replace, 0

    def move(path: Path, target: Path) -> Path:
        nonlocal moved
        moved += path.is_dir()
        if path.is_dir() and (moved > step if again else moved == step + 1):
            raise error
        return real(path, target)

    return move


MOVES = 8  # four folders make place, four come


@pytest.mark.parametrize("step", range(MOVES))
def test_a_move_that_fails_leaves_the_old_data_set(
    source: Any, store: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(store)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", stopping_at(step, OSError(5, "Input/output error"), again=False))
        with pytest.raises(StorageError, match="all is there as before"):
            build(source, store, OTHER, workers=1, overwrite=True)
    assert {path: what for path, what in tree(store).items() if not path.startswith(".build")} == before
    build(source, store, OTHER, workers=1, overwrite=True)
    assert not any(dataset.problems for dataset in verify(store))
    assert not (store / ".build").exists()


@pytest.mark.parametrize("step", range(MOVES + 1))
def test_whatever_stops_an_exchange_the_next_build_ends_it(
    source: Any, store: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is killed takes nothing back; then somebody builds something else."""
    before = tree(store)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", stopping_at(step, KeyboardInterrupt(), again=True))
        with pytest.raises(KeyboardInterrupt) if step < MOVES else contextlib.nullcontext():
            build(source, store, OTHER, workers=1, overwrite=True)
    if step < MOVES:
        with pytest.raises(CannotCreateError, match="an unfinished build of 'drawn'"):
            build(source, store, replace(OTHER, quality=51), workers=1)
        assert {path: what for path, what in tree(store).items() if not path.startswith(".build")} == before
    build(source, store, OTHER, workers=1, overwrite=True)
    assert build(source, store, OTHER, workers=1).already
    assert not any(dataset.problems for dataset in verify(store))


@pytest.mark.parametrize("text", ["{}", '{"a": 1}', "[]", "no JSON", '{"format": "theirs/1"}', ""])
def test_a_strangers_dataset_json_is_none_to_build_again(source: Any, tmp_path: Path, text: str) -> None:
    (tmp_path / "lmdb/drawn").mkdir(parents=True)
    (tmp_path / "lmdb/drawn/dataset.json").write_text(text)
    refused(
        source, tmp_path / "lmdb", "lmdb/drawn is there and no part of a data set built here: move it, or choose an"
    )


def test_a_data_set_is_no_store_to_build_in(source: Any, store: Path) -> None:
    refused(
        source, store / "drawn", f"{store}/drawn is a data set, and no store to build 'drawn' in: give --out {store}$"
    )


def test_another_source_or_setting_is_told_once_and_in_few_words(source: Any, store: Path) -> None:
    for other, told in (
        (Resplit(source, seed=1, group="page"), "source was drawn, is drawn_random1"),
        (replace(source, division=Division("Others")), "division was published of Drawn, is published of Others"),
    ):
        with pytest.raises(CannotCreateError, match=told) as caught:
            build(other, store, BuildOptions(shard_words=30), name="drawn", executor=NoExecutor())
        assert str(caught.value).count("division was") == ("division was" in told)
    again = store.parent / "again"
    build(Resplit(source, seed=1, group="page"), again, workers=1)
    with pytest.raises(CannotCreateError, match=r"; seed was 1, is 2; other writers, pages or lines are held out\. C"):
        build(Resplit(source, seed=2, group="page"), again, name="drawn_random1", executor=NoExecutor())
