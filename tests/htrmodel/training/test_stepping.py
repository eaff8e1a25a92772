"""The precision of a step."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from htrdata.errors import UsageError
from htrmodel.devices import uses_bfloat16
from htrmodel.training.loss import LOSSES
from htrmodel.training.recipes import ATTENTIONHTR, MODERN, PRECISIONS, SMALL, Recipe
from htrmodel.training.stepping import Stepper, Task

RECIPE = Recipe(name="r", optimizer="adamw", lr=1e-3, batch_size=5, epochs=4)


@pytest.mark.parametrize(("precision", "inner"), [("bfloat16", torch.bfloat16), ("auto", torch.float32)])
@pytest.mark.parametrize("architecture", ["None-VGG-BiLSTM-CTC", "None-VGG-BiLSTM-Attn"])
def test_the_trunk_has_the_recipe_s_precision_and_the_loss_float32(
    make_task: Callable[..., Task],
    monkeypatch: pytest.MonkeyPatch,
    architecture: str,
    precision: str,
    inner: torch.dtype,
) -> None:
    task = make_task(replace(RECIPE, precision=precision), architecture=architecture, hidden_size=8)
    trunk, lossy = set(), set()
    for module in task.recogniser.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(lambda _m, _i, out: trunk.add(out.dtype))
    prediction = task.recogniser.config.prediction
    loss = LOSSES[prediction]

    def watched(logits: Tensor, targets: Tensor) -> Tensor:
        lossy.update({logits.dtype, torch.is_autocast_enabled("cpu")})
        return loss(logits, targets)

    monkeypatch.setitem(LOSSES, prediction, watched)
    stepper = Stepper(task)
    stepper.train()
    assert stepper.step(0).dtype == torch.float32
    assert trunk == {inner}
    assert lossy == {torch.float32, False}
    assert {parameter.dtype for parameter in task.recogniser.parameters()} == {torch.float32}


def test_bfloat16_learns_as_float32_does(make_task: Callable[..., Task]) -> None:
    losses = {}
    for precision in ("float32", "bfloat16"):
        stepper = Stepper(make_task(replace(RECIPE, lr=0.01, epochs=20, precision=precision)))
        stepper.train()
        losses[precision] = [float(stepper.step(number)) for number in range(stepper.total_steps)]
    assert losses["bfloat16"] != losses["float32"]
    assert losses["bfloat16"][0] == pytest.approx(losses["float32"][0], rel=0.02)
    assert all(one[-1] < one[0] / 5 for one in losses.values())


def test_recipes_name_their_precision() -> None:
    assert [recipe.precision for recipe in (ATTENTIONHTR, MODERN, SMALL)] == ["float32", "auto", "float32"]


@pytest.mark.parametrize(("supported", "found"), [(True, [False, True, True]), (False, [False, False, None])])
def test_a_gpu_without_bfloat16(monkeypatch: pytest.MonkeyPatch, supported: bool, found: list[bool | None]) -> None:
    monkeypatch.setattr(torch.cuda, "device", lambda _: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: supported)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Old GPU")
    for precision, expected in zip(PRECISIONS, found, strict=True):
        if expected is None:
            with pytest.raises(UsageError, match="Old GPU has no bfloat16: give --precision float32 or auto"):
                uses_bfloat16(precision, torch.device("cuda"))
        else:
            assert uses_bfloat16(precision, torch.device("cuda")) is expected


def test_a_cpu_is_told_to() -> None:
    assert [uses_bfloat16(precision, torch.device("cpu")) for precision in PRECISIONS] == [False, False, True]
