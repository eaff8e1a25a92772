"""Training: taken up at any step it goes on as if nothing had happened; it stops when it should."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from htrdata.errors import BadDataError, UsageError
from htrmodel.checkpoint.files import read_checkpoint
from htrmodel.training.recipes import Recipe
from htrmodel.training.run_folder import RunFolder
from htrmodel.training.stepping import Task
from htrmodel.training.train import Trainer

MakeTask = Callable[..., Task]
MakeFolder = Callable[[str], RunFolder]

ADADELTA = Recipe(name="a", optimizer="adadelta", lr=1.0, batch_size=5, epochs=2)
EVERYTHING = Recipe(
    name="e", optimizer="adamw", lr=1e-3, schedule="one_cycle", batch_size=5, epochs=2, augment=1.0, average=0.9
)
ATTENTION = {"architecture": "None-VGG-BiLSTM-Attn", "hidden_size": 8}

TIMES = {"seconds", "images_per_second"}


def read_log(folder: RunFolder) -> list[dict[str, Any]]:
    """The log without what depends on the clock."""
    lines = [json.loads(line) for line in folder.log.read_text().splitlines()]
    return [{key: value for key, value in line.items() if key not in TIMES} for line in lines]


def weights(task: Task) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in task.recogniser.state_dict().items()}


class StopAt:
    """Says stop from the n-th time on that it is asked, counted from 0."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize(
    ("recipe", "fields", "log_every"),
    [
        (ADADELTA, {}, 1),
        (EVERYTHING, {}, 3),
        (EVERYTHING, ATTENTION, 1),
        (replace(EVERYTHING, precision="bfloat16"), ATTENTION, 1),
    ],
    ids=["adadelta", "everything", "attention", "bfloat16"],
)
def test_stopped_anywhere_and_taken_up_it_is_the_same_training(
    make_task: MakeTask, make_folder: MakeFolder, recipe: Recipe, fields: dict[str, Any], log_every: int
) -> None:
    whole, folder = make_task(recipe, **fields), make_folder("whole")
    assert Trainer(whole, folder, log_every=log_every).run()
    expected = read_log(folder)
    assert [line["step"] for line in expected if "val" in line] == [0, 2, 4]
    assert len([line for line in expected if "loss" in line]) == 4 // log_every
    number, finished = 0, False
    while not finished:
        folder = make_folder(f"stopped{number}")
        finished = Trainer(make_task(recipe, **fields), folder, log_every=log_every).run(StopAt(number))
        resumed = make_task(recipe, **fields)
        assert Trainer(resumed, folder, log_every=log_every).run()
        assert read_log(folder) == expected
        for key, value in weights(whole).items():
            assert torch.equal(value, resumed.recogniser.state_dict()[key]), key
        number += 1
    assert number > 10  # before each step and in each validation


def test_the_state_on_the_disk_may_be_older_than_the_log(make_task: MakeTask, make_folder: MakeFolder) -> None:
    # As after a kill: steps were logged, the last line in part, and a better checkpoint written, after the last save.
    folder, other = make_folder("killed"), make_folder("whole")
    Trainer(make_task(EVERYTHING), other, log_every=1).run()
    Trainer(make_task(EVERYTHING), folder, log_every=1).run(StopAt(6))
    state = folder.state.read_bytes()
    Trainer(make_task(EVERYTHING), folder, log_every=1).run()
    folder.state.write_bytes(state)
    folder.log.write_bytes(folder.log.read_bytes() + b'{"step": 5, "lo')
    Trainer(make_task(EVERYTHING), folder, log_every=1).run()
    assert read_log(folder) == read_log(other)
    assert folder.last.read_bytes() == other.last.read_bytes()
    best, expected = (read_checkpoint(one.best) for one in (folder, other))
    assert best.metrics == expected.metrics


def test_the_best_checkpoint_has_the_lowest_validation_loss(make_task: MakeTask, make_folder: MakeFolder) -> None:
    folder = make_folder("run")
    trainer = Trainer(make_task(replace(ADADELTA, epochs=6)), folder)
    assert trainer.run()
    losses = {line["step"]: line["val_loss"] for line in read_log(folder) if "val" in line}
    step = min(losses, key=lambda one: losses[one])
    metrics = read_checkpoint(folder.best).metrics
    assert metrics["step"] == step == trainer.state.best_step
    assert metrics["val_loss"] == losses[step]
    assert read_checkpoint(folder.last).metrics["step"] == 12


@pytest.mark.parametrize("patience", [1, 3])
def test_patience_ends_it(make_task: MakeTask, make_folder: MakeFolder, patience: int) -> None:
    folder = make_folder("run")
    # With such steps the loss cannot fall for long.
    recipe = Recipe(name="r", optimizer="adamw", lr=0.5, batch_size=5, epochs=40, patience=patience)
    assert Trainer(make_task(recipe), folder).run()
    best = [line["best"] for line in read_log(folder) if "val" in line]
    assert len(best) < 41
    assert best[-patience - 1 :] == [True] + [False] * patience
    assert not any(best[i : i + patience] == [False] * patience for i in range(len(best) - patience))


def test_a_loss_that_is_no_number_ends_it_and_the_best_stays(make_task: MakeTask, make_folder: MakeFolder) -> None:
    folder = make_folder("run")
    recipe = Recipe(name="r", optimizer="adamw", lr=1e30, batch_size=5, epochs=9)
    with pytest.raises(UsageError, match=r"loss is not a finite number at step \d+.*best\.safetensors of step 0 stays"):
        Trainer(make_task(recipe), folder, log_every=100).run()
    kept = read_checkpoint(folder.best)
    assert kept.metrics["step"] == 0
    assert all(bool(value.isfinite().all()) for value in kept.weights.values())


def test_a_damaged_state_is_named(make_task: MakeTask, make_folder: MakeFolder) -> None:
    folder = make_folder("run")
    Trainer(make_task(ADADELTA), folder).run(StopAt(3))
    whole = folder.state.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"<html>"):
        folder.state.write_bytes(damaged)
        with pytest.raises(BadDataError, match=r"state\.pt is damaged.*--overwrite"):
            Trainer(make_task(ADADELTA), folder)


def test_training_does_not_touch_torch_s_generator(make_task: MakeTask, make_folder: MakeFolder) -> None:
    task = make_task(EVERYTHING)
    before = torch.get_rng_state()
    Trainer(task, make_folder("run")).run()
    assert torch.equal(torch.get_rng_state(), before)
