"""One process of several in `test_processes`, as torchrun starts it: python one_of_several.py STORE OUT."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from htrdata.labels import ALNUM
from htrmodel.config import ModelFields, RecogniserConfig
from htrmodel.data.batches import WordBatches
from htrmodel.data.cache import decoded_words
from htrmodel.data.origins import PlainShards
from htrmodel.data.samples import open_samples
from htrmodel.recogniser import Recogniser
from htrmodel.training.finetuning import carry_out
from htrmodel.training.initial_model import ModelChoice
from htrmodel.training.outcome import Outcome
from htrmodel.training.processes import Processes, joined
from htrmodel.training.recipes import Recipe
from htrmodel.training.request import Request
from htrmodel.training.stepping import Stepper, Task

MODEL: ModelFields = {"output_channel": 16, "hidden_size": 12, "width": 60, "max_length": 8}
RECIPE = Recipe(name="r", optimizer="adamw", lr=1e-3, batch_size=9, epochs=None, steps=20, average=0.9)
ARCHITECTURES = ("None-VGG-BiLSTM-CTC", "TPS-VGG-BiLSTM-Attn")


def losses(store: Path, architecture: str, processes: Processes) -> list[float]:
    """Those of 20 steps with batch norms that stay as they are."""
    config = replace(RecogniserConfig(charset=ALNUM, **MODEL), architecture=architecture)
    samples = open_samples(PlainShards(store / "train" / "printed", split="train"))
    words = WordBatches([samples], [decoded_words(samples, config)])
    torch.manual_seed(processes.rank)  # what the others drew is overwritten by the first one's
    recogniser = Recogniser(config)
    stepper = Stepper(Task(recogniser=recogniser, words=words, validation={}, recipe=RECIPE, processes=processes))
    stepper.train()
    for module in recogniser.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    return [float(processes.total(stepper.step(number))) for number in range(20)]


def train(store: Path, run: Path, stop_at: int | None = None) -> Outcome:
    """A run, or the rest of it, in which what augmentation draws and batch norms see depends on the processes."""
    recipe = replace(RECIPE, steps=8, epochs=2, patience=1, augment=0.5, schedule="one_cycle")
    return _trained(store, run, "None-VGG-None-CTC", recipe, (), stop_at)


def train_steadily(store: Path, run: Path, stop_at: int | None = None) -> Outcome:
    """A run, or the rest of it, that any number of processes take in the same way: nothing is drawn, norms stay."""
    recipe = replace(RECIPE, steps=9, schedule="one_cycle")
    return _trained(store, run, "None-VGG-BiLSTM-CTC", recipe, ("features",), stop_at)


def _trained(
    store: Path, run: Path, architecture: str, recipe: Recipe, freeze: tuple[str, ...], stop_at: int | None
) -> Outcome:
    asked = iter(range(1000))
    request = Request(
        data=store,
        out=run,
        model=ModelChoice(charset=ALNUM, fields={**MODEL, "architecture": architecture}),
        recipe=recipe,
        freeze=freeze,
        device="cpu",
        log_every=1,
    )
    # Only the last process is told to stop.
    mine = int(os.environ.get("RANK", "0")) == int(os.environ.get("WORLD_SIZE", "1")) - 1
    return carry_out(request, print, stop=lambda: mine and stop_at is not None and next(asked) >= stop_at)


if __name__ == "__main__":
    torch.set_num_threads(1)
    store, out = map(Path, sys.argv[1:])
    with joined("cpu") as (processes, _):
        found = {architecture: losses(store, architecture, processes) for architecture in ARCHITECTURES}
    # Another store of torch's: that of the first time may still answer one process while the other has closed it.
    os.environ["MASTER_PORT"] = os.environ["SECOND_PORT"]
    half = train(store, out / "run", stop_at=11)  # of questions, most of them between the batches of a validation
    os.environ["MASTER_PORT"] = os.environ["THIRD_PORT"]
    moved = train_steadily(store, out / "moved", stop_at=3)
    document = {"losses": found, "step": half.state.step, "finished": half.finished, "best": half.state.best}
    document["moved"] = moved.state.step
    (out / f"{processes.rank}.json").write_text(json.dumps(document))
