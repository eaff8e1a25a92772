"""Batches against gathering word by word, and the way from grey values to inputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from htrdata.labels import PRINTABLE, LabelPolicy
from htrdata.store.reading import open_store
from htrmodel import inputs as plain
from htrmodel.config import RecogniserConfig
from htrmodel.data.batches import WordBatches, standardise
from htrmodel.data.cache import decoded_words
from htrmodel.data.origins import StoredSplit
from htrmodel.data.samples import Samples, open_samples

from .conftest import MakeStore

CUDA = pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU"))

Part = tuple[Samples, np.ndarray]


@pytest.fixture
def open_part(make_store: MakeStore, tmp_path: Path, config: RecogniserConfig) -> Callable[..., Part]:
    def open_part(name: str, labels: list[str], on_disk: bool) -> Part:
        make_store({"train": labels}, name=name, seed=len(name))
        samples = open_samples(
            StoredSplit(open_store(tmp_path / "store").dataset(name), "train"), LabelPolicy(config.charset)
        )
        return samples, decoded_words(samples, config, folder=tmp_path / "cache" if on_disk else None)

    return open_part


@pytest.mark.parametrize("device", ["cpu", CUDA])
@pytest.mark.parametrize("resident", [False, True])
@pytest.mark.parametrize("on_disk", [False, True])
def test_a_batch_has_the_words_asked_for(
    open_part: Callable[..., Part], device: str, resident: bool, on_disk: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("htrmodel.data.batches.has_room", lambda device, size: resident)
    one = open_part("one", ["a", "é", "b", "c"], on_disk)
    three = open_part("three", ["d", "e", "é"], on_disk)
    for parts in ([one], [one, three], [three, one, three]):
        batches = WordBatches([samples for samples, _ in parts], [images for _, images in parts], device)
        texts = [text for samples, _ in parts for text in samples.texts.to_pylist()]
        ids = [id for samples, _ in parts for id in samples.ids.to_pylist()]
        pixels = np.concatenate([images for _, images in parts])
        assert batches.sizes == [len(samples) for samples, _ in parts]
        positions = np.random.default_rng(0).integers(0, len(batches), 20)
        batch = batches.take(positions)
        assert batch.images.device.type == device
        assert batch.images.dtype == torch.uint8
        assert np.array_equal(batch.images.cpu().numpy(), pixels[positions][:, None])
        assert batch.texts == [texts[i] for i in positions]
        assert batch.ids == [ids[i] for i in positions]


def test_in_order_every_word_comes_once(open_part: Callable[..., Part]) -> None:
    (samples, images), (more, others) = open_part("one", ["a", "b", "c"], False), open_part("two", ["d", "e"], False)
    batches = list(WordBatches([samples, more], [images, others]).in_order(2))
    assert [batch.texts for batch in batches] == [["a", "b"], ["c", "d"], ["e"]]
    assert np.array_equal(torch.cat([batch.images for batch in batches])[:, 0], np.concatenate([images, others]))


def test_a_batch_is_a_copy(open_part: Callable[..., Part]) -> None:
    samples, images = open_part("one", ["a", "b"], True)
    batches = WordBatches([samples], [images])
    batches.take(np.array([0, 1])).images.zero_()
    assert np.array_equal(batches.take(np.array([0, 1])).images[:, 0], images)
    assert images.any()


def test_words_and_images_that_do_not_fit(open_part: Callable[..., Part]) -> None:
    samples, images = open_part("one", ["a", "b"], False)
    with pytest.raises(ValueError, match="2 words do not fit 1 images"):
        WordBatches([samples], [images[1:]])
    with pytest.raises(ValueError, match="0 words do not fit 0 images"):
        WordBatches([], [])


def test_inputs_are_clovas(config: RecogniserConfig) -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    inputs = standardise(torch.from_numpy(pixels), config)
    assert inputs.dtype == torch.float32
    expected = torch.arange(256).double().reshape(1, 1, 16, 16) / 127.5 - 1
    assert torch.allclose(inputs.double(), expected, atol=1e-7, rtol=0)
    assert inputs.flatten()[[0, -1]].tolist() == [-1, 1]
    other = RecogniserConfig(charset=PRINTABLE, mean=0.3, std=0.2)
    for each in (config, other):  # as images that are read one by one
        assert np.array_equal(standardise(torch.from_numpy(pixels), each), plain.standardise(pixels[0], each))
    unit = torch.from_numpy(pixels) / 255
    kept = unit.clone()
    assert torch.equal(standardise(unit, other), standardise(torch.from_numpy(pixels), other))
    assert torch.equal(unit, kept)
