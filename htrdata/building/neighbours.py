"""Pairs among many signatures that have most of their bits in common, without comparing each with each.

The bits are cut into bands, and only what is equal in one of these is compared (Indyk, Motwani, "Approximate nearest
neighbors", STOC 1998). Two pictures at a cosine of 0.97 have 92 of a hundred bits in common: of 16 bands of 16 bits one
is equal in 99 of a hundred cases.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from htrdata.images.likeness import BITS

Pairs = NDArray[np.intp]
"""Two numbers of signatures each, the lower one first: [N, 2]."""

_LEAST_BITS, _MOST_BITS = 16, 25  # in a band
_MOST_ALIKE = 64  # with one value of a band; more have it because there is nothing to tell them apart
_MOST_APART = 56  # bits: an angle of 39 degrees, a cosine of 0.77
_AT_ONCE = 1 << 16  # pairs


def near_pairs(signatures: NDArray[np.uint8], splits: NDArray[np.int8]) -> Iterator[Pairs]:
    """Yields the pairs of different splits whose signatures are near each other; each pair once.

    Args:
        signatures: [N, BITS / 8]; of those without any bit nothing is told.
        splits: of each, [N].
    """
    size = min(max(_LEAST_BITS, len(signatures).bit_length()), _MOST_BITS)
    numbered = np.flatnonzero(signatures.any(1))
    for band in range(BITS // size):
        codes = _codes(signatures, band * size, size)[numbered]
        for pairs in _within_runs(numbered, codes, splits):
            differing = signatures[pairs[:, 0]] ^ signatures[pairs[:, 1]]
            near = np.bitwise_count(differing).sum(1) <= _MOST_APART
            for earlier in range(band):  # that has it told already
                near[near] = _codes(differing[near], earlier * size, size) != 0
            if near.any():
                yield pairs[near]


def _codes(signatures: NDArray[np.uint8], first: int, count: int) -> NDArray[np.uint32]:
    """Some bits of each signature as a number; at most 25 of them, which are in four bytes wherever they begin."""
    codes = np.zeros(len(signatures), np.uint32)
    for byte in range(first // 8, first // 8 + 4):
        codes <<= np.uint32(8)
        if byte < signatures.shape[1]:
            codes |= signatures[:, byte]
    codes <<= np.uint32(first % 8)
    codes >>= np.uint32(32 - count)
    return codes


def _within_runs(numbers: NDArray[np.intp], codes: NDArray[np.uint32], splits: NDArray[np.int8]) -> Iterator[Pairs]:
    """The pairs of different splits that have one code, some hundred thousand at a time."""
    order = np.argsort(codes, kind="stable")
    sorted_codes, sorted_numbers = codes[order], numbers[order]
    begins = np.flatnonzero(np.append(True, sorted_codes[1:] != sorted_codes[:-1]))
    lengths = np.diff(np.append(begins, len(order)))
    usable = (lengths > 1) & (lengths <= _MOST_ALIKE)
    waiting: list[Pairs] = []
    count = 0
    for distance in range(1, _MOST_ALIKE):
        first = _starts(begins[usable], lengths[usable] - distance)
        if not len(first):
            break
        pairs = np.stack([sorted_numbers[first], sorted_numbers[first + distance]], 1)
        pairs = np.sort(pairs[splits[pairs[:, 0]] != splits[pairs[:, 1]]], axis=1)
        waiting.append(pairs)
        count += len(pairs)
        if count >= _AT_ONCE:
            yield np.concatenate(waiting)
            waiting, count = [], 0
    if count:
        yield np.concatenate(waiting)


def _starts(begins: NDArray[np.intp], counts: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each run as many places from its beginning on as a count says; none where it is not positive."""
    counts = counts.clip(0)
    total = int(counts.sum())
    before = np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(begins, counts) + np.arange(total) - before
