from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from htrdata.labels import ALNUM, PRINTABLE, Charset
from htrmodel.charset_change import change_charset
from htrmodel.recogniser import Recogniser

from .conftest import BuildRecogniser

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
    assert ours[first + 36 :, :24].std() > 0.1
    assert (ours[first + 36 :, 24] == 0).all(), "biases of new characters"
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


def test_new_weights_follow_the_seed(build: BuildRecogniser) -> None:
    recogniser = build("None-VGG-None-Attn", charset=ALNUM)
    target = replace(recogniser.config, charset=PRINTABLE)
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(change_charset(recogniser.state_dict(), recogniser.config, target)[0])
    key = "Prediction.generator.weight"
    assert torch.equal(drawn[0][key], drawn[1][key])
    assert not torch.equal(drawn[0][key], drawn[2][key])
