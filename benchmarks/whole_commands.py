"""Whole commands from a store to a figure: ours beside the loops of the field, with the full-size recogniser.

The reference, written anew from its description: processes open the shards and decode and stretch one word after the
other whenever it is asked for; the plain module computes in single precision; the loss is asked for in every step, and
all 26 steps are taken to read.
"""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from plain_recogniser import PlainRecogniser
from torch import Tensor
from torch.optim import Adadelta
from torch.utils.data import DataLoader, Dataset
from training_step import plain_step

import htrdata
from htrmodel.checkpoint.files import load
from htrmodel.checkpoint.native import save
from htrmodel.config import ModelFields, RecogniserConfig
from htrmodel.data.origins import StoredSplit
from htrmodel.data.samples import Samples, open_samples
from htrmodel.evaluation.evaluating import evaluate
from htrmodel.training.finetuning import carry_out
from htrmodel.training.initial_model import ModelChoice
from htrmodel.training.recipes import MODERN, Recipe
from htrmodel.training.request import Request

if TYPE_CHECKING:
    from gpu_places import Measure, Place

LOADERS = 4
"""Processes that load, as clova's and AttentionHTR's code have it by default."""

EPOCHS = 3


class PlainWords(Dataset[tuple[Tensor, str]]):
    """Words of a split, decoded when they are asked for.

    Args:
        samples: the words.
    """

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self._texts = samples.texts.to_pylist()

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, position: int) -> tuple[Tensor, str]:
        """float32 [1, 32, 100] in [-1, 1], and the label."""
        image = Image.open(io.BytesIO(self._samples.encoded(position))).convert("L")
        pixels = np.asarray(image.resize((100, 32), Image.Resampling.BICUBIC), np.float32)
        return torch.from_numpy(pixels)[None].div_(127.5).sub_(1), self._texts[position]


def _samples(place: Place) -> Samples:
    """Waits for the store, and opens its largest split."""
    end = time.monotonic() + 60
    while not (place.store / "synth" / "dataset.json").exists():
        if time.monotonic() > end:
            raise TimeoutError(f"{place.store} was not drawn within a minute")
        time.sleep(0.1)
    return open_samples(StoredSplit(htrdata.open(place.store).dataset("synth"), "train"))


def _loader(samples: Samples, batch: int, *, shuffle: bool) -> DataLoader[tuple[Tensor, str]]:
    return DataLoader(
        PlainWords(samples), batch, shuffle=shuffle, num_workers=min(LOADERS, len(samples)), drop_last=shuffle
    )


def _model(config: RecogniserConfig) -> ModelChoice:
    fields = ModelFields(output_channel=config.output_channel, hidden_size=config.hidden_size)
    return ModelChoice(charset=config.charset, fields=fields)


def plain_finetune(place: Place) -> Measure:
    """An epoch of training, or some seconds of it: what it has in an epoch more is the same again."""
    module = PlainRecogniser(place.recogniser(512)).train()

    def work() -> list[float]:
        samples = _samples(place)
        begin = place.clock()
        module.to(place.device)
        optimizer = Adadelta(module.parameters(), lr=1, rho=0.95, eps=1e-8)
        done = 0
        for images, texts in _loader(samples, place.batch(192), shuffle=True):
            targets = module.recogniser.tokenizer.encode(texts).to(place.device)
            done += plain_step(module, optimizer, images.to(place.device), targets)
            if place.clock() - begin > 8:
                break
        return [done / (place.clock() - begin)]

    return work


def our_finetune(place: Place, cuda_graph: bool) -> Measure:
    """Decoding, some epochs in bfloat16, their validations, checkpoints: words trained on over all the time."""
    config = place.recogniser(512).config
    recipe: Recipe = _short(place)

    def work() -> list[float]:
        samples = _samples(place)
        with tempfile.TemporaryDirectory() as folder:
            request = Request(
                data=place.store,
                mix=("synth",),
                model=_model(config),
                recipe=recipe,
                out=Path(folder) / "run",
                device=place.device,
                workers=1 if place.tiny else 12,
                cuda_graph=cuda_graph and place.device.startswith("cuda"),
            )
            begin = place.clock()
            outcome = carry_out(request, lambda _: None)
            return [outcome.state.step * recipe.batch_size / (place.clock() - begin)] if len(samples) else []

    return work


def _short(place: Place) -> Recipe:
    values = {**MODERN.to_dict(), "batch_size": place.batch(512), "epochs": 1 if place.tiny else EPOCHS}
    return Recipe(**values)


def _judged(place: Place, judge: Callable[[Samples, Path], int]) -> Measure:
    recogniser = place.recogniser(512)

    def work() -> list[float]:
        samples = _samples(place)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "drawn.safetensors"
            save(recogniser, path)
            begin = place.clock()
            words = judge(samples, path)
            return [words / (place.clock() - begin)]

    return work


def plain_evaluate(place: Place) -> Measure:
    """Reads all words and counts those read right."""

    def judge(samples: Samples, path: Path) -> int:
        module = PlainRecogniser(load(path)).to(place.device).eval()
        right = 0
        with torch.inference_mode():
            for images, texts in _loader(samples, place.batch(192), shuffle=False):
                logits = module(images.to(place.device))
                readings = module.recogniser.tokenizer.decode(logits)
                right += sum(reading.text == text for reading, text in zip(readings, texts, strict=True))
        assert right <= len(samples)
        return len(samples)

    return _judged(place, judge)


def our_evaluate(place: Place) -> Measure:
    """``htrmodel evaluate``: all words read, all metrics with their intervals."""

    def judge(samples: Samples, path: Path) -> int:
        dataset = htrdata.open(place.store).dataset("synth")
        evaluate(path, dataset, split="train", device=place.device, batch_size=place.batch(768))
        return len(samples)

    return _judged(place, judge)
