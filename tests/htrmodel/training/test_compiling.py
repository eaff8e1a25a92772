"""Compiled convolutions: the same steps, the same names of weights, and validation as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from htrmodel.training.recipes import STARTER
from htrmodel.training.run_folder import RunFolder
from htrmodel.training.stepping import Stepper, Task
from htrmodel.training.train import Trainer

MODEL = {"architecture": "TPS-ResNet-BiLSTM-Attn", "hidden_size": 8, "num_fiducial": 6}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Graphs that are compiled, by a compiler that leaves them as they are: how many nodes they have."""
    found: list[int] = []

    def backend(graph: torch.fx.GraphModule, _inputs: list[torch.Tensor]) -> Callable[..., Any]:
        found.append(len(graph.graph.nodes))
        return graph.forward

    compile_module = nn.Module.compile
    monkeypatch.setattr(nn.Module, "compile", lambda self, **how: compile_module(self, **how, backend=backend))
    torch.compiler.reset()
    yield found
    torch.compiler.reset()


# The compiler looks at it, and hides the warning from everybody but those who make errors of warnings.
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")
@pytest.mark.parametrize("average", [0.0, 0.9])
def test_the_steps_are_the_same_and_validation_compiles_nothing(
    make_task: Callable[..., Task], make_folder: Callable[[str], RunFolder], calls: list[int], average: float
) -> None:
    recipe = replace(STARTER, batch_size=5, epochs=2, average=average)
    plain = Stepper(make_task(recipe, **MODEL))
    plain.train()
    losses = [float(plain.step(number)) for number in range(3)]
    assert not calls
    stepper = Stepper(replace(make_task(recipe, **MODEL), compiled=True))
    stepper.train()
    assert [float(stepper.step(number)) for number in range(3)] == pytest.approx(losses, rel=1e-3)
    assert len(calls) == 2  # the trunk and the network of TPS: one graph each
    assert min(calls) > 10
    assert stepper.training.judged.state_dict().keys() == plain.training.judged.state_dict().keys()
    folder = make_folder("run")
    assert Trainer(replace(make_task(recipe, **MODEL), compiled=True), folder).run()
    assert len(calls) == 2  # those of the steps before do for these, and the validations are done without
    assert folder.best.exists()
