"""Shares of a batch and the order of training: exact, fair, and the same wherever they are computed."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from htrdata.errors import UsageError
from htrmodel.data.mixing import TrainingOrder, parse_mix, shares

ratios = st.lists(st.floats(0.05, 20), min_size=1, max_size=5)


def test_mixes_are_parsed() -> None:
    assert parse_mix(["imgur5k:0.5", "iam_aachen:2"]) == {"imgur5k": 0.5, "iam_aachen": 2.0}
    assert parse_mix(["b", "a"]) == {"b": None, "a": None}
    assert parse_mix([]) == {}


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (["a:half"], "'half' is no ratio"),
        (["a:"], "'' is no ratio"),
        (["a:0", "b:1"], "'0' is no ratio"),
        (["a:-1"], "'-1' is no ratio"),
        (["a:nan"], "'nan' is no ratio"),
        (["a:inf"], "'inf' is no ratio"),
        (["a", "b:1", "c"], "no ratio for a, c"),
        (["a:1", "a:2"], "a comes twice"),
        ([":1"], "has no name"),
    ],
)
def test_mixes_that_cannot_be(items: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_mix(items)


@settings(deadline=None)
@given(ratios, st.integers(1, 300))
def test_shares_are_the_ratios_rounded(ratios: list[float], batch_size: int) -> None:
    exact = [ratio / math.fsum(ratios) * batch_size for ratio in ratios]
    try:
        counts = shares(ratios, batch_size)
    except UsageError:
        assert min(exact) < 1
        return
    assert sum(counts) == batch_size
    assert all(count >= 1 and abs(count - value) < 1 + 1e-9 for count, value in zip(counts, exact, strict=True))


def test_shares_of_a_batch() -> None:
    assert shares([0.5, 0.5], 192) == [96, 96]
    assert shares([1, 1, 1], 10) == [4, 3, 3]
    assert shares([3, 1], 192) == [144, 48]
    with pytest.raises(UsageError, match=r"a ratio of 0.001 has no word in a batch of 192"):
        shares([1, 0.001], 192)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=4), st.integers(1, 60), st.integers(0, 9), st.data())
def test_every_batch_has_its_shares_and_every_word_its_turn(
    sizes: list[int], batch_size: int, seed: int, data: st.DataObject
) -> None:
    assume(batch_size <= sum(sizes))
    weights = [float(data.draw(st.integers(1, 4))) for _ in sizes]
    counts = [0] * len(sizes)
    try:
        counts = shares(weights, batch_size)
    except UsageError:
        assume(False)
    order = TrainingOrder(sizes, batch_size, ratios=weights, seed=seed)
    assert order.batches_per_epoch == math.ceil(sum(sizes) / batch_size)
    ends = np.cumsum([0, *sizes])
    seen = np.zeros(sum(sizes), int)
    for epoch in range(3):
        for batch in order.batches(epoch):
            assert np.histogram(batch, ends - 0.5)[0].tolist() == counts
            np.add.at(seen, batch, 1)
    for begin, end in itertools.pairwise(ends):
        assert np.ptp(seen[begin:end]) <= 1  # nobody comes a third time before all came twice


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=4), st.integers(1, 60), st.integers(0, 9))
def test_without_ratios_all_words_come_equally_often(sizes: list[int], batch_size: int, seed: int) -> None:
    total = sum(sizes)
    assume(batch_size <= total)
    order = TrainingOrder(sizes, batch_size, seed=seed)
    first = np.concatenate(list(order.batches(0)))
    assert len(first) == math.ceil(total / batch_size) * batch_size
    assert sorted(first[:total].tolist()) == list(range(total))
    seen = np.bincount(np.concatenate([first, *order.batches(1)]), minlength=total)
    assert np.ptp(seen) <= 1


@pytest.mark.parametrize("ratios", [None, [1.0, 2.0]])
def test_any_batch_can_be_computed_by_itself(ratios: list[float] | None) -> None:
    whole = TrainingOrder([50, 31], 12, ratios=ratios, seed=4)
    epochs = [list(whole.batches(epoch)) for epoch in range(3)]
    again = TrainingOrder([50, 31], 12, ratios=ratios, seed=4)
    assert np.array_equal(again.batch(2, 3), epochs[2][3])
    assert np.array_equal(again.batch(0, 1), epochs[0][1])
    rest = list(again.batches(1, first=4))
    assert len(rest) == len(epochs[1]) - 4
    assert all(np.array_equal(a, b) for a, b in zip(rest, epochs[1][4:], strict=True))
    assert not np.array_equal(np.concatenate(epochs[0]), np.concatenate(epochs[1]))
    other = TrainingOrder([50, 31], 12, ratios=ratios, seed=5)
    assert not np.array_equal(other.batch(0, 0), epochs[0][0])


@pytest.mark.parametrize("ratios", [None, [1.0, 1.0]])
def test_every_turn_has_another_order(ratios: list[float] | None) -> None:
    order = TrainingOrder([24, 24], 12, ratios=ratios)
    turns = [np.concatenate(list(order.batches(epoch))).tolist() for epoch in range(4)]
    assert [sorted(turn) for turn in turns] == [list(range(48))] * 4
    assert len({tuple(turn) for turn in turns}) == 4


@pytest.mark.parametrize("batch_size", [0, 8])
def test_a_batch_that_cannot_be_filled(batch_size: int) -> None:
    with pytest.raises(
        UsageError, match=rf"a batch of {batch_size} words cannot be taken from 7: .*--batch-size 1 to 7"
    ):
        TrainingOrder([3, 4], batch_size)
