"""Printed words in shards, narrow recognisers for them, and recipes that take a few steps."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont

from htrdata.labels import ALNUM
from htrdata.store.shard_writer import SHARD_WORDS, write_shard
from htrmodel.config import ModelFields, RecogniserConfig
from htrmodel.data.batches import WordBatches
from htrmodel.data.cache import decoded_words
from htrmodel.data.origins import PlainShards
from htrmodel.data.samples import open_samples
from htrmodel.recogniser import Recogniser
from htrmodel.training.finetuning import carry_out
from htrmodel.training.initial_model import ModelChoice
from htrmodel.training.recipes import Recipe
from htrmodel.training.request import Request
from htrmodel.training.run_folder import RunFolder
from htrmodel.training.stepping import Task

MakeShards = Callable[..., Path]
MakeTask = Callable[..., Task]

MODEL: ModelFields = {"architecture": "None-VGG-None-CTC", "output_channel": 16, "width": 60, "max_length": 8}


def print_word(text: str, seed: int) -> bytes:
    """A word in Pillow's own font, on paper of some grey: PNG."""
    random = np.random.default_rng(seed)
    image = Image.new("L", (60, 32), int(random.integers(200, 256)))
    font = ImageFont.load_default(18)
    ImageDraw.Draw(image).text((int(random.integers(2, 8)), int(random.integers(2, 8))), text, 20, font)
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def random_words(count: int, seed: int, letters: str = "abcde") -> list[str]:
    random = np.random.default_rng(seed)
    return ["".join(random.choice(list(letters), random.integers(1, 5))) for _ in range(count)]


@pytest.fixture(scope="session")
def make_shards(tmp_path_factory: pytest.TempPathFactory) -> MakeShards:
    """Writes printed words, by split, as clova's tools have them."""

    def make(words: Mapping[str, Sequence[str]], name: str = "printed", root: Path | None = None) -> Path:
        root = root or tmp_path_factory.mktemp("store")
        for number, (split, texts) in enumerate(words.items()):
            images = [print_word(text, 1000 * number + i) for i, text in enumerate(texts)]
            digests = [hashlib.sha256(image).digest() for image in images]
            batch = pa.record_batch([images, texts, digests], schema=SHARD_WORDS)
            (root / split).mkdir(parents=True, exist_ok=True)
            write_shard(root / split / name, [batch], count=len(texts), payload=batch.nbytes)
        return root

    return make


@pytest.fixture(scope="session")
def store(make_shards: MakeShards) -> Path:
    """160 printed words of five letters, and 40 to validate on."""
    return make_shards({"train": random_words(160, 1), "val": random_words(40, 2)})


@pytest.fixture(scope="session")
def learnt(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that reads the words of `store`; its charset is alnum."""
    request = Request(
        data=store,
        out=tmp_path_factory.mktemp("runs") / "learnt",
        model=ModelChoice(charset=ALNUM, fields=MODEL),
        recipe=Recipe(name="r", optimizer="adamw", lr=0.01, schedule="one_cycle", batch_size=16, epochs=25),
        device="cpu",
    )
    outcome = carry_out(request, lambda _: None)
    assert outcome.state.best["printed"]["cer"] < 0.1
    return outcome.folder.best


@pytest.fixture
def make_task(make_shards: MakeShards) -> MakeTask:
    """A task on printed words; the recogniser is drawn from a seed, and so always the same."""
    root = make_shards({"train": random_words(10, 1), "val": random_words(5, 2)})

    def batches(split: str, config: RecogniserConfig) -> WordBatches:
        samples = open_samples(PlainShards(root / split / "printed", split=split))
        return WordBatches([samples], [decoded_words(samples, config)])

    def make(recipe: Recipe, freeze: Sequence[str] = (), **fields: Any) -> Task:
        config = replace(RecogniserConfig(charset=ALNUM, **MODEL), **fields)
        torch.manual_seed(0)
        return Task(
            recogniser=Recogniser(config),
            words=batches("train", config),
            validation={"printed": batches("val", config)},
            recipe=recipe,
            freeze=freeze,
        )

    return make


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[[str], RunFolder]:
    """An empty run folder."""

    def make(name: str) -> RunFolder:
        (tmp_path / name).mkdir()
        return RunFolder(tmp_path / name)

    return make
