"""The drawn Imgur5K: its files as the authors publish them, its quirks, its ink in its boxes, and its determinism."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import multiprocessing
import re
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from htrdata.drawing.handwriting import CHARACTERS
from htrdata.drawing.samples.imgur5k import PageJob, SampleSummary, draw_job, draw_sample
from htrdata.errors import BadDataError, CannotCreateError, SourceMissingError, StorageError, UsageError
from htrdata.records import SPLITS

PAGES, WORDS = 12, 18
SMALL: dict[str, Any] = {"pages": 4, "words_per_page": 5, "megapixels": (0.05, 0.1), "seed": 3}
PUBLISHED = Path(__file__).parents[3] / "../shared/imgur5k/dataset_info"


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    root = tmp_path_factory.mktemp("sample") / "imgur5k"
    return draw_sample(root, pages=PAGES, words_per_page=WORDS, megapixels=(0.2, 0.4), plain=True)


@pytest.fixture(scope="module")
def root(summary: SampleSummary) -> Path:
    return summary.root


@pytest.fixture(scope="module")
def main(root: Path) -> dict[str, Any]:
    return published(root / "dataset_info")


def published(info: Path, split: str = "") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((info / f"imgur5k_annotations{split and '_' + split}.json").read_text())
    return found


def lines(info: Path, name: str) -> list[str]:
    text = (info / name).read_text()
    assert text.endswith("\n")
    return text[:-1].split("\n")


def digests(root: Path) -> dict[str, str]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def numbers(box: str) -> list[float]:
    return [float(part) for part in box.strip("[]").split(", ")]


class TestFiles:
    def test_the_files_are_those_of_the_data_set(self, root: Path, main: dict[str, Any]) -> None:
        info = {path.name for path in (root / "dataset_info").iterdir()}
        jsons = {f"imgur5k_annotations{split}.json" for split in ("", "_train", "_val", "_test")}
        assert info == jsons | {"imgur5k_data.lst", "imgur5k_hashes.lst"} | {f"{s}_index_ids.lst" for s in SPLITS}
        assert {path.name for path in (root / "images").iterdir()} == {
            "drawn.json",
            *(f"{page}.jpg" for page in main["index_id"]),
        }
        assert {path.name for path in root.iterdir()} == {"dataset_info", "images", "drawn.json"}

    def test_annotations_are_written_as_the_downloader_writes_them(self, root: Path, main: dict[str, Any]) -> None:
        for path in (root / "dataset_info").glob("*.json"):
            assert path.read_text() == json.dumps(json.loads(path.read_text()), indent=4)
        assert list(main) == ["index_id", "index_to_ann_map", "ann_id"]
        assert list(main["index_id"]) == list(main["index_to_ann_map"])
        assert list(main["ann_id"]) == list(itertools.chain(*main["index_to_ann_map"].values()))
        for page, entry in main["index_id"].items():
            assert re.fullmatch(r"[A-Za-z0-9]{5}|[A-Za-z0-9]{7}", page)
            data = (root / "images" / f"{page}.jpg").read_bytes()
            assert list(entry.items()) == [
                ("image_url", f"https://i.imgur.com/{page}.jpg"),
                ("image_path", f"images/{page}.jpg"),
                ("image_hash", hashlib.md5(data).hexdigest()),
            ]
            assert main["index_to_ann_map"][page] == [f"{page}_{k}" for k in range(WORDS)]
        for entry in main["ann_id"].values():
            assert list(entry) == ["word", "bounding_box"]
            assert re.fullmatch(r"\[(-?\d+\.\d{1,2}, ){4}-?\d+\.\d{1,2}\]?", entry["bounding_box"])

    def test_the_split_files_are_parts_of_the_main_one(self, root: Path, main: dict[str, Any]) -> None:
        for split in SPLITS:
            part = published(root / "dataset_info", split)
            listed = [
                page for page in lines(root / "dataset_info", f"{split}_index_ids.lst") if page in main["index_id"]
            ]
            assert list(part["index_id"]) == list(part["index_to_ann_map"]) == listed
            assert listed
            names = list(itertools.chain(*(main["index_to_ann_map"][page] for page in listed)))
            assert list(part["ann_id"].items()) == [(name, main["ann_id"][name]) for name in names]
            assert all(part["index_id"][page] == main["index_id"][page] for page in listed)

    def test_the_lists_say_the_same(self, root: Path, main: dict[str, Any]) -> None:
        rows = [row.split("\t") for row in lines(root / "dataset_info", "imgur5k_data.lst")]
        assert rows == [
            [main["index_id"][page]["image_url"], main["ann_id"][name]["bounding_box"], main["ann_id"][name]["word"]]
            for page, names in main["index_to_ann_map"].items()
            for name in names
        ]
        hashes = dict(row.split("\t") for row in lines(root / "dataset_info", "imgur5k_hashes.lst"))
        assert {page: hashes[page] for page in main["index_id"]} == {
            page: entry["image_hash"] for page, entry in main["index_id"].items()
        }

    def test_pages_are_photographs_of_the_size_asked_for(self, root: Path) -> None:
        for path in (root / "images").glob("*.jpg"):
            with Image.open(path) as image:
                assert (image.format, image.mode) == ("JPEG", "RGB")
                assert [(c[1], c[2]) for c in image.layer] == [(2, 2), (1, 1), (1, 1)]  # type: ignore[attr-defined]
                assert 0.19e6 < image.width * image.height < 0.41e6
                colours = np.asarray(image, float).mean(axis=(0, 1))
                assert np.ptp(colours) > 0.2


class TestWords:
    def test_every_character_occurs_and_blanks_are_counted(self, main: dict[str, Any]) -> None:
        words = [entry["word"] for entry in main["ann_id"].values()]
        assert set("".join(words)) == set(CHARACTERS)
        own = words[: (PAGES - 1) * WORDS]  # the last page repeats the first
        assert Counter(word for word in own if word in (".", "")) == {
            ".": len(own) // 10,
            "": (len(own) - 51) // 97 + 1,
        }

    def test_every_character_occurs_in_the_smallest_sample(self, tmp_path: Path) -> None:
        draw_sample(tmp_path / "s", pages=3, words_per_page=2, megapixels=(0.05, 0.05), seed=9)
        words = [entry["word"] for entry in published(tmp_path / "s/dataset_info")["ann_id"].values()]
        assert set("".join(words)) == set(CHARACTERS)
        assert words[4:] == words[:2]

    def test_pages_are_turned_and_words_go_over_edges(self, root: Path, main: dict[str, Any]) -> None:
        turned, over = Counter[int](), Counter[int]()
        for i, (page, names) in enumerate(main["index_to_ann_map"].items()):
            with Image.open(root / f"images/{page}.jpg") as image:
                width, height = image.size
            for name in names:
                x, y, w, h, angle = numbers(main["ann_id"][name]["bounding_box"])
                assert -180 <= angle <= 180
                turned[round(angle / 30) * 30 % 360] += 1
                corners = cv2.boxPoints(((x, y), (w, h), -angle))
                over[i] += bool(corners.min() < -0.01 or (corners.max(axis=0) > [width + 0.01, height + 0.01]).any())
        assert turned[0] > 100
        assert all(turned[angle] >= WORDS for angle in (90, 180, 270, 30))
        assert {i: count for i, count in over.items() if count} == dict.fromkeys([1, 5, 9], 1)

    def test_the_summary_counts(self, summary: SampleSummary, main: dict[str, Any]) -> None:
        assert (summary.pages, summary.words, summary.undrawn) == (PAGES, len(main["ann_id"]), 0)


class TestQuirks:
    def test_the_lists_have_the_quirks_of_the_published_ones(self, root: Path, main: dict[str, Any]) -> None:
        splits = {split: lines(root / "dataset_info", f"{split}_index_ids.lst") for split in SPLITS}
        listed = Counter(itertools.chain(*splits.values()))
        assert {split: len(ids) for split, ids in splits.items()} == {"train": 10 + 1, "val": 1 + 1, "test": 1}
        assert [page for page, count in listed.items() if count > 1] == [splits["train"][1]] == [splits["val"][-1]]
        lost = splits["train"][-1]
        assert [page for page in listed if page not in main["index_id"]] == [lost]
        assert not (root / f"images/{lost}.jpg").exists()
        hashes = lines(root / "dataset_info", "imgur5k_hashes.lst")
        assert Counter(hashes).most_common(2) == [(hashes[0], 2), (hashes[1], 1)]
        assert hashes[-1] == hashes[0]
        assert {row.split("\t")[0] for row in hashes} == set(listed)

    def test_one_box_lacks_its_bracket_and_one_page_is_there_twice(self, root: Path, main: dict[str, Any]) -> None:
        broken = [name for name, entry in main["ann_id"].items() if not entry["bounding_box"].endswith("]")]
        first, *_, last = main["index_id"]
        assert broken == [f"{first}_0"]
        same = Counter((root / f"images/{page}.jpg").read_bytes() for page in main["index_id"])
        assert sorted(same.values()) == [1] * (PAGES - 2) + [2]
        assert (root / f"images/{first}.jpg").read_bytes() == (root / f"images/{last}.jpg").read_bytes()
        assert last in lines(root / "dataset_info", "test_index_ids.lst")
        for k in range(WORDS):
            one, two = (main["ann_id"][f"{page}_{k}"] for page in (first, last))
            assert one["word"] == two["word"]
            assert numbers(one["bounding_box"]) == numbers(two["bounding_box"])


def ink_map(path: Path) -> tuple[np.ndarray[Any, np.dtype[np.bool_]], int, int]:
    """Which pixels of an unshaded page are darker than its paper."""
    image = np.asarray(Image.open(path).convert("L"), int)
    paper = int(np.median(image))
    return image < paper - 24, *image.shape


class TestInk:
    def test_ink_is_in_the_boxes_and_the_boxes_hold_ink(self, root: Path, main: dict[str, Any]) -> None:
        for page, names in main["index_to_ann_map"].items():
            ink, height, width = ink_map(root / f"images/{page}.jpg")
            ruled = ink.mean(axis=1) > 0.9
            y, x = np.mgrid[:height, :width] + 0.5
            covered = np.zeros_like(ink)
            for name in names:
                xc, yc, w, h, angle = numbers(main["ann_id"][name]["bounding_box"])
                cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
                # Levelled: a step along the line of writing goes right by cos and, since y points down, up by sin.
                along, down = (x - xc) * cos - (y - yc) * sin, (x - xc) * sin + (y - yc) * cos
                within = (abs(along) <= w / 2 + 1.5) & (abs(down) <= h / 2 + 1.5)  # 1.5: JPEG's blocks of colour bleed
                middle = (abs(along) <= w / 2) & (abs(down) <= h / 2)
                assert ink[middle].mean() > 0.02, name
                covered |= within
            assert (ink & ~covered & ~ruled[:, None]).mean() < 2e-5, page


def reversed_map(work: Callable[[PageJob], str], jobs: Iterable[PageJob]) -> list[str]:
    """A map that draws the last page first."""
    return [work(job) for job in reversed(list(jobs))][::-1]


class TestDeterminism:
    def test_same_arguments_same_bytes(self, tmp_path: Path) -> None:
        draw_sample(tmp_path / "a", **SMALL)
        draw_sample(tmp_path / "b", **SMALL, map_pages=reversed_map)
        expected = digests(tmp_path / "a")
        assert len(expected) == 4 + 9 + 2
        assert digests(tmp_path / "b") == expected
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
            draw_sample(tmp_path / "c", **SMALL, map_pages=pool.map)
        assert digests(tmp_path / "c") == expected

    def test_another_seed_gives_other_pages(self, tmp_path: Path) -> None:
        draw_sample(tmp_path / "a", **SMALL)
        draw_sample(tmp_path / "b", **SMALL | {"seed": 4})
        assert not set(digests(tmp_path / "a").values()) & set(digests(tmp_path / "b").values())


class TestRefusals:
    def test_a_folder_in_use_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "note.txt").write_text("mine")
        with pytest.raises(CannotCreateError, match=r"not empty.*remove it, or give another"):
            draw_sample(tmp_path)
        with pytest.raises(CannotCreateError, match=r"note\.txt is a file, not a folder"):
            draw_sample(tmp_path / "note.txt" / "below")
        assert digests(tmp_path) == {"note.txt": hashlib.sha256(b"mine").hexdigest()}

    def test_an_empty_folder_will_do(self, tmp_path: Path) -> None:
        assert draw_sample(tmp_path, **SMALL).root == tmp_path

    @pytest.mark.parametrize(
        "wrong", [{"pages": 2}, {"words_per_page": 0}, {"seed": -1}, {"megapixels": (2, 1)}, {"megapixels": (0, 1)}]
    )
    def test_numbers_out_of_range(self, tmp_path: Path, wrong: dict[str, Any]) -> None:
        with pytest.raises(UsageError, match="at least 3 pages"):
            draw_sample(tmp_path / "s", **wrong)
        assert not (tmp_path / "s").exists()

    def test_a_sample_that_stops_half_way_is_no_data_set(self, tmp_path: Path) -> None:
        def fails(work: Callable[[PageJob], str], jobs: Iterable[PageJob]) -> Iterable[str]:
            for k, job in enumerate(jobs):
                if k == 2:
                    raise OSError(28, "No space left on device")
                yield work(job)

        with pytest.raises(StorageError, match=r"No space left on device.*remove it"):
            draw_sample(tmp_path / "s", **SMALL, map_pages=fails)
        assert len(list((tmp_path / "s/images").glob("*.jpg"))) == 2
        assert not (tmp_path / "s/dataset_info").exists()


def write_annotations(folder: Path, pages: dict[str, list[tuple[str, str]]]) -> Path:
    """An annotation file with a word and a box, as strings, for each annotation of each page."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "index_id": {p: {"image_url": "u", "image_path": f"else/{p}.jpg", "image_hash": "0" * 32} for p in pages},
        "index_to_ann_map": {p: [f"{p}_{k}" for k in range(len(words))] for p, words in pages.items()},
        "ann_id": {
            f"{p}_{k}": {"word": word, "bounding_box": box}
            for p, words in pages.items()
            for k, (word, box) in enumerate(words)
        },
    }
    path = folder / "imgur5k_annotations_val.json"
    path.write_text(json.dumps(content, indent=4))
    return path


class TestPublishedAnnotations:
    def test_a_sample_of_a_sample_keeps_all_but_the_hashes(self, root: Path, tmp_path: Path) -> None:
        done = draw_sample(tmp_path / "s", annotations=root / "dataset_info", plain=True)
        assert (done.pages, done.words, done.undrawn) == (PAGES, PAGES * WORDS, 0)
        before, after = root / "dataset_info", done.root / "dataset_info"
        assert {path.name for path in before.iterdir()} == {path.name for path in after.iterdir()}
        for path in before.glob("*.lst"):
            if path.name != "imgur5k_hashes.lst":
                assert path.read_bytes() == (after / path.name).read_bytes()
        for split in ("", *SPLITS):
            old, new = published(before, split), published(after, split)
            for page, entry in new["index_id"].items():
                data = (done.root / "images" / f"{page}.jpg").read_bytes()
                assert (
                    entry.pop("image_hash") == hashlib.md5(data).hexdigest() != old["index_id"][page].pop("image_hash")
                )
            assert json.dumps(old) == json.dumps(new)
        old_hashes, new_hashes = lines(before, "imgur5k_hashes.lst"), lines(after, "imgur5k_hashes.lst")
        assert [row.split("\t")[0] for row in old_hashes] == [row.split("\t")[0] for row in new_hashes]
        drawn = {page: entry["image_hash"] for page, entry in published(after)["index_id"].items()}
        lost = lines(before, "train_index_ids.lst")[-1]
        for old_row, row in zip(old_hashes, new_hashes, strict=True):
            page, digest = row.split("\t")
            assert digest == (old_row.split("\t")[1] if page == lost else drawn[page])

    def test_boxes_of_all_kinds(self, tmp_path: Path) -> None:
        path = write_annotations(
            tmp_path / "in",
            {
                "Abc12": [
                    ("é€漢", "[100.0, 60.0, 120.0, 50.0, 10.0]"),
                    ("edge", "[-10.0, 50.0, 90.0, 30.0, -90.0"),
                    (".", "[300.0, 200.0, 90.0, 40.0, 180.0]"),
                    ("", "[400.0, 60.0, 90.0, 40.0, 0.0]"),
                    ("tiny", "[20.0, 200.0, 0.5, 3.0, 0.0]"),
                    *(("gone", box) for box in ("", "[1, 2, 3, 4]", "[1, 2, nan, 4, 5]", "[1, 2, 0, 4, 5]", "[a, b]")),
                ],
                "Empty": [],
            },
        )
        done = draw_sample(tmp_path / "out", annotations=path, seed=1, plain=True)
        assert (done.pages, done.words, done.undrawn) == (2, 5, 5)
        new = published(done.root / "dataset_info", "val")
        assert new["index_id"]["Abc12"]["image_path"] == "images/Abc12.jpg"
        assert new["ann_id"] == json.loads(path.read_text())["ann_id"]
        ink, height, width = ink_map(done.root / "images/Abc12.jpg")
        assert (width, height) == (math.ceil(1.02 * 445) + 16, math.ceil(1.02 * 220) + 16)
        for left, upper, right, lower in ((45, 30, 155, 90), (0, 10, 6, 90), (258, 182, 342, 218), (358, 42, 442, 78)):
            assert ink[upper:lower, left:right].mean() > 0.01

    def test_what_cannot_be_used_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(SourceMissingError, match="nowhere"):
            draw_sample(tmp_path / "s", annotations=tmp_path / "nowhere")
        (tmp_path / "empty").mkdir()
        with pytest.raises(SourceMissingError, match=r"no imgur5k_annotations.*give a folder dataset_info"):
            draw_sample(tmp_path / "s", annotations=tmp_path / "empty")
        for wrong in (
            "{",
            "[]",
            "{}",
            '{"index_to_ann_map": {"a": ["a_0"]}, "ann_id": {}}',
            '{"index_to_ann_map": {"a": 1}}',
        ):
            (tmp_path / "wrong.json").write_text(wrong)
            with pytest.raises(BadDataError, match=r"wrong\.json: not an annotation file"):
                draw_sample(tmp_path / "s", annotations=tmp_path / "wrong.json")
        outside = write_annotations(tmp_path / "outside", {"../up": []})
        with pytest.raises(BadDataError, match=r"\.\./up"):
            draw_sample(tmp_path / "s", annotations=outside)
        huge = write_annotations(tmp_path / "huge", {"abc": [("w", "[1e7, 1.0, 9.0, 9.0, 0.0]")]})
        with pytest.raises(BadDataError, match=r"page abc would be .* pixels"):
            draw_sample(tmp_path / "s", annotations=huge)
        assert not (tmp_path / "s").exists()

    @pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published annotations are not here")
    def test_some_published_pages(self, tmp_path: Path) -> None:
        found = published(PUBLISHED, "val")
        chosen = list(found["index_to_ann_map"])[::90]
        words = {p: [tuple(found["ann_id"][a].values()) for a in found["index_to_ann_map"][p]] for p in chosen}
        path = write_annotations(tmp_path / "in", words)
        done = draw_sample(tmp_path / "out", annotations=path, plain=True)
        assert (done.pages, done.words, done.undrawn) == (len(chosen), sum(map(len, words.values())), 0)


def test_a_job_is_small_and_does_not_need_its_sample(tmp_path: Path) -> None:
    jobs: list[PageJob] = []

    def keeps(work: Callable[[PageJob], str], given: Iterable[PageJob]) -> Iterable[str]:
        jobs.extend(given)
        return map(work, jobs)

    draw_sample(tmp_path / "s", **SMALL, map_pages=keeps)
    for job in jobs:
        data = job.path.read_bytes()
        job.path.unlink()
        assert draw_job(job) == hashlib.md5(data).hexdigest()
        assert job.path.read_bytes() == data
