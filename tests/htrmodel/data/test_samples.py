"""The words of a split that a model can take, against the store's own reader and the manifest as pandas sees it."""

from __future__ import annotations

import dataclasses
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from htrdata.errors import BadDataError, SourceMissingError, UsageError
from htrdata.images.codec import encode
from htrdata.labels import ALNUM, PRINTABLE, Charset, LabelPolicy
from htrdata.records import Reason
from htrdata.store.manifest_reader import ManifestReader
from htrdata.store.reading import Dataset, open_store
from htrmodel.data.origin import Chunk
from htrmodel.data.origins import PlainShards, StoredSplit
from htrmodel.data.samples import Samples, open_samples

from .conftest import MakeShard, MakeStore, draw

TRAIN = ["one", "", "Two", "a\\b", "x]", "naïve", "elephants", "\u0001", "THREE", "4", "İ", "l'été", "end"]


@pytest.fixture
def dataset(make_store: MakeStore) -> Dataset:
    """Thirteen words of train, two of them dropped, in shards of four."""
    return open_store(make_store({"train": TRAIN, "val": ["one", "six"]}, shard_words=4)).dataset("drawn")


def opened(dataset: Dataset, split: str, charset: Charset | None = None, max_length: int | None = None) -> Samples:
    return open_samples(StoredSplit(dataset, split), LabelPolicy(charset, max_length))


def test_without_limits_these_are_the_words_of_the_store(dataset: Dataset) -> None:
    samples = opened(dataset, "train")
    words = dataset.words("train")
    assert len(samples) == len(words) == 11
    assert samples.texts.to_pylist() == [word.text for word in words]
    assert samples.ids.to_pylist() == [word.id for word in words]
    assert [samples.encoded(i) for i in range(len(samples))] == [word.encoded for word in words]
    assert samples.left_out == {}
    assert opened(dataset, "val").texts.to_pylist() == ["one", "six"]


@pytest.mark.parametrize(
    ("charset", "max_length", "left_out"),
    [
        (PRINTABLE, None, {Reason.OUT_OF_CHARSET: 3}),
        (PRINTABLE, 5, {Reason.TOO_LONG: 1, Reason.OUT_OF_CHARSET: 3}),
        (ALNUM, 4, {Reason.TOO_LONG: 4, Reason.OUT_OF_CHARSET: 3}),
        (Charset("brackets", "\\]abx"), None, {Reason.OUT_OF_CHARSET: 9}),
    ],
)
def test_limits_leave_words_out_and_count_them(
    dataset: Dataset, charset: Charset, max_length: int | None, left_out: dict[Reason, int]
) -> None:
    samples = opened(dataset, "train", charset, max_length)
    assert samples.left_out == left_out
    everything = {word.id: word for word in dataset.words("train")}
    fits = {
        id: word
        for id, word in everything.items()
        if not charset.missing(word.text) and len(charset.fold(word.text)) <= (max_length or 99)
    }
    assert samples.ids.to_pylist() == list(fits)
    assert samples.texts.to_pylist() == [charset.fold(word.text) for word in fits.values()]
    assert [samples.encoded(i) for i in range(len(samples))] == [word.encoded for word in fits.values()]
    table = samples.left_out_words().to_pydict()
    assert table["id"] == [id for id in everything if id not in fits]
    assert table["text"] == [everything[id].text for id in table["id"]]
    assert {reason: table["reason"].count(reason.value) for reason in left_out} == left_out


def test_the_manifest_says_more_of_each_word(dataset: Dataset) -> None:
    samples = opened(dataset, "train", PRINTABLE)
    manifest = dataset.manifest().query("split == 'train'").set_index("id")
    assert samples.column("writer").to_pylist() == manifest.loc[samples.ids.to_pylist(), "writer"].tolist()
    assert set(samples.column("writer").to_pylist()) == {"w0", "w1", "w2"}
    dropped = samples.dropped_words().to_pydict()
    assert dropped == {"id": ["train1", "train7"], "text": ["", "\u0001"], "reason": ["empty_label", "invalid_label"]}
    with pytest.raises(UsageError, match="has no column colour"):
        samples.column("colour")


def test_the_digest_tells_contents_and_choices_apart(make_store: MakeStore, tmp_path: Path) -> None:
    def digest(seed: int, labels: list[str], charset: Charset | None) -> str:
        root = make_store({"train": labels}, root=tmp_path / f"{seed}{labels}", seed=seed)
        return opened(open_store(root).dataset("drawn"), "train", charset).digest

    usual = digest(0, ["a", "b", "é"], None)
    assert digest(0, ["a", "b", "é"], None) == usual
    assert digest(0, ["a", "b", "é"], Charset("french", "abé")) == usual  # the same words
    others = {digest(1, ["a", "b", "é"], None), digest(0, ["a", "c", "é"], None), digest(0, ["a", "b", "é"], PRINTABLE)}
    assert len(others | {usual}) == 4


def test_no_split_or_no_word_is_one_sentence(dataset: Dataset) -> None:
    with pytest.raises(UsageError, match="has no test words"):
        opened(dataset, "test")
    with pytest.raises(UsageError, match="drawn has no val word that the model can take: 2 out_of_charset"):
        opened(dataset, "val", Charset("digits", "0123456789"))


def cut_manifest(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def forget_a_word(path: Path) -> None:
    about = path.with_name("dataset.json")
    document = json.loads(about.read_text())
    document["shards"]["train/drawn/00001"]["words"] -= 1
    about.write_text(json.dumps(document))


def rename_a_shard(path: Path) -> None:
    about = path.with_name("dataset.json")
    about.write_text(about.read_text().replace("train/drawn/00001", "train/drawn/10001"))


@pytest.mark.parametrize("harm", [cut_manifest, Path.unlink, forget_a_word, rename_a_shard])
def test_a_damaged_manifest_is_found(dataset: Dataset, harm: object) -> None:
    assert callable(harm)
    harm(dataset.manifest_path)
    again = Dataset(dataset.store, "drawn")
    with pytest.raises(BadDataError, match=r"manifest.parquet is missing or damaged .*build drawn again"):
        open_samples(StoredSplit(again, "train")).column("writer")


def test_every_flipped_bit_of_the_labels_is_found(dataset: Dataset) -> None:
    group = pq.read_metadata(dataset.manifest_path).row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]
    column = next(column for column in columns if column.path_in_schema == "text")
    end = column.dictionary_page_offset + column.total_compressed_size
    whole = dataset.manifest_path.read_bytes()
    for place in range(end - 12, end):  # without checksums some of these only exchange labels
        flipped = bytearray(whole)
        flipped[place] ^= 1
        dataset.manifest_path.write_bytes(flipped)
        with pytest.raises(BadDataError, match=r"manifest.parquet is missing or damaged"):
            opened(dataset, "train")


WORKERS = """
import functools, multiprocessing, pickle, sys
samples = pickle.load(open(sys.argv[1], "rb"))
mine = [samples.encoded(i) for i in range(len(samples))]
for method in ("fork", "spawn"):
    with multiprocessing.get_context(method).Pool(3) as pool:
        theirs = pool.map(samples.encoded, range(len(samples)))
    assert theirs == mine, method
assert [samples.encoded(i) for i in range(len(samples))] == mine
print(len(mine), "torch" in sys.modules, "pandas" in sys.modules)
"""


def test_forked_and_spawned_workers_read_the_same_words(dataset: Dataset, tmp_path: Path) -> None:
    samples = opened(dataset, "train", ALNUM)
    expected = len(samples)
    samples.encoded(0)  # the shard is open while it is pickled
    (tmp_path / "samples.pickle").write_bytes(pickle.dumps(samples))
    command = [sys.executable, "-W", "ignore", "-c", WORKERS, str(tmp_path / "samples.pickle")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [str(expected), "False", "False"], done.stderr


def test_plain_shards_are_scanned(make_shard: MakeShard, tmp_path: Path) -> None:
    folder = make_shard(tmp_path / "mine", ["one", "cafe\u0301", "", "Two words", "B \r"])
    origin = PlainShards(folder, split="train")
    everything = open_samples(origin)
    assert everything.texts.to_pylist() == ["one", "caf\xe9", "Two words", "B"]
    assert everything.left_out == {Reason.EMPTY_LABEL: 1}
    samples = open_samples(origin, LabelPolicy(ALNUM, 8))
    assert (samples.name, samples.split, samples.texts.to_pylist()) == ("mine", "train", ["one", "b"])
    assert samples.ids.to_pylist() == ["image-000000001", "image-000000005"]
    assert [samples.encoded(i) for i in range(2)] == [encode(draw(i), "png") for i in (0, 4)]
    assert samples.left_out_words().to_pydict() == {
        "id": ["image-000000002", "image-000000003", "image-000000004"],
        "text": ["cafe\u0301", "", "Two words"],
        "reason": ["out_of_charset", "empty_label", "too_long"],
    }
    assert samples.column("writer").to_pylist() == [None, None]
    assert samples.dropped_words().num_rows == 0
    assert samples.digest == open_samples(origin, LabelPolicy(ALNUM, 7)).digest != everything.digest


def test_a_tree_of_plain_shards_is_one_data_set(make_shard: MakeShard, tmp_path: Path) -> None:
    for name, labels in (("b/1", ["four", "é"]), ("a", ["one", "two", "three"])):
        make_shard(tmp_path / "tree" / name, labels)
    samples = open_samples(PlainShards(tmp_path / "tree"), LabelPolicy(PRINTABLE))
    assert samples.texts.to_pylist() == ["one", "two", "three", "four"]
    assert samples.ids.to_pylist() == [*(f"a/image-00000000{i}" for i in (1, 2, 3)), "b/1/image-000000001"]
    assert samples.encoded(3) == samples.encoded(0) == encode(draw(0), "png")
    assert samples.left_out_words()["id"].to_pylist() == ["b/1/image-000000002"]


def test_plain_shards_that_are_none(make_shard: MakeShard, tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match=r"no data.mdb in"):
        PlainShards(tmp_path / "absent")
    with pytest.raises(UsageError, match="it is empty"):
        open_samples(PlainShards(make_shard(tmp_path / "empty", [])))
    (tmp_path / "torn").mkdir()
    whole = (make_shard(tmp_path / "whole", ["a"] * 40) / "data.mdb").read_bytes()
    (tmp_path / "torn/data.mdb").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadDataError, match="is cut short"):
        PlainShards(tmp_path / "torn")


def test_a_large_manifest_is_read_in_pieces(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = opened(dataset, "train", PRINTABLE, 5)
    monkeypatch.setattr("htrmodel.data.origins._CHUNK_ROWS", 2)
    pieces = opened(dataset, "train", PRINTABLE, 5)
    assert ManifestReader(dataset.manifest_path).table().num_rows > 10
    assert pieces.texts == whole.texts
    assert pieces.ids == whole.ids
    assert pieces.left_out_words() == whole.left_out_words()
    assert pieces.dropped_words() == whole.dropped_words()
    assert [pieces.encoded(i) for i in range(len(pieces))] == [whole.encoded(i) for i in range(len(whole))]


def test_numbers_of_another_size_are_the_same_numbers(dataset: Dataset) -> None:
    class Wide(StoredSplit):
        def chunks(self) -> Iterator[Chunk]:
            for chunk in super().chunks():
                numbers: list[Any] = [array.astype(np.int64) for array in (chunk.shards, chunk.keys, chunk.rows)]
                yield Chunk(chunk.texts, *numbers)

    expected = opened(dataset, "train", PRINTABLE)
    samples = open_samples(Wide(dataset, "train"), LabelPolicy(PRINTABLE))
    assert samples.digest == expected.digest
    assert samples.keys.tolist() == expected.keys.tolist()
    assert samples.left_out_words().equals(expected.left_out_words())


@pytest.mark.parametrize("part", ["texts", "shard_numbers", "keys", "rows", "left_out_rows", "left_out_reasons"])
def test_words_are_as_many_by_every_count(dataset: Dataset, part: str) -> None:
    samples = opened(dataset, "train", PRINTABLE)
    values = getattr(samples, part)
    assert len(values)
    with pytest.raises(ValueError, match="each should have as many"):
        dataclasses.replace(samples, **{part: values[1:]})


def test_what_is_not_read_is_what_nobody_asked_for_a_label_of(make_store: MakeStore) -> None:
    """Words that the build left out for their labels are among them, those that have none are not."""
    labels = ["ab", "Größe", "x" * 30, "y" * 40, ""]
    root = make_store({"val": labels}, labels=LabelPolicy(max_length=35))
    samples = opened(open_store(root).dataset("drawn"), "val", PRINTABLE, 25)
    assert samples.texts.to_pylist() == ["ab"]
    assert sorted(samples.unread_texts()) == sorted(["Größe", "x" * 30, "y" * 40])
