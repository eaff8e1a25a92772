"""The validation loss: over the whole split, whatever the batches."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.nn import functional

from htrmodel.data.batches import standardise
from htrmodel.training.recipes import ATTENTIONHTR
from htrmodel.training.stepping import Task
from htrmodel.training.validation import spread_batches, validate

MakeTask = Callable[..., Task]


@pytest.mark.parametrize("architecture", ["None-VGG-None-CTC", "None-VGG-None-Attn"])
def test_the_size_of_batches_does_not_matter(make_task: MakeTask, architecture: str) -> None:
    task = make_task(ATTENTIONHTR, architecture=architecture)
    found = [validate(task.recogniser, task.words.in_order(size)) for size in (1, 3, 7, 10)]
    assert found[0] is not None
    for other in found[1:]:
        assert other is not None
        assert other.loss == pytest.approx(found[0].loss, rel=1e-5)
        assert (other.cer, other.wer, other.words) == (found[0].cer, found[0].wer, 10)


def test_attention_s_loss_is_the_mean_over_characters_and_ends_while_it_runs_freely(make_task: MakeTask) -> None:
    task = make_task(ATTENTIONHTR, architecture="None-VGG-None-Attn")
    recogniser = task.recogniser
    found = validate(recogniser, task.words.in_order(4))
    costs = []
    for batch in task.words.in_order(1):
        with torch.no_grad():
            logits = recogniser(standardise(batch.images, recogniser.config), full_steps=True)[0].double()
        for step, token in enumerate([*recogniser.tokenizer.encode(batch.texts)[0].tolist()[1:]]):
            costs.append(float(functional.cross_entropy(logits[step], torch.tensor(token))))
    assert len(costs) == sum(len(text) + 1 for batch in task.words.in_order(1) for text in batch.texts)
    assert found is not None
    assert found.loss == pytest.approx(sum(costs) / len(costs), rel=1e-5)


def test_it_can_be_told_to_stop(make_task: MakeTask) -> None:
    task = make_task(ATTENTIONHTR)
    assert validate(task.recogniser, task.words.in_order(4), lambda: True) is None


def test_a_spread_is_even_and_always_the_same(make_task: MakeTask) -> None:
    words = make_task(ATTENTIONHTR).words
    ids = [[one for batch in spread_batches(words, 4, 3) for one in batch.ids] for _ in range(2)]
    assert ids[0] == ids[1] == [f"image-{key:09}" for key in (1, 4, 7, 10)]
    assert [len(batch.ids) for batch in spread_batches(words, 99, 4)] == [4, 4, 2]


def test_words_that_are_left_out_count_as_read_as_nothing(make_task: MakeTask) -> None:
    task = make_task(ATTENTIONHTR, architecture="None-VGG-None-CTC")
    without = validate(task.recogniser, task.words.in_order(4))
    found = validate(task.recogniser, task.words.in_order(4), left_out=["Größe", "süß"])
    assert without is not None
    assert found is not None
    assert (found.words, found.left_out, without.left_out) == (12, 2, 0)
    assert found.loss == without.loss
    assert found.wer == pytest.approx((10 * without.wer + 2) / 12)
    characters = sum(len(text) for batch in task.words.in_order(4) for text in batch.texts)
    assert found.cer == pytest.approx((characters * without.cer + 8) / (characters + 8))
