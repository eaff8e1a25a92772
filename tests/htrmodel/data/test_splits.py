"""Where the words of a split are found, and what must not train together."""

from __future__ import annotations

from pathlib import Path

import pytest

from htrdata.errors import SourceMissingError, UsageError
from htrdata.records import Division
from htrmodel.data.divisions import DividedSet
from htrmodel.data.samples import open_samples
from htrmodel.data.splits import check_schemes, every_split, find_split
from htrmodel.runtime.finding import find_images

from .conftest import MakeShard, MakeStore


def found(root: Path, split: str, names: list[str] | None = None) -> dict[str, list[str]]:
    return {o.name: open_samples(o).texts.to_pylist() for o in find_split(root, split, names or [])}


def test_data_sets_of_a_store(make_store: MakeStore) -> None:
    root = make_store({"train": ["a", "b"], "val": ["c"]}, name="first")
    make_store({"train": ["d"]}, name="second")
    make_store({"train": ["e"], "val": ["f"]}, source={"drawn": "picture"}, name="drawn_by_machine")
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


def divided(name: str, corpus: str = "IAM", scheme: str = "published", **parameters: str) -> DividedSet:
    return DividedSet(name, Division(corpus, scheme, parameters), None)


def test_drawn_words_are_taken_where_there_are_no_others(make_store: MakeStore) -> None:
    root = make_store({"train": ["a"]}, source={"drawn": "picture"}, name="drawn")
    assert found(root, "train") == {"drawn": ["a"]}


def places(root: Path) -> dict[str, list[str]]:
    return {f"{o.name}/{o.split}": open_samples(o).texts.to_pylist() for o in every_split(root)}


def test_every_split_of_a_store_and_of_plain_shards(
    make_store: MakeStore, make_shard: MakeShard, tmp_path: Path
) -> None:
    root = make_store({"train": ["a", "b"], "test": ["c"]}, name="first")
    make_store({"val": ["d"]}, root=root, source={"name": "synth"})
    assert places(root) == {"first/train": ["a", "b"], "first/test": ["c"], "synth/val": ["d"]}
    make_shard(tmp_path / "plain/train/MJ", ["a"])
    make_shard(tmp_path / "plain/val", ["b"])
    assert places(tmp_path / "plain") == {"MJ/train": ["a"], "plain/val": ["b"]}
    make_shard(tmp_path / "loose/one", ["a"])
    make_shard(tmp_path / "loose/two", ["b"])
    assert places(tmp_path / "loose") == {"loose/": ["a", "b"]}
    with pytest.raises(SourceMissingError, match=r"no data.mdb in .*plain/train/XX"):
        every_split(tmp_path / "plain/train/XX")


def test_predict_finds_every_word_of_shards_without_a_store(make_shard: MakeShard, tmp_path: Path) -> None:
    make_shard(tmp_path / "lmdb/val", ["a", ""], [b"first", b"second"])  # what nobody has labelled is read, too
    read = [(one.name, one.image) for one in find_images(tmp_path / "lmdb")]
    assert read == [("lmdb/val/image-000000001", b"first"), ("lmdb/val/image-000000002", b"second")]


def test_two_schemes_of_iam_do_not_train_together(make_store: MakeStore) -> None:
    root = make_store({"train": ["a"], "test": ["b"]}, source={"name": "iam_a", "division": Division("IAM", "a")})
    make_store({"train": ["a"], "test": ["b"]}, source={"name": "iam_b", "division": Division("IAM", "b")})
    with pytest.raises(
        UsageError,
        match=r"iam_a \(a\) and iam_b \(b\) split one corpus \(IAM\) .*choose one of them with --mix",
    ):
        find_split(root, "train")
    assert list(found(root, "test")) == ["iam_a", "iam_b"]  # each can be judged
    assert list(found(root, "train", ["iam_b"])) == ["iam_b"]


def test_a_harmless_setting_of_a_strangers_source_is_no_other_split(make_store: MakeStore) -> None:
    root = make_store({"train": ["a"]}, source={"settings": {"ink": "black"}}, name="first")
    make_store({"train": ["b"]}, source={"settings": {"ink": "any", "scheme": "x"}}, name="second")
    assert list(found(root, "train")) == ["first", "second"]


def test_what_is_one_split_and_what_is_not() -> None:
    aachen = divided("iam_aachen", scheme="aachen")
    check_schemes([aachen, divided("whole", scheme="aachen"), divided("imgur5k", "Imgur5K")])
    for other in (divided("b", scheme="lwitr"), divided("b", scheme="random", ratio="80/10/10", seed="0")):
        with pytest.raises(UsageError, match=r"iam_aachen \(aachen\) and b .* split one corpus \(IAM\)"):
            check_schemes([aachen, divided("imgur5k", "Imgur5K"), other])


@pytest.mark.parametrize(("key", "value"), [("ratio", "70/20/10"), ("seed", "1"), ("group", "writer"), ("fold", "1/5")])
def test_every_parameter_that_deals_words_out_tells_splits_apart(key: str, value: str) -> None:
    parameters = {"ratio": "80/10/10", "seed": "0", "group": "page"}
    first, second = divided("a", **parameters), divided("b", **{**parameters, key: value})
    check_schemes([first, divided("b", **parameters)])
    with pytest.raises(UsageError, match=f"b .*{key} {value}.* split one corpus"):
        check_schemes([first, second])
