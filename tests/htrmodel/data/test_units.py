"""Stores of the first format and shards without one, which do not say that they hold lines, and a model of words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import htrmodel
from htrdata.errors import UsageError
from htrdata.store.reading import Store, open_store
from htrmodel.data.origins import PlainShards, StoredSplit
from htrmodel.data.units import doubt_of_unit
from htrmodel.runtime.finding import find_images
from htrmodel.training.words import find_words
from tests.htrmodel.conftest import BuildRecogniser

from ...stores import make_format_1
from .conftest import MakeShard, MakeStore

LINES = [f"a line of {number}" for number in range(30)]
WORDS = [*[f"word{number}" for number in range(99)], "n o t"]


@pytest.fixture
def old(make_store: MakeStore) -> Path:
    """A store of format 1 that was made from images of lines."""
    root = make_store({"train": LINES, "test": LINES[:6]})
    make_format_1(root)
    return root


def test_only_what_does_not_say_what_it_holds_is_doubted(make_store: MakeStore, tmp_path: Path, old: Path) -> None:
    said = doubt_of_unit(StoredSplit(Store(old).dataset("drawn"), "test"))
    assert said is not None
    assert "100% of the labels of drawn have spaces" in said
    assert "htrdata-store/1" in said
    told = make_store({"train": LINES}, root=tmp_path / "new")
    assert doubt_of_unit(StoredSplit(Store(told).dataset("drawn"), "train")) is None
    words = make_store({"train": WORDS}, root=tmp_path / "words")
    make_format_1(words)
    assert doubt_of_unit(StoredSplit(Store(words).dataset("drawn"), "train")) is None


def test_shards_of_lines_are_doubted_and_those_of_words_are_not(make_shard: MakeShard, tmp_path: Path) -> None:
    assert "manifest" in str(doubt_of_unit(PlainShards(make_shard(tmp_path / "lines", LINES))))
    assert doubt_of_unit(PlainShards(make_shard(tmp_path / "words", WORDS))) is None


def test_who_evaluates_trains_or_predicts_hears_of_it(
    old: Path, build: BuildRecogniser, make_shard: MakeShard, tmp_path: Path
) -> None:
    model = build("None-VGG-BiLSTM-CTC")
    with pytest.warns(UserWarning, match="does not say whether they are of words or of lines"):
        htrmodel.evaluate(model, old, resamples=100)
    lines = build("None-VGG-BiLSTM-CTC", resize="free", width=800)
    make_shard(tmp_path / "shards" / "test", LINES)
    for place in (old, open_store(old), open_store(old).dataset("drawn"), tmp_path / "shards"):
        said: list[str] = []
        assert len(list(find_images(place, said.append))) >= 30
        assert len(said) == 1
        assert "take a model of lines" in said[0]
        assert len(list(find_images(place, said.append, lines=lines.config.reads_lines))) >= 30
        assert len(said) == 1
    _train(old, said := [], model.config)
    assert "take a model of lines" in " ".join(said)


def _train(root: Path, said: list[str], config: Any) -> None:
    with pytest.raises(UsageError, match="train"):  # nothing is left: a charset without a space spells none of them
        find_words(root, [], config, said.append)


def test_a_data_set_of_lines_in_memory_is_refused_by_a_model_of_words(make_store: MakeStore, tmp_path: Path) -> None:
    root = make_store({"test": LINES}, root=tmp_path / "lines", source={"unit": "line"})
    store = open_store(root)
    for place in (store, store.dataset("drawn"), store.dataset("drawn")["test"][:3]):
        with pytest.raises(UsageError, match="holds lines, and these weights read words"):
            find_images(place)
        assert len(list(find_images(place, lines=True))) >= 3
