"""What a step of training does on the device, once its words are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from htrmodel.data.augment import augment
from htrmodel.data.batches import standardise
from htrmodel.recogniser import Recogniser
from htrmodel.training.loss import LOSSES
from htrmodel.training.recipes import Recipe


@dataclass(frozen=True, slots=True)
class Update:
    """From a batch to new weights: augmentation, reading, loss, gradients, their norm, the optimizer.

    With attention, nothing in it waits for the device or copies between it and the host, so all of it can be recorded.
    CTC's loss asks the device how long the labels are.

    Attributes:
        recogniser: in training mode.
        trained: its parameters that change.
        optimizer: of these.
        generator: of the augmentation, seeded by whoever calls.
        recipe: how.
        bfloat16: compute under bfloat16 autocast.
        called: what is called in the place of the recogniser, where several processes average their gradients.
        processes: how many there are.
    """

    recogniser: Recogniser
    trained: Sequence[nn.Parameter]
    optimizer: Optimizer
    generator: torch.Generator
    recipe: Recipe
    bfloat16: bool
    called: nn.Module | None = None
    processes: int = 1

    def __call__(self, images: Tensor, targets: Tensor, share: float = 1.0) -> Tensor:
        """Takes a step.

        Args:
            images: uint8 [N, 1, H, W] on the device.
            targets: int64 [N, S] of the tokenizer, on the device.
            share: of the loss of the whole batch, where these words are a part of it.

        Returns:
            The loss before it, a scalar on the device; of a part its share.
        """
        recogniser = self.recogniser
        # First of all, so that gradients are made in one place when this is recorded.
        self.optimizer.zero_grad()
        if self.recipe.augment:
            images = augment(images, self.generator, self.recipe.augment, self.recipe.bend)
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.bfloat16):
            logits = (self.called or recogniser)(standardise(images, recogniser.config), targets)
        loss = LOSSES[recogniser.config.prediction](logits, targets)
        if self.processes > 1:
            loss = loss * share
        # The mean over the processes is what becomes of it.
        summed = loss * self.processes if self.processes > 1 else loss
        summed.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.trained, self.recipe.clip)
        self.optimizer.step()
        return loss.detach()
