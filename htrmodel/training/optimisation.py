"""What changes weights: optimizers and schedules of the recipes, frozen stages, the moving average."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.optim import Adadelta, AdamW, Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from htrdata.errors import UsageError
from htrmodel.recogniser import STAGE_MODULES, Recogniser
from htrmodel.training.recipes import Recipe


def make_optimizer(recipe: Recipe, parameters: Sequence[nn.Parameter]) -> Optimizer:
    """The optimizer of a recipe for these parameters."""
    if recipe.optimizer == "adadelta":
        return Adadelta(parameters, lr=recipe.lr, rho=0.95, eps=1e-8)
    return AdamW(parameters, lr=recipe.lr, weight_decay=recipe.weight_decay)


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
                if isinstance(module, nn.BatchNorm2d):
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
        self.recogniser = copy.deepcopy(recogniser).requires_grad_(False).eval()
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
