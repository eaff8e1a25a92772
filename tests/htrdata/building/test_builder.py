"""Builds: what they write, that they write it whatever happens, and that nothing disappears."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import filelock
import pytest

import htrdata
from htrdata.building.builder import build, count_words
from htrdata.building.describing import describe_counts
from htrdata.building.options import BuildOptions
from htrdata.building.plan import make_plan
from htrdata.building.report import summary
from htrdata.errors import (
    BadDataError,
    CannotCreateError,
    HtrError,
    LockedError,
    UsageError,
)
from htrdata.files.on_disk import FileOnDisk
from htrdata.labels import ALNUM, PRINTABLE, LabelPolicy
from htrdata.records import Box, Division, Page, Reason, SourceInfo, Word
from htrdata.sources.overlap import find_leaks
from htrdata.store.verification import verify
from htrdata.workers import SerialExecutor

from ..conftest import ListSource

SMALL = BuildOptions(part_words=20)


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder, with the SHA-256 of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def whole(store: Path) -> bool:
    return not any(dataset.problems for dataset in verify(store, decode=True))


def test_every_word_of_the_source_has_one_row(source: Any, tmp_path: Path) -> None:
    build(source, tmp_path / "lmdb", SMALL, workers=1)
    manifest = htrdata.open(tmp_path / "lmdb").dataset("drawn").manifest()
    expected = [(word.id, page.split, word.text) for page in source.listed for word in page.words]
    assert list(zip(manifest["id"], manifest["split"], manifest["source_text"], strict=True)) == expected
    assert (manifest["reason"].isna() == (manifest["status"] == "kept")).all()
    assert set(manifest["reason"].dropna()) == {"empty_label"}
    kept = manifest[manifest["status"] == "kept"]
    for _, group in kept.groupby("shard"):
        assert group["key"].tolist() == list(range(1, len(group) + 1))
    assert kept["height"].max() == 64  # boxes are 70 to 76 high
    assert manifest[manifest["status"] == "dropped"][["text", "shard", "key", "width"]].isna().all(axis=None)


def test_the_store_has_the_documented_layout_and_nothing_else(source: Any, tmp_path: Path) -> None:
    build(source, tmp_path, SMALL, name="ds", workers=1)
    files = {f"{split}/ds/data.mdb" for split in ("train", "val", "test")}
    assert set(tree(tmp_path)) - {name for name in tree(tmp_path) if name.startswith("pages/")} == files | {
        "ds/manifest.parquet",
        "ds/dataset.json",
        "ds/report.html",
    }
    assert not (tmp_path / ".build").exists()


def test_words_read_back_are_the_words_of_the_source(source: Any, tmp_path: Path) -> None:
    build(source, tmp_path / "lmdb", replace(SMALL, height=0), workers=1)
    words = htrdata.open(tmp_path / "lmdb")["val", "drawn"]
    expected = [word for page in source.listed[12:15] for word in page.words if word.text]
    assert [(word.id, word.text) for word in words] == [(word.id, word.text) for word in expected]
    for word, original in zip(words, expected, strict=True):
        assert original.box is not None
        assert word.image.size == (original.box.w, original.box.h)
        assert (word.image.format, word.image.mode) == ("JPEG", "L")


@pytest.mark.parametrize("options", [BuildOptions(color="rgb", format="png"), BuildOptions(shard_words=10)])
def test_workers_and_parts_do_not_change_the_store(source: Any, tmp_path: Path, options: BuildOptions) -> None:
    build(source, tmp_path / "one", replace(options, part_words=20), workers=1)
    build(source, tmp_path / "two", replace(options, part_words=9), workers=2)
    with ThreadPoolExecutor(3) as threads:  # any executor of the standard library
        build(source, tmp_path / "threads", options, executor=threads)
    assert tree(tmp_path / "one") == tree(tmp_path / "two") == tree(tmp_path / "threads")
    assert whole(tmp_path / "one")


def test_shards_of_a_size_are_numbered_and_small_splits_are_not(source: Any, tmp_path: Path) -> None:
    about = build(source, tmp_path / "lmdb", BuildOptions(part_words=9, shard_words=20), workers=1).description
    sizes = {folder: shard.words for folder, shard in about.shards.items()}
    train = sum(bool(word.text) for page in source.listed[:12] for word in page.words)
    numbered = [f"train/drawn/{number:05d}" for number in range(-(-train // 20))]
    assert list(sizes) == [*numbered, "val/drawn", "test/drawn"]
    assert [sizes[name] for name in numbered[:-1]] == [20] * (len(numbered) - 1)
    words = htrdata.open(tmp_path / "lmdb")["train", "drawn"]
    assert [word.text for word in words] == [w.text for page in source.listed[:12] for w in page.words if w.text]
    assert words[-1].id == words[len(words) - 1].id
    with pytest.raises(IndexError):
        words[len(words)]


def test_a_part_of_every_fault_is_named_by_its_first_reason(source: Any, tmp_path: Path) -> None:
    pages: list[Page] = list(source.listed)
    for number, content in {0: None, 1: b"other bytes", 2: None}.items():
        image = pages[number].image
        assert isinstance(image, FileOnDisk)
        if content is not None:
            image.path.write_bytes(content)
        elif number == 0:
            image.path.unlink()
        else:
            image.path.write_bytes(image.path.read_bytes()[:2000])
            pages[2] = replace(pages[2], md5=None)
    odd = [
        replace(pages[3].words[0], box=None),
        replace(pages[3].words[1], box=None, reason=Reason.INVALID_BOX),
        replace(pages[3].words[2], box=Box(5000, 5000, 20, 20)),
        replace(pages[3].words[3], box=Box(10, 10, 0, 20)),
        replace(pages[3].words[4], box=Box(10, 10, 1e9, 20)),
        replace(pages[3].words[5], text="a\x00b", box=Box(0, 0, 30, 30)),
        replace(pages[3].words[6], text="ok", box=Box(0, 0, 30, 30)),
    ]
    pages[3] = replace(pages[3], words=tuple(odd))
    pages[4] = replace(pages[4], reason=Reason.INVALID_ID, image=None)
    pages[5] = replace(pages[5], split=None, reason=Reason.NOT_IN_SPLIT)
    source.listed = pages
    build(source, tmp_path / "lmdb", SMALL, workers=1)
    manifest = htrdata.open(tmp_path / "lmdb").dataset("drawn").manifest()
    by_page = {page: set(rows["reason"].dropna()) for page, rows in manifest.groupby("page")}
    assert by_page["page00"] == {"image_missing"}
    assert by_page["page01"] == {"hash_mismatch"}
    assert by_page["page02"] == {"image_corrupt"}
    assert by_page["page04"] == {"invalid_id"}
    assert by_page["page05"] == {"not_in_split"}
    three = manifest[manifest["page"] == "page03"]
    expected = ["empty_box", "invalid_box", "empty_box", "empty_box", "invalid_box", "invalid_label", None]
    assert [None if reason != reason else reason for reason in three["reason"]] == expected
    assert three["outside"].iloc[6] == pytest.approx(0.75)
    assert whole(tmp_path / "lmdb")


def test_a_strict_build_refuses_faults_and_publishes_nothing(source: Any, tmp_path: Path) -> None:
    source.listed[0].image.path.unlink()
    with pytest.raises(BadDataError, match=r"the build is strict: image_missing 7 words"):
        build(source, tmp_path / "lmdb", SMALL, workers=1, strict=True)
    assert {path.name for path in (tmp_path / "lmdb").iterdir()} == {".build"}
    assert build(source, tmp_path / "lmdb", SMALL, workers=1).description.splits["train"].dropped["image_missing"] == 7


@pytest.mark.parametrize("policy", [LabelPolicy(), LabelPolicy(PRINTABLE, 5), LabelPolicy(ALNUM, on_unknown="strip")])
def test_judging_counts_what_building_counts(source: Any, tmp_path: Path, policy: LabelPolicy) -> None:
    options = BuildOptions(labels=policy, part_words=30)
    plan = make_plan(source, options)
    counts = describe_counts(plan, count_words(plan, workers=1))
    names = [field.name for field in dataclasses.fields(counts)]
    about = build(source, tmp_path / "lmdb", options, workers=1).description
    names.remove("compared")
    assert {name: getattr(about, name) for name in names} == {name: getattr(counts, name) for name in names}
    assert about.compared == (*counts.compared, "pictures")


def test_the_digest_of_the_annotations_is_never_of_some_pages_only(
    source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("htrdata.building.plan.find_leaks", lambda pages: find_leaks([next(iter(pages))]))
    with pytest.raises(AssertionError, match="all pages"):
        make_plan(source, SMALL)


def test_pages_without_annotations_are_counted_and_refused_by_strict_builds(source: Any, tmp_path: Path) -> None:
    plain = build(source, tmp_path / "plain", SMALL, workers=1).description
    source.listed += [Page(f"page{i}", split, ()) for i, split in enumerate(["val", "val", "test", None], 50)]
    built = build(source, tmp_path / "lmdb", SMALL, workers=1).description
    assert built.unannotated == {"val": 2, "test": 1}
    assert plain.unannotated == {}
    assert "unannotated" not in (tmp_path / "plain/drawn/dataset.json").read_text()
    assert "listed for a split, but without annotations: val 2 of 5, test 1 of 4 pages" in " ".join(
        summary(built).split()
    )
    with pytest.raises(BadDataError, match=r"strict: pages of val without annotations 2; pages of test .* 1\."):
        build(source, tmp_path / "strict", SMALL, workers=1, strict=True)
    source.published = {"val": {"words": 21}, "test": {"words": 21}}  # published just so
    build(source, tmp_path / "strict", SMALL, workers=1, strict=True)


@pytest.mark.parametrize("where", ["page", "word", "writer", "column"])
def test_a_name_of_great_length_is_refused_before_any_work(source: Any, tmp_path: Path, where: str) -> None:
    long, page = "i" * 10_001, source.listed[0]
    word = page.words[0]
    if where == "page":
        page = replace(page, id=long)
    else:
        if where == "word":
            word = replace(word, id=long)
        elif where == "writer":
            word = replace(word, writer=long)
        else:
            word = replace(word, extra={"shelf": long})
        page = replace(page, words=(word, *page.words[1:]))
    source.listed[0] = page
    with pytest.raises(BadDataError, match="a name of 10,001 characters, 'iiii"):
        build(source, tmp_path / "lmdb", SMALL, workers=1)
    assert not (tmp_path / "lmdb").exists()


def test_labels_outside_the_charsets_of_attentionhtr_are_counted(source: Any, tmp_path: Path) -> None:
    about = build(source, tmp_path / "lmdb", SMALL, workers=1).description
    kept = [word.text for page in source.listed[:12] for word in page.words if word.text]
    counted = about.splits["train"].labels_outside
    assert counted == {
        "alnum": sum(not text.isascii() or not text.isalnum() for text in kept),
        "printable": kept.count("über"),
    }


def test_dedup_takes_from_train_what_stands_in_val_or_test(source: Any, tmp_path: Path) -> None:
    pages: list[Page] = list(source.listed)
    pages[0] = replace(pages[0], id=pages[12].id)  # an id that is in train and val
    pages[1] = replace(pages[1], md5=pages[17].md5, image=pages[17].image)  # bytes that are in train and test
    pages[13] = replace(pages[13], md5=pages[16].md5, image=pages[16].image)  # in val and test
    source.listed = pages
    about = build(source, tmp_path / "all", SMALL, workers=1).description
    assert about.leaks.ids == {"page12": ("train", "val")}
    assert about.leaks.copies == (
        (("train", "page01"), ("test", "page17")),
        (("val", "page13"), ("test", "page16")),
    )
    assert "duplicate_page" not in about.splits["train"].dropped
    clean = build(source, tmp_path / "clean", replace(SMALL, dedup=True), workers=1).description
    assert [clean.splits[split].dropped.get("duplicate_page") for split in ("train", "val", "test")] == [
        14,
        7,
        None,
    ]


def test_the_document_holds_no_time_host_or_path(source: Any, tmp_path: Path) -> None:
    build(source, tmp_path / "lmdb", SMALL, workers=1)
    text = (tmp_path / "lmdb/drawn/dataset.json").read_text()
    assert str(tmp_path) not in text
    assert os.uname().nodename not in text


# Building again


def test_an_equal_build_is_not_done_again(source: Any, tmp_path: Path) -> None:
    first = build(source, tmp_path / "lmdb", SMALL, workers=1)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "lmdb").rglob("*")}
    again = build(source, tmp_path / "lmdb", replace(SMALL, part_words=50), workers=1)
    assert (first.already, again.already) == (False, True)
    assert again.description == first.description
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "lmdb").rglob("*")} == before


def test_a_finished_data_set_does_not_cost_the_parts_of_another_build(source: Any, tmp_path: Path) -> None:
    store = tmp_path / "lmdb"
    build(source, store, SMALL, workers=1)
    other = replace(SMALL, quality=50)
    with pytest.raises(KeyboardInterrupt):
        build(source, store, other, executor=Interrupting(3), overwrite=True)
    assert build(source, store, SMALL, workers=1).already
    seen: list[tuple[str, int]] = []
    build(source, store, other, workers=1, overwrite=True, progress=lambda what, done, _: seen.append((what, done)))
    assert seen[0] == ("words", 63)


@pytest.mark.parametrize("part_words", [7, 30, 1000])
def test_parts_cut_otherwise_are_not_taken_for_finished_ones(source: Any, tmp_path: Path, part_words: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        build(source, tmp_path / "lmdb", SMALL, executor=Interrupting(3))
    build(source, tmp_path / "lmdb", replace(SMALL, part_words=part_words), workers=1)
    build(source, tmp_path / "whole", SMALL, workers=1)
    assert tree(tmp_path / "lmdb") == tree(tmp_path / "whole")


def test_a_data_set_without_splits_asks_for_some(source: Any, tmp_path: Path) -> None:
    source.listed = [replace(page, split=None, reason=Reason.NOT_IN_SPLIT) for page in source.listed]
    with pytest.raises(BadDataError, match=r"\(not_in_split 126\).* deal the pages out with --resplit"):
        build(source, tmp_path / "lmdb", SMALL, workers=1)


def test_a_data_set_without_a_word_is_not_published(source: Any, tmp_path: Path) -> None:
    listed = list(source.listed)
    source.listed = [replace(page, image=FileOnDisk(tmp_path / "elsewhere" / page.id)) for page in listed]
    with pytest.raises(BadDataError, match=r"not one of 126 words can be kept \(image_missing 126\)"):
        build(source, tmp_path / "lmdb", SMALL, workers=1)
    assert not (tmp_path / "lmdb/drawn").exists()
    # What was asked for is put right: nothing of the failed build stands in the way.
    source.listed = listed
    assert not build(source, tmp_path / "lmdb", replace(SMALL, height=32), workers=1).already
    assert whole(tmp_path / "lmdb")


@pytest.mark.parametrize("damage", ["train/drawn", "drawn/manifest.parquet", "test/drawn/data.mdb"])
def test_a_data_set_with_missing_files_is_built_again(source: Any, tmp_path: Path, damage: str) -> None:
    store = tmp_path / "lmdb"
    build(source, store, SMALL, workers=1)
    expected = tree(store)
    path = store / damage
    shutil.rmtree(path) if path.is_dir() else path.write_bytes(b"")
    assert not build(source, store, SMALL, workers=1).already
    assert tree(store) == expected


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_damaged_document_is_named_and_can_be_replaced(source: Any, tmp_path: Path, text: str) -> None:
    store = tmp_path / "lmdb"
    build(source, store, SMALL, workers=1)
    expected = tree(store)
    (store / "drawn/dataset.json").write_text(text)
    with pytest.raises(BadDataError, match=r"dataset\.json.*--overwrite"):
        build(source, store, SMALL, workers=1)
    build(source, store, SMALL, workers=1, overwrite=True)
    assert tree(store) == expected


def test_only_what_differs_is_said_to_differ(source: Any, tmp_path: Path) -> None:
    pages: list[Page] = list(source.listed)
    pages[0] = replace(pages[0], id=pages[12].id)
    source.listed = pages
    build(source, tmp_path / "lmdb", replace(SMALL, dedup=True), workers=1)
    with pytest.raises(CannotCreateError, match=r"dedup was True, is False\. Choose"):
        build(source, tmp_path / "lmdb", SMALL, workers=1)


def test_progress_comes_part_by_part(source: Any, tmp_path: Path) -> None:
    seen: list[int] = []
    build(source, tmp_path / "lmdb", SMALL, workers=1, progress=lambda what, done, _: seen.append(done))
    assert seen[:7] == [0, 21, 42, 63, 84, 105, 126]


def test_progress_comes_before_the_plan_is_made_where_there_are_many_words(tmp_path: Path) -> None:
    words = [Word(f"w{number}", "a", image=FileOnDisk(tmp_path / "none.png")) for number in range(2500)]
    pages = [Page(f"p{at}", "train", tuple(words[at : at + 10])) for at in range(0, 2500, 10)]
    told: list[tuple[str, int, int]] = []
    plan = make_plan(ListSource(pages), SMALL, progress=lambda *how_far: told.append(how_far))
    assert told == [("words looked at", 1000, 2500), ("words looked at", 2000, 2500)]
    assert plan.inputs == make_plan(ListSource(pages), SMALL).inputs


def test_another_build_of_that_name_is_refused_unless_it_may_overwrite(source: Any, tmp_path: Path) -> None:
    store = tmp_path / "lmdb"
    build(source, store, SMALL, workers=1)
    before = tree(store)
    other = replace(SMALL, height=32, labels=LabelPolicy(PRINTABLE))
    with pytest.raises(CannotCreateError, match=r"height was 64, is 32; charset was all, is printable .*--overwrite"):
        build(source, store, other, workers=1)
    assert tree(store) == before
    build(source, store, other, workers=1, overwrite=True)
    build(source, tmp_path / "fresh", other, workers=1)
    assert tree(store) == tree(tmp_path / "fresh")


def test_overwriting_leaves_nothing_of_the_old_data_set(source: Any, tmp_path: Path) -> None:
    build(source, tmp_path / "lmdb", replace(SMALL, shard_words=10), workers=1)
    source.listed = source.listed[:12]
    build(source, tmp_path / "lmdb", SMALL, workers=1, overwrite=True)
    build(source, tmp_path / "fresh", SMALL, workers=1)
    assert tree(tmp_path / "lmdb") == tree(tmp_path / "fresh")


def test_images_that_came_since_are_noticed(source: Any, tmp_path: Path) -> None:
    path = source.listed[0].image.path
    data = path.read_bytes()
    path.unlink()
    build(source, tmp_path / "lmdb", SMALL, workers=1)
    path.write_bytes(data)
    with pytest.raises(CannotCreateError, match="images on disk have changed"):
        build(source, tmp_path / "lmdb", SMALL, workers=1)


def test_folders_of_strangers_are_not_touched(source: Any, tmp_path: Path) -> None:
    foreign = tmp_path / "lmdb/train/drawn"
    foreign.mkdir(parents=True)
    (foreign / "data.mdb").write_bytes(b"mine")
    with pytest.raises(CannotCreateError, match=r"train/drawn is there and no part"):
        build(source, tmp_path / "lmdb", SMALL, workers=1)
    assert tree(tmp_path / "lmdb") == {"train/drawn/data.mdb": hashlib.sha256(b"mine").hexdigest()}


def test_two_data_sets_live_in_one_store(source: Any, tmp_path: Path) -> None:
    build(source, tmp_path / "lmdb", SMALL, workers=1)
    build(source, tmp_path / "lmdb", replace(SMALL, labels=LabelPolicy(ALNUM)), name="lower", workers=1)
    store = htrdata.open(tmp_path / "lmdb")
    assert list(store.datasets) == ["drawn", "lower"]
    assert store["test", "lower"][0].text == "word15"
    with pytest.raises(UsageError, match=r"no data set 'upper' in .*: it has drawn, lower"):
        store["test", "upper"]
    with pytest.raises(UsageError, match=r"lower has no dev words .*: it has train, val, test"):
        store["dev", "lower"]


@pytest.mark.parametrize("name", ["a-b", "", "train", "../x", "a b"])
def test_names_that_cannot_be_folders_beside_the_splits_are_refused(source: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a data set"):
        build(source, tmp_path / "lmdb", name=name or "-", workers=1)


# Interruptions; kills, full disks and what else may strike a build are in tests/faults


class Interrupting(Executor):
    """Runs jobs in this process and gives up before the n-th."""

    def __init__(self, jobs: int) -> None:
        self.left = jobs

    def submit(self, job: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        return SerialExecutor().submit(job, *args, **kwargs)


def test_a_build_goes_on_wherever_it_was_interrupted(source: Any, tmp_path: Path) -> None:
    build(source, tmp_path / "whole", SMALL, workers=1)
    expected = tree(tmp_path / "whole")
    jobs = 0
    while True:
        store = tmp_path / f"after{jobs}"
        try:
            build(source, store, SMALL, executor=Interrupting(jobs))
            break
        except KeyboardInterrupt:
            assert not (store / "drawn").exists()
        build(source, store, SMALL, workers=1)
        assert tree(store) == expected
        jobs += 1
    assert jobs > 6  # parts and shards


def test_finished_parts_are_not_built_again(source: Any, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        build(source, tmp_path / "lmdb", SMALL, executor=Interrupting(3))
    seen: list[tuple[str, int]] = []
    build(source, tmp_path / "lmdb", SMALL, workers=1, progress=lambda what, done, _: seen.append((what, done)))
    assert seen[0] == ("words", 63)  # three parts of three pages of seven words


def test_an_unfinished_build_of_something_else_is_not_mixed_in(source: Any, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        build(source, tmp_path / "lmdb", SMALL, executor=Interrupting(3))
    other = replace(SMALL, quality=50)
    with pytest.raises(CannotCreateError, match=r"an unfinished build of 'drawn' .* quality was 95, is 50"):
        build(source, tmp_path / "lmdb", other, workers=1)
    build(source, tmp_path / "lmdb", other, workers=1, overwrite=True)
    build(source, tmp_path / "fresh", other, workers=1)
    assert tree(tmp_path / "lmdb") == tree(tmp_path / "fresh")


def test_a_store_that_is_being_built_is_locked(source: Any, tmp_path: Path) -> None:
    (tmp_path / "lmdb/.build/drawn").mkdir(parents=True)
    with (
        filelock.FileLock(tmp_path / "lmdb/.build/drawn/lock"),
        pytest.raises(LockedError, match="another process is building 'drawn'"),
    ):
        build(source, tmp_path / "lmdb", SMALL, workers=1)
    build(source, tmp_path / "lmdb", SMALL, workers=1)


def test_a_store_that_cannot_be_created_is_refused_before_any_work(source: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotCreateError, match=r"cannot create .*lmdb: .*file is a file, not a folder"):
        build(source, tmp_path / "file/lmdb", SMALL, executor=Interrupting(0))


def test_errors_have_the_exit_codes_that_they_document() -> None:
    def codes(kind: type[HtrError]) -> Iterable[tuple[str, int]]:
        yield kind.__name__, kind.exit_code
        for below in kind.__subclasses__():
            yield from codes(below)

    assert (
        dict(codes(HtrError)).items()
        >= {
            "UsageError": 2,
            "SourceMissingError": 2,
            "BadDataError": 65,
            "WorkerDiedError": 71,
            "NotEnoughMemoryError": 72,
            "CannotCreateError": 73,
            "StorageError": 74,
            "LockedError": 75,
        }.items()
    )


def test_a_source_that_lacks_a_member_is_told_which(source: Any, tmp_path: Path) -> None:
    del source.division
    with pytest.raises(UsageError, match=r"the source ListSource has no division: give it all members of htrdata\."):
        build(source, tmp_path / "lmdb", workers=1)


@pytest.mark.parametrize(
    ("member", "value", "message"),
    [
        ("settings", {"size": 5}, r"the field settings\['size'\] is 5, not a text"),
        ("division", Division("a", "b", {"seed": 1}), "the field division.parameters"),  # type: ignore[dict-item]
        ("division", "published", "the field division is 'published'"),
        ("unit", "page", "the field unit is 'page', not 'word' or 'line'"),
        ("drawn", "", "the field drawn is '', not a text that is not empty"),
        ("drawn", Path("x"), "has no form in JSON"),
        ("info", SourceInfo("a", "b", "c", None), "the field citation is None"),  # type: ignore[arg-type]
    ],
)
def test_a_source_that_says_what_cannot_be_recorded_is_refused_before_any_work(
    source: Any, tmp_path: Path, member: str, value: object, message: str
) -> None:
    setattr(source, member, value)
    with pytest.raises(UsageError, match=message):
        build(source, tmp_path / "lmdb", workers=1)
    assert not (tmp_path / "lmdb").exists()


def test_what_a_source_says_of_itself_is_recorded(source: Any, tmp_path: Path) -> None:
    source.unit, source.drawn = "line", "picture"
    source.division = Division("Letters", "by year", {"from": "1900"})
    build(source, tmp_path / "lmdb", SMALL, workers=1)
    dataset = htrdata.open(tmp_path / "lmdb").dataset("drawn")
    about = dataset.description
    assert (about.unit, about.drawn, about.division) == ("line", "picture", source.division)
    assert set(dataset.manifest(["unit"])["unit"]) == {"line"}
    assert whole(tmp_path / "lmdb")
    source.division = Division("Letters", "by year", {"from": "1950"})
    with pytest.raises(CannotCreateError, match=r"division was by year: from 1900 .*, is by year: from 1950"):
        build(source, tmp_path / "lmdb", SMALL, workers=1)


def test_an_unfinished_build_of_another_version_is_not_gone_on_with(source: Any, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        build(source, tmp_path / "lmdb", SMALL, executor=Interrupting(3))
    note = tmp_path / "lmdb/.build/drawn/request.json"
    note.write_text(note.read_text().replace("htrdata-store/2", "htrdata-store/1"))
    with pytest.raises(BadDataError, match=r"request\.json is of the format 'htrdata-store/1'"):
        build(source, tmp_path / "lmdb", SMALL, workers=1)
    for text in ("", "[]", "{}"):
        note.write_text(text)
        with pytest.raises(BadDataError, match=r"request\.json.*build with --overwrite"):
            build(source, tmp_path / "lmdb", SMALL, workers=1)
    build(source, tmp_path / "lmdb", SMALL, workers=1, overwrite=True)
    assert whole(tmp_path / "lmdb")


def test_page_ids_that_utf_8_cannot_hold_are_recorded_as_in_the_manifest(source: Any, tmp_path: Path) -> None:
    pages: list[Page] = list(source.listed)
    pages[0], pages[12] = replace(pages[0], id="p\udc80"), replace(pages[12], id="p\udc80")
    source.listed = pages
    leaks = build(source, tmp_path / "lmdb", SMALL, workers=1).description.leaks
    assert leaks.ids == {"p\\udc80": ("train", "val")}
