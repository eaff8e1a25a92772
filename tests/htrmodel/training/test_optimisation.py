"""Frozen stages, the moving average, the schedules."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from htrdata.errors import UsageError
from htrmodel.recogniser import Recogniser
from htrmodel.training.optimisation import Freezing, WeightAverage, make_optimizer, make_schedule
from htrmodel.training.recipes import ATTENTIONHTR, MODERN, Recipe
from htrmodel.training.run_folder import RunFolder
from htrmodel.training.stepping import Task
from htrmodel.training.train import Trainer

STAGE_KEYS = {"features": "FeatureExtraction.", "sequence": "SequenceModeling.", "prediction": "Prediction."}


@pytest.mark.parametrize("stages", [["features"], ["prediction"], ["features", "sequence"]])
def test_frozen_stages_stay_as_they_are(
    make_task: Callable[..., Task], make_folder: Callable[[str], RunFolder], stages: list[str]
) -> None:
    recipe = Recipe(name="r", optimizer="adamw", lr=0.01, batch_size=5, epochs=1, average=0.5)
    task = make_task(recipe, stages, architecture="None-RCNN-BiLSTM-Attn", hidden_size=8)
    before = {key: value.clone() for key, value in task.recogniser.state_dict().items()}
    Trainer(task, make_folder("run")).run()
    frozen = tuple(STAGE_KEYS[stage] for stage in stages)
    changed = {key for key, value in task.recogniser.state_dict().items() if not torch.equal(value, before[key])}
    assert not [key for key in changed if key.startswith(frozen)]
    assert {key for key in before if not key.startswith(frozen)} - changed <= {"Prediction.attention_cell.score.weight"}


def test_what_cannot_be_frozen_is_named(build: Callable[..., Recogniser]) -> None:
    recogniser = build("None-VGG-None-CTC")
    with pytest.raises(UsageError, match="--freeze transformation: None-VGG-None-CTC has no weights"):
        Freezing(recogniser, ["transformation"])
    with pytest.raises(UsageError, match="leaves nothing to train"):
        Freezing(recogniser, ["features", "prediction"])


def test_the_average_follows_its_formula(build: Callable[..., Recogniser]) -> None:
    recogniser = build("None-RCNN-None-CTC")
    average = WeightAverage(recogniser, 0.5)
    key = "Prediction.weight"
    expected = recogniser.state_dict()[key].clone()
    random = torch.Generator().manual_seed(0)
    for step in range(1, 12):
        with torch.no_grad():
            for value in recogniser.state_dict().values():
                if value.is_floating_point():
                    value.copy_(torch.rand(value.shape, generator=random))
        average.update(step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * recogniser.state_dict()[key]
    torch.testing.assert_close(average.recogniser.state_dict()[key], expected)
    statistics = [value for name, value in average.recogniser.state_dict().items() if "running_mean" in name]
    assert statistics
    assert all(0.2 < float(value.mean()) < 0.8 for value in statistics)  # of numbers in 0 to 1, no longer zeros


def test_one_cycle_rises_and_falls_over_all_steps(build: Callable[..., Recogniser]) -> None:
    optimizer = make_optimizer(MODERN, list(build("None-VGG-None-CTC").parameters()))
    schedule = make_schedule(MODERN, optimizer, 400)
    assert schedule is not None
    rates = []
    for _ in range(400):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    highest = rates.index(max(rates))
    assert max(rates) == pytest.approx(MODERN.lr, rel=1e-3)
    assert highest == pytest.approx(MODERN.warmup * 400, abs=2)
    assert rates[: highest + 1] == sorted(rates[: highest + 1])
    assert rates[highest:] == sorted(rates[highest:], reverse=True)
    assert rates[-1] < MODERN.lr / 1000


def test_attentionhtr_s_recipe_is_the_published_one(build: Callable[..., Recogniser]) -> None:
    optimizer = make_optimizer(ATTENTIONHTR, list(build("None-VGG-None-CTC").parameters()))
    group = optimizer.param_groups[0]
    assert type(optimizer).__name__ == "Adadelta"
    assert (group["lr"], group["rho"], group["eps"], group["weight_decay"]) == (1.0, 0.95, 1e-8, 0)
    assert (ATTENTIONHTR.batch_size, ATTENTIONHTR.clip, ATTENTIONHTR.patience) == (192, 5.0, 5)
    assert ATTENTIONHTR.total_steps(250) == 300_000
    assert (ATTENTIONHTR.augment, ATTENTIONHTR.average, ATTENTIONHTR.precision) == (0, 0, "float32")
    assert make_schedule(ATTENTIONHTR, optimizer, 10) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"lr": 0.0},
        {"batch_size": 0},
        {"epochs": 0},
        {"patience": -1},
        {"average": 1.0},
        {"augment": -1.0},
        {"weight_decay": -1.0},
        {"precision": "float16"},
    ],
)
def test_recipes_have_bounds(wrong: dict[str, object]) -> None:
    values = {"name": "r", "optimizer": "adamw", "lr": 1.0} | wrong
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Recipe(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("idle", "remedy"),
    [
        ({"bend": 1.0}, "0 where augment is 0"),
        ({"bend": 1.0, "augment": 0.0}, "0 where augment is 0"),
        ({"optimizer": "adadelta", "weight_decay": 0.1}, "0 with adadelta"),
    ],
)
def test_what_would_have_no_effect_is_refused(idle: dict[str, object], remedy: str) -> None:
    values = {"name": "r", "optimizer": "adamw", "lr": 1.0} | idle
    with pytest.raises(UsageError, match=remedy):
        Recipe(**values)  # type: ignore[arg-type]
