"""Words as torch's DataLoader takes them: in this process, in forked workers and in spawned ones."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL.Image import Image
from PIL.ImageOps import mirror
from torch.utils.data import DataLoader

import htrdata
import htrmodel
from htrdata.labels import ALNUM, PRINTABLE
from htrdata.records import Reason
from htrmodel.config import RecogniserConfig
from htrmodel.data.loading import WordBatch
from htrmodel.inputs import to_inputs
from htrmodel.recogniser import Recogniser
from htrmodel.training.loss import LOSSES

LABELS = {"train": [f"w{i}" for i in range(10)] + ["é", "It's", "x" * 26], "test": ["a"]}


@pytest.fixture
def words(make_store: Callable[..., Path]) -> htrdata.Words:
    return htrdata.open(make_store(LABELS, shard_words=6))["train", "drawn"]


def corner(image: Image) -> torch.Tensor:
    return torch.from_numpy(np.asarray(image)[:4, :5].copy())


def test_items_are_inputs_and_labels(words: htrdata.Words) -> None:
    data = htrmodel.dataset(words)
    assert len(data) == 11
    assert data.left_out == {Reason.OUT_OF_CHARSET: 1, Reason.TOO_LONG: 1}
    assert repr(data) == "WordDataset(11 words, 2 left out, 32 x 100 pixels)"
    assert [sample.text for sample in data] == [*LABELS["train"][:10], "It's"]
    image, text = data[-1]
    assert text == "It's"
    assert image.dtype == torch.float32
    assert np.array_equal(image[None], to_inputs(words[11], data.config))
    with pytest.raises(IndexError):
        data[11]


def test_labels_are_those_that_the_charset_compares(words: htrdata.Words) -> None:
    data = htrmodel.dataset(words[9:], config=RecogniserConfig(charset=ALNUM, max_length=30))
    assert [sample.text for sample in data] == ["w9", "x" * 26]
    assert data.left_out == {Reason.OUT_OF_CHARSET: 2}


def test_parts_and_lists_of_words_are_data_sets_too(words: htrdata.Words) -> None:
    chosen = [word for word in words if word.text in ("w1", "w7")]
    for data in (htrmodel.dataset(chosen), htrmodel.dataset(words[1:8:6])):
        assert [sample.text for sample in data] == ["w1", "w7"]
        assert np.array_equal(data[1].image[None], to_inputs(words[7], data.config))


def test_a_transform_takes_the_image_before_it_is_fitted(words: htrdata.Words) -> None:
    config = RecogniserConfig(charset=PRINTABLE, width=60)
    data = htrmodel.dataset(words, mirror, config=config)
    assert np.array_equal(data[3].image[None], to_inputs(mirror(words[3].image), config))
    assert torch.equal(htrmodel.dataset(words, corner)[2].image, corner(words[2].image))


@pytest.mark.parametrize("context", [None, "fork", "spawn"])
def test_a_loader_gives_the_same_batches_whatever_its_workers_are(words: htrdata.Words, context: str | None) -> None:
    words[0]  # the shards are open before the fork
    data = htrmodel.dataset(words, mirror)
    workers = 0 if context is None else 2
    loader = DataLoader(data, batch_size=4, num_workers=workers, multiprocessing_context=context)
    batches = list(loader)
    assert [text for batch in batches for text in batch.text] == [sample.text for sample in data]
    assert torch.equal(torch.cat([batch.image for batch in batches]), torch.stack([sample.image for sample in data]))
    assert batches[0].image.shape == (4, 1, 32, 100)


@pytest.mark.parametrize("architecture", ["None-VGG-None-CTC", "None-VGG-None-Attn"])
def test_the_collate_makes_what_a_loss_takes(
    words: htrdata.Words, build: Callable[..., Recogniser], architecture: str
) -> None:
    recogniser = build(architecture)
    data = htrmodel.dataset(words, config=recogniser.config)
    loader: DataLoader[WordBatch] = DataLoader(data, batch_size=3, shuffle=True, collate_fn=data.collate)  # type: ignore[arg-type]
    seen = []
    for images, texts, targets in loader:
        assert torch.equal(targets, recogniser.tokenizer.encode(texts))
        loss = LOSSES[recogniser.config.prediction](recogniser(images, targets), targets)
        assert loss.isfinite()
        seen += texts
    assert sorted(seen) == sorted(sample.text for sample in data)


def test_it_is_small_when_pickled(words: htrdata.Words) -> None:
    data = htrmodel.dataset(words, mirror)
    copied = pickle.loads(pickle.dumps(data))
    assert torch.equal(copied[5].image, data[5].image)
    assert len(pickle.dumps(data)) < 20_000
