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

_LEAST_BITS = 16  # in a band
_MOST_ALIKE = 64  # with one value of a band; more have it because there is nothing to tell them apart
_MOST_APART = BITS // 4  # bits: an angle of 45 degrees
_AT_ONCE = 1 << 16  # pairs


def near_pairs(signatures: NDArray[np.uint8], splits: NDArray[np.int8]) -> Iterator[Pairs]:
    """Yields the pairs of different splits whose signatures are near each other; each pair once.

    Args:
        signatures: [N, BITS / 8]; of those without any bit nothing is told.
        splits: of each, [N].
    """
    bits = np.unpackbits(signatures, axis=1) if len(signatures) else np.empty((0, BITS), np.uint8)
    size = max(_LEAST_BITS, len(signatures).bit_length())
    numbered = np.flatnonzero(signatures.any(1))
    weights = 1 << np.arange(size, dtype=np.uint64)
    seen = np.empty(0, np.uint64)
    for band in range(BITS // size):
        codes = bits[numbered, band * size : (band + 1) * size] @ weights
        for pairs in _within_runs(numbered, codes, splits):
            distance = np.bitwise_count(signatures[pairs[:, 0]] ^ signatures[pairs[:, 1]]).sum(1)
            near = pairs[distance <= _MOST_APART]
            marks = near[:, 0].astype(np.uint64) << np.uint64(32) | near[:, 1].astype(np.uint64)
            new = ~np.isin(marks, seen)
            seen = np.union1d(seen, marks)
            if new.any():
                yield near[new]


def _within_runs(numbers: NDArray[np.intp], codes: NDArray[np.uint64], splits: NDArray[np.int8]) -> Iterator[Pairs]:
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
