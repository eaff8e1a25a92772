"""What changes weights: optimizers and schedules of the recipes, frozen stages, the moving average."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adadelta, AdamW, Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from htrdata.errors import UsageError
from htrmodel.recogniser import STAGE_MODULES, Recogniser
from htrmodel.training.recipes import Recipe
from htrmodel.training.state_form import alike

# What an optimizer says of how it computes, not of what.
_HOW = ("capturable", "foreach", "fused")


def make_optimizer(recipe: Recipe, parameters: Sequence[nn.Parameter], *, recorded: bool = False) -> Optimizer:
    """The optimizer of a recipe for these parameters.

    Args:
        recipe: names it.
        parameters: all on one device.
        recorded: its steps may become part of a CUDA graph: then the learning rate is a tensor on the device, which
            schedules fill anew, and so are the counts of its steps.
    """
    device = parameters[0].device
    on_gpu = device.type == "cuda"
    lr = torch.tensor(recipe.lr, device=device) if recorded else recipe.lr
    if recipe.optimizer == "adadelta":
        return Adadelta(parameters, lr=lr, rho=0.95, eps=1e-8, capturable=recorded and on_gpu)
    # On a GPU one kernel for many parameters; on a CPU as torch has it.
    fused = True if on_gpu else None
    return AdamW(parameters, lr=lr, weight_decay=recipe.weight_decay, fused=fused, capturable=recorded and on_gpu)


def optimizer_state(optimizer: Optimizer) -> dict[str, Any]:
    """The state of an optimizer, with learning rates as numbers: the same whatever the device."""
    state = optimizer.state_dict()
    for group in state["param_groups"]:
        group["lr"] = float(group["lr"])
    return state


def is_optimizer_state(found: object, optimizer: Optimizer) -> bool:
    """Whether what was read is a state of `optimizer_state` for an optimizer of the same parameters.

    Args:
        found: plain values, with a `StoredTensor` for each tensor.
        optimizer: as it was made.
    """
    fresh = optimizer_state(optimizer)
    if not isinstance(found, dict) or found.keys() != fresh.keys() or not isinstance(found["state"], dict):
        return False
    groups = [{key: value for key, value in group.items() if key not in _HOW} for group in fresh["param_groups"]]
    if not isinstance(found["param_groups"], list) or not all(isinstance(one, dict) for one in found["param_groups"]):
        return False
    theirs = [{key: value for key, value in group.items() if key not in _HOW} for group in found["param_groups"]]
    parameters = dict(enumerate(parameter for group in optimizer.param_groups for parameter in group["params"]))
    names = _MOMENTS[type(optimizer)]
    return alike(theirs, groups) and all(
        number in parameters and _is_moment(moments, parameters[number], names)
        for number, moments in found["state"].items()
    )


def _is_moment(found: object, parameter: Tensor, names: Sequence[str]) -> bool:
    """Whether this is what an optimizer notes of a parameter: the count of its steps, and tensors like it."""
    if not isinstance(found, dict) or sorted(found) != sorted(("step", *names)):
        return False
    return alike(found["step"], torch.tensor(0.0)) and all(alike(found[name], parameter) for name in names)


def restore_optimizer(optimizer: Optimizer, state: dict[str, Any]) -> None:
    """Goes back to a state of `optimizer_state`; the optimizer goes on computing in its own way.

    Raises:
        ValueError: the state is of other parameters.
    """
    own = [{key: group[key] for key in ("lr", *_HOW) if key in group} for group in optimizer.param_groups]
    for group, mine in zip(state["param_groups"], own, strict=True):
        # Before it is loaded, since they decide where the counts of steps go.
        group.update({key: mine[key] for key in _HOW if key in mine})
    optimizer.load_state_dict(state)
    for group, mine in zip(optimizer.param_groups, own, strict=True):
        if isinstance(mine["lr"], Tensor):
            group["lr"] = mine["lr"].fill_(group["lr"])


def make_schedule(recipe: Recipe, optimizer: Optimizer, total_steps: int) -> LRScheduler | None:
    """The schedule of a recipe over that many steps; None where the learning rate stays."""
    if recipe.schedule == "constant":
        return None
    return OneCycleLR(
        optimizer,
        recipe.lr,
        # It asks for one rate more than there are steps: that of the step after the last one.
        total_steps=total_steps + 1,
        pct_start=recipe.warmup,
        cycle_momentum=False,
    )


_MOMENTS: dict[type[Optimizer], Sequence[str]] = {
    Adadelta: ("square_avg", "acc_delta"),
    AdamW: ("exp_avg", "exp_avg_sq"),
}
"""What each optimizer notes of a parameter besides the count of its steps."""


def schedule_state(schedule: LRScheduler | None) -> dict[str, Any] | None:
    """The state of a schedule, with learning rates as numbers, as `optimizer_state` has them; None for none."""
    if schedule is None:
        return None
    state = schedule.state_dict()
    return {**state, "_last_lr": [float(rate) for rate in state["_last_lr"]]}


class Freezing:
    """Stages of a recogniser whose weights stay as they are, and so do their batch statistics.

    Args:
        recogniser: its frozen parameters no longer ask for gradients.
        stages: some of `htrmodel.config.STAGES`.

    Raises:
        UsageError: it has no such stage, or nothing would be left to train.
    """

    def __init__(self, recogniser: Recogniser, stages: Sequence[str]) -> None:
        self._recogniser = recogniser
        self._modules = []
        for stage in stages:
            module = getattr(recogniser, STAGE_MODULES[stage])
            if next(module.parameters(), None) is None:
                raise UsageError(f"--freeze {stage}: {recogniser.config.architecture} has no weights there")
            self._modules.append(module.requires_grad_(False))
        self.trained = [parameter for parameter in recogniser.parameters() if parameter.requires_grad]
        if not self.trained:
            raise UsageError(f"--freeze {', '.join(stages)} leaves nothing to train")

    def train(self) -> None:
        """Puts the recogniser into training mode."""
        self._recogniser.train()
        for frozen in self._modules:
            for module in frozen.modules():
                # Batch norms only: cuDNN's LSTM gives no gradients in evaluation mode.
                if isinstance(module, nn.BatchNorm2d | nn.SyncBatchNorm):
                    module.eval()


class WeightAverage:
    """An exponential moving average of weights and batch statistics.

    `torch.optim.swa_utils.AveragedModel` would look at a counter on the device in every step, and wait for it.

    Args:
        recogniser: what is averaged.
        decay: weight of what was, as in `htrmodel.training.recipes.Recipe`.

    Attributes:
        recogniser: one with the averaged weights.
    """

    def __init__(self, recogniser: Recogniser, decay: float) -> None:
        self.recogniser = recogniser.duplicate().requires_grad_(False).eval()
        self.decay = decay
        self._current = _floats(recogniser)
        self._averaged = _floats(self.recogniser)

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Takes in the weights after a step, the first of which is 1."""
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self._averaged, self._current, 1 - decay)


def _floats(recogniser: Recogniser) -> list[Tensor]:
    """Weights and buffers, as views that follow what happens to them; no counters of batches."""
    return [value for value in recogniser.state_dict().values() if value.is_floating_point()]
