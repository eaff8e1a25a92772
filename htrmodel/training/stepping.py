"""One step of training: some words, their loss, new weights. Nothing in it waits for the device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from htrdata.store.columns import take
from htrmodel.data.batches import Batches, WordBatches
from htrmodel.data.lines import LineBatches, OrderByWidth
from htrmodel.data.mixing import Order, Positions, TrainingOrder
from htrmodel.devices import uses_bfloat16
from htrmodel.recogniser import Recogniser
from htrmodel.training.compiling import compile_convolutions
from htrmodel.training.fixed_batches import FixedBatches
from htrmodel.training.optimisation import Freezing, WeightAverage, make_optimizer, make_schedule
from htrmodel.training.processes import Processes
from htrmodel.training.recipes import Recipe
from htrmodel.training.resuming import Training
from htrmodel.training.update import Update


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is trained on what, and how.

    Attributes:
        recogniser: on the device of the words.
        words: to train on.
        validation: words to validate on, by data set; at least one.
        recipe: how. Its batch must not be larger than there are words.
        ratios: shares of the data sets of `words` in a batch; None to take them as one.
        together: how many data sets share each, see `htrmodel.data.mixing.TrainingOrder`.
        freeze: stages that stay as they are; see `htrmodel.config.STAGES`.
        seed: of order and augmentation.
        about_data: what the checkpoints say of the data, as JSON can hold it.
        cuda_graph: take the steps over fixed places in memory, on a GPU as a CUDA graph; see
            `htrmodel.training.fixed_batches`. What is learnt is the same but for rounding.
        compiled: have torch compile the convolutions; see `htrmodel.training.compiling`. Likewise.
        processes: that train together.
    """

    recogniser: Recogniser
    words: Batches
    validation: Mapping[str, Batches]
    recipe: Recipe
    ratios: Sequence[float] | None = None
    together: Sequence[int] | None = None
    freeze: Sequence[str] = ()
    seed: int = 0
    about_data: Mapping[str, Any] = field(default_factory=dict)
    cuda_graph: bool = False
    compiled: bool = False
    processes: Processes = field(default_factory=Processes)


class Stepper:
    """Takes the steps of a training, each a function of the weights, the seed and its number alone.

    Args:
        task: what to do.

    Attributes:
        training: what changes from step to step.
        steps_per_epoch: batches between two validations.
        total_steps: batches at most.

    Raises:
        UsageError: the batch is larger than the data, nothing is left to train, or the device has no bfloat16.
    """

    def __init__(self, task: Task) -> None:
        recipe, recogniser = task.recipe, task.recogniser
        self._task = task
        self._device = task.words.device
        self._order = _order(task)
        self.steps_per_epoch = self._order.batches_per_epoch
        self.total_steps = recipe.total_steps(self.steps_per_epoch)
        self._freezing = Freezing(recogniser, task.freeze)
        optimizer = make_optimizer(recipe, self._freezing.trained, recorded=task.cuda_graph)
        schedule = make_schedule(recipe, optimizer, self.total_steps)
        average = WeightAverage(recogniser, recipe.average) if recipe.average else None
        self.training = Training(recogniser, optimizer, schedule, average)
        if task.compiled:
            compile_convolutions(recogniser)
        self._generator = torch.Generator(self._device)
        bfloat16 = uses_bfloat16(recipe.precision, self._device)
        processes = task.processes
        called = processes.wrapped(recogniser) if processes.count > 1 else None
        self._update = Update(
            recogniser, self._freezing.trained, optimizer, self._generator, recipe, bfloat16, called, processes.count
        )
        self._fixed: FixedBatches | None = None
        if task.cuda_graph and isinstance(task.words, WordBatches):
            self._fixed = FixedBatches(task.words, recogniser.tokenizer, recipe.batch_size, self._update)

    @property
    def learning_rate(self) -> float:
        """That of the next step."""
        return float(self.training.optimizer.param_groups[0]["lr"])

    def train(self) -> None:
        """Puts the recogniser into training mode, but for its frozen stages."""
        self._freezing.train()

    def step(self, number: int) -> Tensor:
        """Takes a step, counted from 0.

        Returns:
            The loss before it, a scalar on the device; of several processes the part of this one.
        """
        training, seed = self.training, self._task.seed
        positions = self._order.batch(*divmod(number, self.steps_per_epoch))
        # Each process augments its part in its own way.
        self._generator.manual_seed((seed << 32) + (self._task.processes.rank << 26) + number)
        loss = self._take(positions, number) if self._fixed is None else self._fixed.step(positions)
        if training.schedule is not None:
            training.schedule.step()
        if training.average is not None:
            training.average.update(number + 1)
        return loss

    def _take(self, positions: Positions, number: int) -> Tensor:
        part = self._task.processes.part(positions)
        batch = self._task.words.take(part)
        if isinstance(self._task.words, LineBatches) and number + 1 < self.total_steps:
            following = self._order.batch(*divmod(number + 1, self.steps_per_epoch))
            self._task.words.prepare(self._task.processes.part(following))
        targets = self._task.recogniser.tokenizer.encode(batch.texts).to(self._device, non_blocking=True)
        return self._update(batch.images, targets, self._weight(part) / self._weight(positions))

    def _weight(self, positions: Positions) -> int:
        """How much words weigh in the loss: their characters and ends with attention, one each with CTC."""
        if self._task.recogniser.config.prediction == "CTC" or self._task.processes.count == 1:
            return len(positions)
        return len(positions) + sum(map(len, take(self._task.words.texts, positions).to_pylist()))


def _order(task: Task) -> Order:
    words, seed = task.words, task.seed
    order = TrainingOrder(words.sizes, task.recipe.batch_size, ratios=task.ratios, together=task.together, seed=seed)
    return OrderByWidth(order, words.widths, seed) if isinstance(words, LineBatches) else order
