"""What only a GPU shows: a recorded step is the step, and cuDNN's LSTM gets float32 in one block."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from htrmodel.data.batches import WordBatches
from htrmodel.training.recipes import ATTENTIONHTR, STARTER, Recipe
from htrmodel.training.stepping import Stepper, Task

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU that torch can use")

MODEL = {"architecture": "TPS-ResNet-BiLSTM-Attn", "hidden_size": 32, "output_channel": 64, "num_fiducial": 6}
RECIPE = replace(STARTER, batch_size=5, epochs=25, precision="float32", lr=1e-5, average=0.9)


def on_gpu(task: Task, *, cuda_graph: bool) -> Task:
    assert isinstance(task.words, WordBatches)
    words = WordBatches(task.words._samples, task.words._images, "cuda")
    return replace(task, recogniser=task.recogniser.cuda(), words=words, cuda_graph=cuda_graph)


def losses(task: Task) -> list[float]:
    stepper = Stepper(task)
    stepper.train()
    return [float(stepper.step(number)) for number in range(stepper.total_steps)]


@pytest.mark.parametrize("recipe", [RECIPE, replace(ATTENTIONHTR, batch_size=5, epochs=25, lr=1e-2, augment=0.5)])
def test_recorded_steps_are_the_steps(make_task: Callable[..., Task], recipe: Recipe) -> None:
    plain = losses(on_gpu(make_task(recipe, **MODEL), cuda_graph=False))
    recorded = losses(on_gpu(make_task(recipe, **MODEL), cuda_graph=True))
    assert len(recorded) == 50
    assert len(set(recorded)) > 40
    np.testing.assert_allclose(recorded[:5], plain[:5], rtol=1e-4)
    np.testing.assert_allclose(recorded, plain, rtol=0.02)


def test_the_lstm_keeps_float32_and_its_block(make_task: Callable[..., Task]) -> None:
    seen: set[torch.dtype] = set()

    def watch(_module: nn.Module, _inputs: object, outputs: tuple[Tensor, object]) -> None:
        seen.add(outputs[0].dtype)

    stepper = Stepper(on_gpu(make_task(replace(RECIPE, precision="bfloat16"), **MODEL), cuda_graph=False))
    stepper.train()
    average = stepper.training.judged
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for recogniser in (stepper._task.recogniser, average):
            for module in recogniser.modules():
                if isinstance(module, nn.LSTM):
                    module.register_forward_hook(watch)
        stepper.step(0)
        average(torch.zeros(2, 1, 32, 60, device="cuda"))
    assert seen == {torch.float32}
