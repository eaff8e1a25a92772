"""Near signatures are found without comparing all, and each pair once."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from htrdata.building import neighbours
from htrdata.building.neighbours import near_pairs
from htrdata.images.likeness import BITS


def found(signatures: NDArray[np.uint8], splits: NDArray[np.int8]) -> list[tuple[int, int]]:
    pairs = [tuple(pair) for some in near_pairs(signatures, splits) for pair in some.tolist()]
    assert len(set(pairs)) == len(pairs)
    return sorted(pairs)


def planted(count: int, copies: int, flipped: int) -> tuple[NDArray[np.uint8], list[tuple[int, int]]]:
    """Random signatures, the last of which are the first ones with some of their bits flipped."""
    rng = np.random.default_rng(6)
    bits = rng.integers(0, 2, (count, BITS), dtype=np.uint8)
    for number in range(copies):
        bits[count - copies + number] = bits[number]
        bits[count - copies + number, rng.permutation(BITS)[:flipped]] ^= 1
    return np.packbits(bits, axis=1), [(number, count - copies + number) for number in range(copies)]


@pytest.mark.parametrize("at_once", [10, 1 << 16])
def test_pairs_of_two_splits_are_found(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "_AT_ONCE", at_once)
    signatures, pairs = planted(2000, 200, 20)  # 8 of a hundred bits, as of a copy at a cosine of 0.97
    splits = np.repeat(np.array([0, 2], np.int8), 1000)
    assert len(found(signatures, splits)) >= 0.97 * len(pairs)
    assert set(found(signatures, splits)) <= set(pairs)
    assert found(planted(2000, 200, 8)[0], splits) == pairs
    assert found(signatures, np.zeros(2000, np.int8)) == []


def test_many_with_nothing_to_tell_them_apart_are_passed_over() -> None:
    signatures, pairs = planted(400, 20, 4)
    signatures[100:300] = signatures[100]
    splits = np.arange(400, dtype=np.int8) % 2
    expected = [pair for pair in pairs if splits[pair[0]] != splits[pair[1]]]
    assert found(signatures, splits) == expected
    assert found(np.zeros((9, BITS // 8), np.uint8), np.arange(9, dtype=np.int8)) == []
    assert found(np.empty((0, BITS // 8), np.uint8), np.empty(0, np.int8)) == []
