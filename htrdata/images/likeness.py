"""What tells an image from others, in a few bytes: to find the same picture, or nearly the same, under other names.

An image is cut into a grid of equal areas, and their mean levels are kept, besides its size and checksums of its pixels
and of the sums over areas. Two images are the same where all of that is. They are alike where their means are, after
what is common to many pictures has been taken off: each mean less that of the areas around it, in steps of a third of
their deviation, and then the cosine between the two. Copies that were encoded anew or brightened lie above 0.95, scaled
ones above 0.85; of 58,000 pairs of pages, many of them of one printed form, none lay above 0.92; of the 5,939 words of
DHSD three pairs lay above 0.7, which are copies, and of 36,000 words cut out of lines seven above 0.85: dashes, and
"of".

The family is that of perceptual hashes (Zauner, "Implementation and benchmarking of perceptual image hash functions",
2010). All is arithmetic of whole numbers, or of floating point that IEEE 754 defines to the last bit.
"""

from __future__ import annotations

import functools
import hashlib
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from zlib_ng import zlib_ng

from htrdata.images.opencv import opencv

_EXACT = struct.Struct("<IIII")
EXACT = _EXACT.size
"""Bytes of a fingerprint that the same pixels have, and no others."""

_LEAST_SIDE = 8  # pixels
_PAIRS = 4096  # that are multiplied at once
_AT_ONCE = 1 << 20  # pixels, and channels, whose sums are taken at once: they take four times the memory
_MEANS = 1 << 20  # of areas that are looked at at once: they take thirty times the memory
_STEPS, _MOST_STEPS = 3, 7  # of a deviation of one; what is farther out counts as that
_LEAST_DEVIATION = 1.0  # levels: what varies less, as blank paper does, is like any other such thing
BITS = 256
"""Of a signature."""


@dataclass(frozen=True, slots=True)
class Grid:
    """How an image is cut into areas, and from what on two are alike.

    Attributes:
        rows: of areas.
        columns: of areas.
        around: areas in a row, and in a column, whose mean is taken off that of the one in their middle.
        least: the cosine from which on two images are alike.
    """

    rows: int
    columns: int
    around: int
    least: float

    @property
    def areas(self) -> int:
        """How many areas there are."""
        return self.rows * self.columns


PAGE = Grid(64, 64, 5, 0.95)
"""Pages of one form, or one hand, differ in what is written alone: many small areas."""

WORD = Grid(12, 32, 3, 0.85)
"""Words have few strokes, and there are millions of them."""


def fingerprint(pixels: np.ndarray, grid: Grid) -> bytes:
    """What is kept of an image: `EXACT` bytes that only the same pixels have, and the mean level of each area.

    Args:
        pixels: uint8 [H, W] or [H, W, 3], with pixels.
        grid: that of its kind.
    """
    height, width = pixels.shape[:2]
    sums, counts = _sums(pixels, grid)
    # The sums are over all pixels: of a large image a quarter of the rows besides is enough to tell it from others.
    rows = np.ascontiguousarray(pixels if pixels.size <= _AT_ONCE else pixels[::4])
    exact = _EXACT.pack(width, height, zlib_ng.crc32(rows.data), zlib_ng.crc32(sums.tobytes()))
    return exact + (sums // counts).astype(np.uint8).tobytes()


def _sums(pixels: np.ndarray, grid: Grid) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The sum of the levels of each area, and of how many: [rows, columns]; areas are of whole pixels, at least one."""
    (tops, bottoms, rows), (lefts, rights, columns) = map(_areas, pixels.shape, (grid.rows, grid.columns))
    cv2 = opencv()
    if pixels.size > _AT_ONCE:
        parts = (pixels[top:bottom] for top, bottom in zip(tops.tolist(), bottoms.tolist(), strict=True))
        strips = np.concatenate([cv2.reduce(part, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S) for part in parts])
        sums = np.add.reduceat(strips, lefts, axis=1)  # where areas share pixels, it gives the first of these
    else:
        upto = cv2.integral(pixels)
        strips = upto.take(bottoms, 0) - upto.take(tops, 0)
        sums = strips.take(rights, 1) - strips.take(lefts, 1)
    counts = rows[:, None] * columns
    if sums.ndim == 3:
        sums, counts = sums.sum(2, dtype=np.int32), counts * 3
    return sums, counts


@functools.lru_cache(1024)  # at most 2 MB
def _areas(size: int, parts: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int32]]:
    """Where each part of a side begins and ends, and its length, [parts] each; parts of less than a pixel share one."""
    borders = np.arange(parts + 1, dtype=np.intp) * size // parts
    begins, ends = borders[:-1], np.maximum(borders[1:], borders[:-1] + 1)
    return begins, ends, (ends - begins).astype(np.int32)


def looks(prints: NDArray[np.uint8], grid: Grid) -> NDArray[np.int8]:
    """What images look like, apart from brightness, contrast and shades: small whole numbers for each area.

    Args:
        prints: fingerprints, [N, EXACT + areas].
        grid: that they were taken by.

    Returns:
        [N, areas], -7 to 7; all zero where an image hardly varies, or is a speck.
    """
    at_once = max(1, _MEANS // grid.areas)
    pieces = (prints[i : i + at_once] for i in range(0, len(prints), at_once))
    return np.concatenate([np.empty((0, grid.areas), np.int8), *(_looks(piece, grid) for piece in pieces)])


def _looks(prints: NDArray[np.uint8], grid: Grid) -> NDArray[np.int8]:
    levels = prints[:, EXACT:].reshape(-1, grid.rows, grid.columns).astype(np.int32)
    above = levels * grid.around**2 - _sums_around(levels, grid.around)
    above = above.reshape(len(prints), -1)
    deviation = np.sqrt(np.einsum("ij,ij->i", above, above, dtype=np.int64) / grid.areas)
    sides = np.ascontiguousarray(prints[:, :8]).view("<u4")
    varies = (deviation > _LEAST_DEVIATION * grid.around**2) & (sides.min(1) >= _LEAST_SIDE)
    steps = np.rint(above * _STEPS / np.where(varies, deviation, 1)[:, None])
    found: NDArray[np.int8] = np.where(varies[:, None], steps.clip(-_MOST_STEPS, _MOST_STEPS), 0).astype(np.int8)
    return found


def _sums_around(levels: NDArray[np.int32], size: int) -> NDArray[np.int32]:
    """The sum over the square of areas around each, [N, rows, columns]; those at the edge are repeated beyond it."""
    half = size // 2
    padded = np.pad(levels, ((0, 0), (half, half), (half, half)), mode="edge")
    rows, columns = levels.shape[1:]
    down = functools.reduce(np.add, (padded[:, i : i + rows] for i in range(size)))
    return functools.reduce(np.add, (down[:, :, i : i + columns] for i in range(size)))


def signatures(prints: NDArray[np.uint8], grid: Grid) -> NDArray[np.uint8]:
    """Bits that images which look alike have mostly in common (Charikar, "Similarity estimation techniques", 2002).

    Each says on which side of a plane through zero the image lies, as it looks before deviations are counted in steps;
    two that differ by an angle differ in as many of a hundred bits as it has hundredths of half a turn.

    Args:
        prints: fingerprints, [N, EXACT + areas].
        grid: that they were taken by.

    Returns:
        [N, BITS / 8]; no bit where an image does not vary at all.
    """
    planes = _planes(grid)
    on_one_side = np.matmul(prints[:, EXACT:].astype(planes.dtype), planes) > 0
    return np.packbits(on_one_side, axis=1)


@functools.lru_cache(2)
def _planes(grid: Grid) -> NDArray[np.floating]:
    """Planes by chance, the same everywhere, and what takes off the mean around each area: [areas, BITS].

    Products with levels, and their sums, are whole numbers that the type can hold: exact in whatever order.
    """
    chance = hashlib.shake_128(b"htrdata likeness %d" % grid.areas).digest(grid.areas * BITS // 8)
    signs = np.unpackbits(np.frombuffer(chance, np.uint8)).reshape(grid.rows, grid.columns, BITS) * 2.0 - 1
    down, across = _counts_around(grid.rows, grid.around), _counts_around(grid.columns, grid.around)
    around = np.einsum("ir,jc,ijb->rcb", down, across, signs, optimize=True)
    planes: NDArray[np.float64] = (grid.around**2 * signs - around).reshape(grid.areas, BITS)
    return planes.astype(np.float32) if np.abs(planes).sum(0).max() * 255 < 1 << 24 else planes


def _counts_around(length: int, size: int) -> NDArray[np.float64]:
    """How often each area of a side is among those around each: [of which, which]; those at the ends are repeated."""
    counts = np.zeros((length, length))
    near = np.arange(length)[:, None] + np.arange(-(size // 2), size // 2 + 1)
    np.add.at(counts, (np.arange(length)[:, None], near.clip(0, length - 1)), 1)
    return counts


def are_alike(
    looking: NDArray[np.int8], one: NDArray[np.intp], other: NDArray[np.intp], grid: Grid
) -> NDArray[np.bool_]:
    """Whether images look alike, pair by pair.

    Args:
        looking: as `looks` gives it.
        one: which of these is the first of each pair, [N].
        other: which is the second, [N].
        grid: that they were taken by.

    Returns:
        [N]; False where one hardly varies.
    """
    lengths = _products(looking, np.arange(len(looking)), np.arange(len(looking)))
    product = _products(looking, one, other)
    alike: NDArray[np.bool_] = (product > 0) & (product**2 >= grid.least**2 * (lengths[one] * lengths[other]))
    return alike


def _products(looking: NDArray[np.int8], one: NDArray[np.intp], other: NDArray[np.intp]) -> NDArray[np.int64]:
    """The scalar products of pairs, some at a time."""
    pieces = range(0, len(one), _PAIRS)
    found = [
        np.einsum("ij,ij->i", looking[one[i : i + _PAIRS]], looking[other[i : i + _PAIRS]], dtype=np.int64)
        for i in pieces
    ]
    return np.concatenate([np.empty(0, np.int64), *found])
