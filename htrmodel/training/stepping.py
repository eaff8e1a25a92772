"""One step of training: some words, their loss, new weights. Nothing in it waits for the device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from htrmodel.data.augment import augment
from htrmodel.data.batches import WordBatches, standardise
from htrmodel.data.mixing import TrainingOrder
from htrmodel.devices import uses_bfloat16
from htrmodel.recogniser import Recogniser
from htrmodel.training.loss import LOSSES
from htrmodel.training.optimisation import Freezing, WeightAverage, make_optimizer, make_schedule
from htrmodel.training.recipes import Recipe
from htrmodel.training.resuming import Training


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is trained on what, and how.

    Attributes:
        recogniser: on the device of the words.
        words: to train on.
        validation: words to validate on, by data set; at least one.
        recipe: how. Its batch must not be larger than there are words.
        ratios: shares of the data sets of `words` in a batch; None to take them as one.
        freeze: stages that stay as they are; see `htrmodel.config.STAGES`.
        seed: of order and augmentation.
        about_data: what the checkpoints say of the data, as JSON can hold it.
    """

    recogniser: Recogniser
    words: WordBatches
    validation: Mapping[str, WordBatches]
    recipe: Recipe
    ratios: Sequence[float] | None = None
    freeze: Sequence[str] = ()
    seed: int = 0
    about_data: Mapping[str, Any] = field(default_factory=dict)


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
        self._order = TrainingOrder(task.words.sizes, recipe.batch_size, ratios=task.ratios, seed=task.seed)
        self.steps_per_epoch = self._order.batches_per_epoch
        self.total_steps = recipe.total_steps(self.steps_per_epoch)
        self._freezing = Freezing(recogniser, task.freeze)
        optimizer = make_optimizer(recipe, self._freezing.trained)
        schedule = make_schedule(recipe, optimizer, self.total_steps)
        average = WeightAverage(recogniser, recipe.average) if recipe.average else None
        self.training = Training(recogniser, optimizer, schedule, average)
        self._generator = torch.Generator(self._device)
        self._bfloat16 = uses_bfloat16(recipe.precision, self._device)

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
            The loss before it, a scalar on the device.
        """
        recipe, training = self._task.recipe, self.training
        loss = self._loss(number)
        training.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._freezing.trained, recipe.clip)
        training.optimizer.step()
        if training.schedule is not None:
            training.schedule.step()
        if training.average is not None:
            training.average.update(number + 1)
        return loss.detach()

    def _loss(self, number: int) -> Tensor:
        task, recogniser = self._task, self._task.recogniser
        batch = task.words.take(self._order.batch(*divmod(number, self.steps_per_epoch)))
        targets = recogniser.tokenizer.encode(batch.texts).to(self._device, non_blocking=True)
        images = batch.images
        if task.recipe.augment:
            self._generator.manual_seed((task.seed << 32) + number)
            images = augment(images, self._generator, task.recipe.augment)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._bfloat16):
            logits = recogniser(standardise(images, recogniser.config), targets)
        return LOSSES[recogniser.config.prediction](logits, targets)
