from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from htrdata.labels import ALNUM, PRINTABLE, Charset
from htrmodel.checkpoint.charset_change import change_charset
from htrmodel.recogniser import Recogniser

from ..conftest import BuildRecogniser

SPECIAL = {"Attn": 2, "CTC": 1}


def _classifier(weights: dict[str, Tensor], prediction: str) -> Tensor:
    """One row per class: weights, bias and, with attention, the columns of the decoder's input weights."""
    if prediction == "CTC":
        return torch.cat([weights["Prediction.weight"], weights["Prediction.bias"].unsqueeze(1)], 1)
    inputs = weights["Prediction.attention_cell.rnn.weight_ih"]
    columns = inputs[:, -len(weights["Prediction.generator.bias"]) :].T
    generator = [weights["Prediction.generator.weight"], weights["Prediction.generator.bias"].unsqueeze(1)]
    return torch.cat([*generator, columns], 1)


@pytest.mark.parametrize("prediction", ["Attn", "CTC"])
def test_characters_keep_their_weights(build: BuildRecogniser, prediction: str) -> None:
    recogniser = build(f"None-VGG-BiLSTM-{prediction}", charset=ALNUM)
    old = recogniser.state_dict()
    # Biases that differ, unlike those of new weights.
    old["Prediction.bias" if prediction == "CTC" else "Prediction.generator.bias"].normal_()
    before = {key: value.clone() for key, value in old.items()}
    target = replace(recogniser.config, charset=PRINTABLE)
    new, change = change_charset(old, recogniser.config, target)

    assert change.copied == ALNUM.characters
    assert change.new == PRINTABLE.characters[36:]
    assert change.dropped == ""
    first = SPECIAL[prediction]
    ours, theirs = _classifier(new, prediction), _classifier(old, prediction)
    assert torch.equal(ours[: first + 36], theirs)
    assert ours.shape[0] == first + 94
    torch.testing.assert_close(ours[first + 36 :], theirs[first:].mean(0).expand(58, -1))
    head = {key for key in old if old[key].shape != new[key].shape}
    assert all(new[key] is old[key] for key in old.keys() - head)
    assert all(torch.equal(old[key], before[key]) for key in old), "the old weights were changed"
    Recogniser(target).load_state_dict(new)


@pytest.mark.parametrize("prediction", ["Attn", "CTC"])
def test_order_follows_the_new_charset(build: BuildRecogniser, prediction: str) -> None:
    recogniser = build(f"None-VGG-None-{prediction}", charset=Charset("old", "abcd"))
    old = recogniser.state_dict()
    new, change = change_charset(old, recogniser.config, replace(recogniser.config, charset=Charset("new", "dzb")))
    assert change == ("db", "z", "ac")
    first = SPECIAL[prediction]
    ours, theirs = _classifier(new, prediction), _classifier(old, prediction)
    assert torch.equal(ours[[*range(first), first, first + 2]], theirs[[*range(first), first + 3, first + 1]])


def test_the_same_characters_need_no_change(build: BuildRecogniser) -> None:
    recogniser = build("None-VGG-None-CTC")
    old = recogniser.state_dict()
    renamed = replace(recogniser.config, charset=Charset("renamed", PRINTABLE.characters))
    new, change = change_charset(old, recogniser.config, renamed)
    assert all(new[key] is old[key] for key in old)
    assert change == (PRINTABLE.characters, "", "")


@torch.no_grad()
def test_copied_characters_are_read_as_before(build: BuildRecogniser, words: Tensor) -> None:
    recogniser = build("None-VGG-BiLSTM-Attn", charset=ALNUM)
    target = replace(recogniser.config, charset=PRINTABLE)
    weights, _ = change_charset(recogniser.state_dict(), recogniser.config, target)
    wider = Recogniser(target).eval()
    wider.load_state_dict(weights)
    texts = ["abc", "z9", "hello"]
    logits = wider(words, wider.tokenizer.encode(texts))
    torch.testing.assert_close(logits[..., :38], recogniser(words, recogniser.tokenizer.encode(texts)))


@pytest.mark.parametrize("prediction", ["Attn", "CTC"])
def test_new_characters_are_not_read_before_they_are_trained(
    build: BuildRecogniser, words: Tensor, prediction: str
) -> None:
    recogniser = build(f"None-VGG-None-{prediction}", charset=ALNUM)
    target = replace(recogniser.config, charset=PRINTABLE)
    wider = Recogniser(target).eval()
    wider.load_state_dict(change_charset(recogniser.state_dict(), recogniser.config, target)[0])
    with torch.no_grad():
        logits, wide = recogniser(words, full_steps=True), wider(words, full_steps=True)
    assert torch.equal(wide.argmax(2), logits.argmax(2))
