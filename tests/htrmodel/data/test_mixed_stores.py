"""Data sets of several stores in one mix: which are found, in what shares, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from htrdata.errors import SourceMissingError, UsageError
from htrdata.labels import PRINTABLE
from htrdata.records import Division
from htrmodel.config import RecogniserConfig
from htrmodel.data.mixed_stores import find_mixed
from htrmodel.data.mixing import TrainingOrder, parse_mix
from htrmodel.training.words import TrainingWords, find_words

from .conftest import MakeShard, MakeStore


@pytest.fixture
def stores(make_store: MakeStore, tmp_path: Path) -> Path:
    """A store with `mine`, and one with `a`, `b` and what is drawn, each with words to validate on but `b`."""
    make_store({"train": ["m", "n"], "val": ["o"]}, name="mine", root=tmp_path / "here")
    make_store({"train": ["a"], "val": ["x"]}, name="a", root=tmp_path / "open/words")
    make_store({"train": ["b", "c", "d"]}, name="b", root=tmp_path / "open/words")
    drawn = {"drawn": "pixels and strokes"}
    make_store({"train": ["z"], "val": ["z"]}, name="drawn", root=tmp_path / "open/words", source=drawn)
    return tmp_path


def mixed(stores: Path, *mix: str) -> tuple[TrainingWords, list[str]]:
    said: list[str] = []
    return find_words(stores / "here", mix, RecogniserConfig(charset=PRINTABLE), said.append), said


@pytest.mark.parametrize(
    ("mix", "train", "val", "ratios", "together"),
    [
        (["mine:0.8", "{}/open/words/a:0.2"], ["mine", "a"], ["mine", "a"], [0.8, 0.2], None),
        (["{}/open/words/a:1", "mine:3"], ["a", "mine"], ["a", "mine"], [1, 3], None),
        (["mine:0.8", "{}/open/words:0.2"], ["mine", "a", "b"], ["mine", "a"], [0.8, 0.2], [1, 2]),
        (["mine", "{}/open/words/"], ["mine", "a", "b"], ["mine", "a"], None, None),
        (["mine", "{}/open/words/drawn"], ["mine", "drawn"], ["mine", "drawn"], None, None),
        (["{}/open/words/b", "mine"], ["b", "mine"], ["mine"], None, None),
    ],
)
def test_a_path_stands_for_a_data_set_or_a_whole_store(
    stores: Path,
    mix: list[str],
    train: list[str],
    val: list[str],
    ratios: list[float] | None,
    together: list[int] | None,
) -> None:
    words, said = mixed(stores, *(one.format(stores) for one in mix))
    assert [one.name for one in words.train] == train
    assert [one.name for one in words.val] == val
    assert (words.ratios, words.together) == (ratios, together)
    assert ("b has no val words: it is trained on, but does not count for when to stop" in said) == ("b" in train)
    assert ("together" in words.describe()) == (together is not None)


def test_paths_are_from_the_folder_where_one_is(stores: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(stores / "open")
    words, _ = mixed(stores, "mine:0.5", "./words:0.5")
    assert [one.name for one in words.train] == ["mine", "a", "b"]


def test_plain_shards_of_another_folder(stores: Path, make_shard: MakeShard) -> None:
    make_shard(stores / "clova/train/ST", ["p", "q"])
    make_shard(stores / "clova/val/ST", ["r"])
    words, _ = mixed(stores, "mine", f"{stores}/clova/ST")
    assert [one.texts.to_pylist() for one in (*words.train, *words.val)] == [["m", "n"], ["p", "q"], ["o"], ["r"]]


def test_what_is_refused(stores: Path, make_store: MakeStore) -> None:
    make_store({"train": ["m"], "val": ["o"]}, name="mine", root=stores / "third", seed=1)
    with pytest.raises(UsageError, match="figures could not say whose they are"):
        find_mixed(stores / "here", ["mine", f"{stores}/third/mine"])
    with pytest.raises(UsageError, match="no data set 'q'"):
        find_mixed(stores / "here", ["mine", f"{stores}/third/q"])
    with pytest.raises(SourceMissingError):
        find_mixed(stores / "here", ["mine", f"{stores}/nowhere/q"])
    make_store(
        {"train": ["m"]}, name="other", root=stores / "fourth", source={"division": Division("Drawn", "by page")}
    )
    with pytest.raises(UsageError, match="differently"):
        find_mixed(stores / "here", ["mine", f"{stores}/fourth/other"])


def test_a_colon_in_a_path_is_no_ratio() -> None:
    assert parse_mix(["a:b/c:0.5", "d:1"]) == {"a:b/c": 0.5, "d": 1.0}


def test_data_sets_that_share_a_ratio_are_one_stream() -> None:
    order = TrainingOrder([6, 2, 30], 10, ratios=[0.8, 0.2], together=[1, 2], seed=3)
    seen = np.bincount(np.concatenate(list(order.batches(0))), minlength=38)
    taken = order.batch(0, 0)
    assert ((taken < 6).sum(), (taken >= 6).sum()) == (8, 2)
    assert seen[6:].max() <= 1  # of 32 words, 8 have been taken: none twice
    alone = TrainingOrder([6, 32], 10, ratios=[0.8, 0.2], seed=3)
    assert all(np.array_equal(one, other) for one, other in zip(order.batches(1), alone.batches(1), strict=True))


FLATTERS = "have the very image of one that is trained on"


def test_images_that_are_held_out_and_trained_on_are_told_whatever_store_they_are_in(
    make_store: MakeStore, tmp_path: Path
) -> None:
    """Images of a data set are numbered from its seed on in each split: so the first of each split are the same."""
    make_store({"train": list("mnp")}, name="a", root=tmp_path / "here", seed=1)
    make_store({"train": ["q"], "val": ["r", "s"]}, name="b", root=tmp_path / "here", seed=2)
    make_store({"train": ["x"], "val": ["z"], "test": list("mnpst")}, name="c", root=tmp_path / "rest", seed=1)

    def told(*mix: str) -> list[str]:
        return [one.partition(f" {FLATTERS}")[0] for one in mixed(tmp_path, *mix)[1] if FLATTERS in one]

    assert told("a", "b") == ["b: 1 of 2 val words"]
    assert told(f"{tmp_path}/rest/c") == ["c: 1 of 1 val word and 1 of 5 test words"]
    assert told("a:1", "b:1", f"{tmp_path}/rest:1") == [
        "b: 1 of 2 val words",
        "c: 1 of 1 val word and 3 of 5 test words",
    ]
