"""Steps over fixed places: the same steps as over batches of any shape, and nothing in them waits for the device."""

from __future__ import annotations

import functools
import gc
import weakref
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from htrdata.errors import BadDataError, UsageError
from htrdata.labels import ALNUM, PRINTABLE
from htrmodel.data import batches
from htrmodel.recording import WARM_UP, Recorded, Recorder
from htrmodel.tokenizer import AttnTokenizer, CTCTokenizer
from htrmodel.training.recipes import ATTENTIONHTR, STARTER, Recipe
from htrmodel.training.run_folder import RunFolder
from htrmodel.training.stepping import Stepper, Task
from htrmodel.training.train import Trainer
from htrmodel.training.update import Update

MakeTask = Callable[..., Task]

MODEL = {"architecture": "None-VGG-BiLSTM-Attn", "hidden_size": 8}
FULL = {"architecture": "TPS-ResNet-BiLSTM-Attn", "hidden_size": 8, "num_fiducial": 6}
STEPS = 50
ADAMW = replace(STARTER, batch_size=5, epochs=STEPS // 2, precision="float32", average=0.9)
ADADELTA = replace(ATTENTIONHTR, batch_size=5, epochs=STEPS // 2, augment=0.5)
BFLOAT16 = replace(ADAMW, precision="bfloat16")


def trained(task: Task, steps: int) -> tuple[list[float], dict[str, Tensor]]:
    """The losses of some steps, and the weights after them."""
    stepper = Stepper(task)
    assert stepper.total_steps == STEPS
    stepper.train()
    losses = [float(stepper.step(number)) for number in range(steps)]
    return losses, stepper.training.judged.state_dict()


@pytest.mark.parametrize("resident", [False, True], ids=["words on the host", "words on the device"])
@pytest.mark.parametrize(
    ("recipe", "model", "steps"),
    [
        (ADAMW, MODEL, STEPS),
        (ADADELTA, MODEL, STEPS),
        (BFLOAT16, MODEL, STEPS),
        # Normalised over five words, a residual trunk makes a change of 1e-7 one of 1e-3 within four steps of AdamW.
        (ADADELTA, FULL, 10),
        (ADAMW, FULL, 3),
    ],
    ids=["adamw", "adadelta", "bfloat16", "full, adadelta", "full, adamw"],
)
def test_the_steps_are_those_over_batches_of_any_shape(
    make_task: MakeTask,
    monkeypatch: pytest.MonkeyPatch,
    recipe: Recipe,
    model: dict[str, Any],
    steps: int,
    resident: bool,
) -> None:
    plain, weights = trained(make_task(recipe, **model), steps)
    if resident:
        monkeypatch.setattr(batches, "has_room", lambda *_: True)
    task = replace(make_task(recipe, **model), cuda_graph=True)
    assert isinstance(task.words, batches.WordBatches)
    assert (task.words.resident is not None) is resident
    fixed, fixed_weights = trained(task, steps)
    np.testing.assert_allclose(fixed, plain, rtol=2e-4 if recipe is BFLOAT16 else 1e-5)
    assert len(set(plain)) == steps
    for key, value in weights.items():
        torch.testing.assert_close(fixed_weights[key], value, rtol=1e-3, atol=1e-3 if recipe is BFLOAT16 else 1e-4)


def test_each_length_of_labels_has_its_own_work(make_task: MakeTask, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, ...]] = []
    task = replace(make_task(replace(ADAMW, batch_size=1), **MODEL), cuda_graph=True)
    stepper = Stepper(task)
    take = Update.__call__

    def watched(update: Update, images: Tensor, targets: Tensor) -> Tensor:
        seen.append(tuple(targets.shape))
        return take(update, images, targets)

    monkeypatch.setattr(Update, "__call__", watched)
    stepper.train()
    for number in range(stepper.steps_per_epoch):
        stepper.step(number)
    longest = [max(map(len, task.words.take(stepper._order.batch(0, number)).texts)) for number in range(len(seen))]
    assert seen == [(1, (4 if length <= 4 else 8) + 2) for length in longest]


def test_a_training_goes_on_with_and_without_a_graph(
    make_task: MakeTask, make_folder: Callable[[str], RunFolder]
) -> None:
    """A state says nothing of how it was reached: the optimizer keeps its own way, and its learning rate its place."""
    recipe = replace(ADAMW, epochs=3)
    whole = make_folder("whole")
    Trainer(make_task(recipe, **MODEL), whole).run()
    for first in (False, True):
        folder = make_folder(f"graph first: {first}")
        task = replace(make_task(recipe, **MODEL), cuda_graph=first)
        trainer = Trainer(task, folder)
        assert not trainer.run(functools.partial(_at_step_3, trainer))
        again = Trainer(replace(make_task(recipe, **MODEL), cuda_graph=not first), folder)
        assert 0 < again.state.step < again.total_steps
        rate = again._training.optimizer.param_groups[0]["lr"]
        assert isinstance(rate, Tensor) is not first
        assert again.run()
        assert again.state.best_loss == pytest.approx(Trainer(task, whole).state.best_loss, rel=1e-3)


def _at_step_3(trainer: Trainer) -> bool:
    return trainer.state.step == 3


def test_ctc_is_refused(make_task: MakeTask) -> None:
    with pytest.raises(UsageError, match="--cuda-graph needs an attention decoder"):
        Stepper(replace(make_task(ADAMW), cuda_graph=True))


class _Watched(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes all operations."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.counts[func.__name__] += 1
        return func(*args, **(kwargs or {}))


WAITING = ("_local_scalar_dense", "nonzero", "lift_fresh", "masked_select", "unique", "is_nonzero", "_to_cpu")
"""Operations that ask the device for a value, or bring one there from Python."""


def test_nothing_in_a_step_waits_for_the_device(make_task: MakeTask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "has_room", lambda *_: True)
    stepper = Stepper(replace(make_task(BFLOAT16, **MODEL), cuda_graph=True))
    stepper.train()
    stepper.step(0)
    # Optimizers do without on GPUs alone, where they are told to be capturable.
    monkeypatch.setattr(stepper.training.optimizer, "step", lambda: None)
    assert stepper._fixed is not None
    with _Watched() as watched:
        stepper._fixed._work(8)
    assert watched.counts.total() > 300
    assert not [name for name in watched.counts if name.startswith(WAITING)], watched.counts
    with _Watched() as watched, torch.no_grad():
        torch.tensor([1.0, 2.0]).max().item()
    assert {"lift_fresh.default", "_local_scalar_dense.default"} <= set(watched.counts)


def test_what_is_recorded_keeps_what_it_works_on() -> None:
    """A graph knows addresses alone: whoever drops the module would have it write into other people's memory."""
    module = nn.Linear(2, 2)
    kept = weakref.ref(module)

    def work(module: nn.Linear = module) -> None:
        module.weight.data += 1

    recorded = Recorded(work, Recorder(torch.device("cpu")))
    before = module.weight.detach().clone()
    del module, work
    gc.collect()
    for _ in range(WARM_UP + 2):
        recorded()
    found = kept()
    assert found is not None
    torch.testing.assert_close(found.weight.detach(), before + WARM_UP + 2)


@pytest.mark.parametrize("kind", [AttnTokenizer, CTCTokenizer])
@pytest.mark.parametrize("charset", [ALNUM, PRINTABLE])
def test_the_table_is_what_encode_gives(kind: type[AttnTokenizer], charset: Any) -> None:
    tokenizer = kind(charset, max_length=7)
    texts = ["a", "Hello", "1234567", "xyz"] if charset is ALNUM else ["~", 'a"b,c', "ABC abc".replace(" ", "_"), "\\]"]
    assert tokenizer.table(texts).tolist() == tokenizer.encode(texts, 7).tolist()
    for wrong, said in (("", "has 0 characters"), ("12345678", "has 8 characters"), ("a\u2603", "which charset")):
        with pytest.raises(BadDataError, match=said):
            tokenizer.table(["ok", wrong])
