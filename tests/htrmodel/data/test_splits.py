"""Where the words of a split are found, and what must not train together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from htrdata.errors import SourceMissingError, UsageError
from htrmodel.data.samples import open_samples
from htrmodel.data.splits import check_schemes, find_split

from .conftest import MakeShard, MakeStore


def found(root: Path, split: str, names: list[str] | None = None) -> dict[str, list[str]]:
    return {o.name: open_samples(o).texts.to_pylist() for o in find_split(root, split, names or [])}


def test_data_sets_of_a_store(make_store: MakeStore) -> None:
    root = make_store({"train": ["a", "b"], "val": ["c"]}, name="first")
    make_store({"train": ["d"]}, name="second")
    make_store({"train": ["e"], "val": ["f"]}, source={"name": "synth"}, name="drawn_by_machine")
    assert found(root, "train") == {"first": ["a", "b"], "second": ["d"]}
    assert found(root, "val") == {"first": ["c"]}
    assert list(found(root, "train", ["second", "first"])) == ["second", "first"]
    assert found(root, "train", ["drawn_by_machine"]) == {"drawn_by_machine": ["e"]}
    with pytest.raises(UsageError, match=r"no data set in .* has test words: it has drawn_by_machine, first, second"):
        find_split(root, "test")
    with pytest.raises(UsageError, match="second has no val words"):
        find_split(root, "val", ["first", "second"])
    with pytest.raises(UsageError, match="no data set 'third'"):
        find_split(root, "train", ["third"])


def test_plain_shards_as_clova_lays_them_out(make_shard: MakeShard, tmp_path: Path) -> None:
    make_shard(tmp_path / "train/MJ/MJ_train", ["a"])
    make_shard(tmp_path / "train/MJ/MJ_test", ["b"])
    make_shard(tmp_path / "train/ST", ["c"])
    make_shard(tmp_path / "val", ["d"])
    assert found(tmp_path, "val", [tmp_path.name]) == {tmp_path.name: ["d"]}
    assert found(tmp_path, "train") == {"MJ": ["b", "a"], "ST": ["c"]}
    assert found(tmp_path, "train", ["ST"]) == {"ST": ["c"]}
    assert found(tmp_path, "val") == {tmp_path.name: ["d"]}
    with pytest.raises(SourceMissingError, match=r"no test words in .*htrdata imgur5k"):
        find_split(tmp_path, "test")
    with pytest.raises(SourceMissingError, match=r"no data.mdb in .*XX"):
        find_split(tmp_path, "train", ["XX"])


def document(source: str, title: str = "IAM", **settings: str) -> dict[str, Any]:
    return {"source": source, "about": {"title": title}, "settings": settings}


def test_two_schemes_of_iam_do_not_train_together(make_store: MakeStore) -> None:
    root = make_store({"train": ["a"], "test": ["b"]}, source={"name": "iam_aachen"})
    make_store({"train": ["a"], "test": ["b"]}, source={"name": "iam_lwitr"})
    with pytest.raises(
        UsageError,
        match=r"iam_aachen \(iam_aachen\) and iam_lwitr .* split one source \(Drawn\) .*choose one of them with --mix",
    ):
        find_split(root, "train")
    assert list(found(root, "test")) == ["iam_aachen", "iam_lwitr"]  # each can be judged
    assert list(found(root, "train", ["iam_lwitr"])) == ["iam_lwitr"]


def test_what_is_one_split_and_what_is_not() -> None:
    aachen = document("iam_aachen", scheme="aachen", segmentation="ok", annotations="xml", pixels="words")
    whole = document("iam_aachen", scheme="aachen", segmentation="all", annotations="ascii", pixels="forms")
    check_schemes({"iam_aachen": aachen, "whole": whole, "imgur5k": document("imgur5k", "Imgur5K"), "old": {}})
    others = [
        document("iam_lwitr", scheme="lwitr"),
        document("iam_aachen", scheme="lwitr"),
        document("iam_aachen_random0", scheme="aachen", ratio="80/10/10", seed="0", group="page"),
    ]
    for other in others:
        with pytest.raises(UsageError, match=r"a \(iam_aachen: scheme aachen\) and b .* split one source"):
            check_schemes({"a": aachen, "c": document("imgur5k", "Imgur5K"), "b": other})


@pytest.mark.parametrize(
    ("key", "value"), [("ratio", "70/20/10"), ("seed", "1"), ("group", "writer"), ("scheme", "lwitr"), ("fold", "1/5")]
)
def test_every_setting_that_deals_words_out_tells_splits_apart(key: str, value: str) -> None:
    settings = {"scheme": "aachen", "ratio": "80/10/10", "seed": "0", "group": "page"}
    first, second = document("iam_random", **settings), document("iam_random", **{**settings, key: value})
    check_schemes({"a": first, "b": document("iam_random", **settings)})
    with pytest.raises(UsageError, match=f"b .*{key} {value}.* split one source"):
        check_schemes({"a": first, "b": second})
