"""The attention decoder against a plain one: one-hot tokens, every projection in every step."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from htrmodel.layers.attention import CHECK_EVERY, AttentionDecoder
from htrmodel.tokenizer import END, GO

FEATURES, HIDDEN, CLASSES, STEPS = 12, 10, 9, 14


@pytest.fixture
def decoder() -> AttentionDecoder:
    torch.manual_seed(3)
    return AttentionDecoder(FEATURES, HIDDEN, CLASSES, STEPS).double()


@pytest.fixture
def features() -> Tensor:
    return torch.randn(5, 6, FEATURES, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 3


def plain_decode(decoder: AttentionDecoder, features: Tensor, targets: Tensor | None) -> Tensor:
    """Steps as the papers write them down."""
    cell = decoder.attention_cell
    count = decoder.num_steps if targets is None else targets.shape[1] - 1
    state = (features.new_zeros(len(features), HIDDEN), features.new_zeros(len(features), HIDDEN))
    token = torch.full((len(features),), GO)
    outputs = []
    for step in range(count):
        if targets is not None:
            token = targets[:, step]
        energy = cell.score(torch.tanh(cell.i2h(features) + cell.h2h(state[0]).unsqueeze(1)))
        weights = torch.softmax(energy, 1)
        context = (weights * features).sum(1)
        one_hot = functional.one_hot(token, CLASSES).to(features.dtype)
        state = cell.rnn(torch.cat([context, one_hot], 1), state)
        outputs.append(decoder.generator(state[0]))
        token = outputs[-1].argmax(1)
    return torch.stack(outputs, 1)


@pytest.mark.parametrize("taught", [False, True], ids=["greedy", "teacher-forced"])
def test_decoder_equals_a_plain_one(decoder: AttentionDecoder, features: Tensor, taught: bool) -> None:
    targets = torch.randint(CLASSES, (5, 8)) if taught else None
    torch.testing.assert_close(decoder(features, targets, full_steps=True), plain_decode(decoder, features, targets))


@pytest.mark.parametrize("taught", [False, True], ids=["greedy", "teacher-forced"])
def test_gradients_equal_those_of_a_plain_one(decoder: AttentionDecoder, features: Tensor, taught: bool) -> None:
    targets = torch.randint(CLASSES, (5, 8)) if taught else None
    leaves = [features.requires_grad_(), *decoder.parameters()]
    ours = torch.autograd.grad(decoder(features, targets, full_steps=True).square().sum(), leaves)
    plain = torch.autograd.grad(plain_decode(decoder, features, targets).square().sum(), leaves)
    for one, other in zip(ours, plain, strict=True):
        torch.testing.assert_close(one, other)


@torch.no_grad()
def test_it_stops_when_all_rows_have_ended(decoder: AttentionDecoder, features: Tensor) -> None:
    full = decoder(features, full_steps=True)
    # A bias for the end token that grows by the row makes rows end at different steps.
    for bias in (0.5, 2.0, 4.0, 50.0):
        decoder.generator.bias[END] = bias
        full, short = decoder(features, full_steps=True), decoder(features)
        last = max(_end(row) for row in full.argmax(2).tolist())
        expected = STEPS if last == STEPS else min(-(-(last + 1) // CHECK_EVERY) * CHECK_EVERY, STEPS)
        assert short.shape[1] == expected
        assert torch.equal(short, full[:, :expected])
    assert expected == CHECK_EVERY


def _end(tokens: list[int]) -> int:
    """Index of the end token, or the number of steps where there is none."""
    return tokens.index(END) if END in tokens else STEPS


@torch.no_grad()
def test_one_unfinished_row_keeps_the_decoder_going(decoder: AttentionDecoder) -> None:
    decoder.generator.weight.zero_()
    decoder.generator.bias.zero_()
    decoder.generator.weight[END] = 100.0
    decoder.generator.bias[3] = 1e-6
    features = torch.zeros(2, 6, FEATURES, dtype=torch.float64)
    logits = decoder(features)
    ended = (logits.argmax(2) == END).any(1)
    assert logits.shape[1] == (STEPS if not ended.all() else CHECK_EVERY)


@torch.no_grad()
def test_rows_do_not_depend_on_their_batch(decoder: AttentionDecoder, features: Tensor) -> None:
    together = decoder(features, full_steps=True)
    for row in range(len(features)):
        torch.testing.assert_close(decoder(features[row : row + 1], full_steps=True)[0], together[row])


@torch.no_grad()
def test_an_empty_batch_has_no_rows(decoder: AttentionDecoder) -> None:
    assert decoder(torch.zeros(0, 6, FEATURES, dtype=torch.float64)).shape[::2] == (0, CLASSES)


@torch.no_grad()
def test_autocast_leaves_it_in_float32(decoder: AttentionDecoder, features: Tensor) -> None:
    decoder, features = decoder.float(), features.bfloat16()
    plain = decoder(features.float(), full_steps=True)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(decoder(features, full_steps=True), plain)
