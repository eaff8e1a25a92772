"""Where the words of a split are found, and what must not train together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import lmdb
import pytest

from htrdata.errors import BadDataError, SourceMissingError, UsageError
from htrdata.labels import PRINTABLE
from htrdata.records import Division
from htrdata.sources.folder import Folder
from htrmodel.config import RecogniserConfig
from htrmodel.data.divisions import DividedSet
from htrmodel.data.samples import open_samples
from htrmodel.data.splits import check_schemes, every_split, find_split, shards_beside
from htrmodel.runtime.finding import find_images
from htrmodel.training.words import find_words

from .conftest import MakeShard, MakeStore


def found(root: Path, split: str, names: list[str] | None = None) -> dict[str, list[str]]:
    return {o.name: open_samples(o).texts.to_pylist() for o in find_split(root, split, names or [])}


def test_data_sets_of_a_store(make_store: MakeStore) -> None:
    root = make_store({"train": ["a", "b"], "val": ["c"]}, name="first")
    make_store({"train": ["d"]}, name="second")
    make_store({"train": ["e"], "val": ["f"]}, source={"drawn": "pixels and strokes"}, name="drawn_by_machine")
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


def test_plain_shards_as_clova_calls_their_folders(make_shard: MakeShard, tmp_path: Path) -> None:
    make_shard(tmp_path / "training/MJ/MJ_train", ["a"])
    make_shard(tmp_path / "training/ST", ["b"])
    make_shard(tmp_path / "validation", ["c"])
    make_shard(tmp_path / "evaluation/IIIT5k_3000", ["d"])
    assert found(tmp_path, "train") == {"MJ": ["a"], "ST": ["b"]}
    assert found(tmp_path, "val") == {tmp_path.name: ["c"]}
    assert found(tmp_path, "test") == {"IIIT5k_3000": ["d"]}
    assert list(places(tmp_path)) == ["MJ/train", "ST/train", f"{tmp_path.name}/val", "IIIT5k_3000/test"]
    said: list[str] = []
    words = find_words(tmp_path, ["ST"], RecogniserConfig(charset=PRINTABLE), said.append)
    assert [one.texts.to_pylist() for one in (*words.train, *words.val)] == [["b"], ["c"]]
    assert not any("no val words" in sentence for sentence in said)
    make_shard(tmp_path / "train/MJ", ["e"])
    with pytest.raises(UsageError, match=r"/train and .*/training both have train shards"):
        find_split(tmp_path, "train")


def test_plain_shards_beside_data_sets_are_told_and_taken_if_named(
    make_store: MakeStore, make_shard: MakeShard
) -> None:
    root = make_store({"train": ["a", "b"], "val": ["c"]}, name="first", shard_words=1)
    make_shard(root / "train/mine/part", ["d"])
    make_shard(root / "val/mine", ["e"])
    assert shards_beside(root, "train") == ["mine"]
    assert shards_beside(root, "test") == []
    assert found(root, "train") == {"first": ["a", "b"]}
    assert list(found(root, "train", ["mine", "first"])) == ["mine", "first"]
    said: list[str] = []
    config = RecogniserConfig(charset=PRINTABLE)
    assert [one.name for one in find_words(root, [], config, said.append).train] == ["first"]
    assert f"mine in {root} is no data set that htrdata built: it is left out; --mix mine takes it" in said
    words = find_words(root, ["mine", "first"], config, said.append)
    assert [one.name for one in (*words.train, *words.val)] == ["mine", "first", "mine", "first"]
    said.clear()
    assert len(list(find_images(root, said.append))) == 3
    assert [sentence.split(": ", 1)[1].split(",")[0] for sentence in said] == [
        "left out train/mine",
        "left out val/mine",
    ]


@pytest.mark.parametrize(
    "read",
    [
        lambda root: find_split(root, "train"),
        lambda root: list(find_images(root)),
        lambda root: list(Folder(root / "train").pages()),
    ],
    ids=["finetune", "predict", "htrdata folder"],
)
def test_a_number_of_words_that_is_too_small_is_refused(
    make_shard: MakeShard, tmp_path: Path, read: Callable[[Path], object]
) -> None:
    make_shard(tmp_path / "train", ["a", "b", "c"], [b"1", b"2", b"3"])
    with lmdb.open(str(tmp_path / "train"), map_size=1 << 20) as environment, environment.begin(write=True) as writing:
        writing.put(b"num-samples", b"2")
    with pytest.raises(BadDataError, match=r"says that it has 2 words \(num-samples\), but there is an image of key 3"):
        read(tmp_path)


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
