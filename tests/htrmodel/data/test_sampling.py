"""A sample of words: who is in it, that it is always the same, and that its figures say what it is."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from htrdata.labels import ALNUM, LabelPolicy
from htrdata.store.reading import open_store
from htrmodel.data.origins import PlainShards, StoredSplit
from htrmodel.data.samples import Samples, open_samples
from htrmodel.data.sampling import sampled

from .conftest import MakeShard, MakeStore

READ = [f"w{number}" for number in range(120)]


@pytest.fixture
def samples(make_store: MakeStore) -> Samples:
    """120 words that are read, by 20 writers, among 30 that alnum lacks, and 10 that were dropped for it."""
    texts = [*READ, *["é"] * 30, *[""] * 10]
    random.Random(0).shuffle(texts)
    store = make_store({"train": ["a"], "val": texts})
    return open_samples(StoredSplit(open_store(store).dataset("drawn"), "val"), LabelPolicy(ALNUM))


def test_each_writer_has_his_share_and_so_has_what_is_not_read(samples: Samples) -> None:
    found = sampled(samples, 75)
    assert (len(found), len(found.unread_texts()), found.whole) == (60, 15, 150)
    assert found.counted == "75 of 150"
    assert set(found.unread_texts()) == {"é"}
    whole, part = Counter(samples.hands()), Counter(found.hands())
    assert all(abs(part[hand] - count / 2) <= 1 for hand, count in whole.items())
    texts = dict(zip(samples.ids.to_pylist(), samples.texts.to_pylist(), strict=True))
    of_whole = {one: samples.encoded(place) for place, one in enumerate(samples.ids.to_pylist())}
    for place, (one, text) in enumerate(zip(found.ids.to_pylist(), found.texts.to_pylist(), strict=True)):
        assert (text, found.encoded(place)) == (texts[one], of_whole[one])
    assert len(set(found.ids.to_pylist())) == 60


def test_it_is_always_the_same_and_another_than_all(samples: Samples) -> None:
    assert sampled(samples, 40).ids.to_pylist() == sampled(samples, 40).ids.to_pylist()
    assert len({samples.digest, sampled(samples, 40).digest, sampled(samples, 41).digest}) == 3


@pytest.mark.parametrize("count", [150, 151, 10**9])
def test_where_there_are_no_more_words_it_is_all_of_them(samples: Samples, count: int) -> None:
    assert sampled(samples, count) is samples
    assert samples.whole is None


@pytest.mark.parametrize("count", [1, 2, 5, 149])
def test_a_sample_of_any_size_has_so_many_words(samples: Samples, count: int) -> None:
    found = sampled(samples, count)
    assert len(found) + len(found.unread_texts()) == count
    assert len(found) >= 1


def test_shards_without_a_manifest_are_sampled_by_word(make_shard: MakeShard, tmp_path: Path) -> None:
    shard = make_shard(tmp_path / "val", [f"w{number}" for number in range(20)])
    samples = open_samples(PlainShards(shard, split="val"))
    found = sampled(samples, 5)
    assert len(found) == len(set(found.ids.to_pylist())) == 5
