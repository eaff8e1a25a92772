"""Fingerprints: the same for the same pixels only, and alike for what looks the same."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from htrdata.drawing.handwriting.page import draw_page
from htrdata.images import likeness
from htrdata.images.codec import decode, encode
from htrdata.images.exact_sampling import shrink
from htrdata.images.likeness import BITS, EXACT, PAGE, WORD, Grid, are_alike, fingerprint, looks, signatures
from htrdata.records import Box

TEXTS = ("Minute", "and", "hour", "thanks", "zebra", "lighthouse", "on", "paper", "again", "of")


def word(number: int) -> np.ndarray:
    """A word written by a hand of its own."""
    pixels = draw_page([(TEXTS[number % len(TEXTS)], Box(110, 40, 190, 44))], 80, 220, seed=3, page=f"w{number}")
    return np.ascontiguousarray(pixels[:, :, 1])


def page(number: int) -> np.ndarray:
    """A page of some thirty words, at places that all pages have in common."""
    rng = np.random.default_rng(number)
    places = [Box(90 + 160 * column, 50 + 60 * row, 120, 36) for row in range(8) for column in range(4)]
    texts = [TEXTS[i] for i in rng.integers(0, len(TEXTS), len(places))]
    pixels = draw_page(list(zip(texts, places, strict=True)), 520, 660, seed=5, page=f"p{number}")
    return np.ascontiguousarray(pixels[:, :, 1])


KINDS = pytest.mark.parametrize(("draw", "grid"), [(word, WORD), (page, PAGE)])


def alike(one: np.ndarray, other: np.ndarray, grid: Grid) -> bool:
    joined = fingerprint(one, grid) + fingerprint(other, grid)
    looking = looks(np.frombuffer(joined, np.uint8).reshape(2, -1), grid)
    return bool(are_alike(looking, np.array([0]), np.array([1]), grid)[0])


@KINDS
def test_only_the_same_pixels_have_the_same_exact_bytes(draw: Callable[[int], np.ndarray], grid: Grid) -> None:
    pixels = draw(0)
    changed = pixels.copy()
    changed[-1, -1] ^= 1
    first = fingerprint(pixels, grid)
    assert len(first) == EXACT + grid.areas
    assert fingerprint(pixels[:, ::-1][:, ::-1], grid) == first
    others = [changed, pixels[:, :-1], pixels.T, np.roll(pixels, 1, 0), draw(1)]
    assert all(fingerprint(other, grid)[:EXACT] != first[:EXACT] for other in others)


@KINDS
def test_a_copy_looks_alike_and_another_does_not(draw: Callable[[int], np.ndarray], grid: Grid) -> None:
    pixels = draw(0)
    height, width = pixels.shape
    copies = [decode(encode(pixels, "jpeg", quality), "grey") for quality in (95, 75, 30)]
    copies += [shrink(pixels, width * 3 // 4, height * 3 // 4), (pixels // 2 + 90).astype(np.uint8)]
    copies.append(cv2.GaussianBlur(pixels, (3, 3), 0))
    assert [alike(pixels, copy, grid) for copy in copies] == [True] * len(copies)
    assert not any(alike(pixels, draw(number), grid) for number in range(1, 12))
    assert not alike(pixels, 255 - pixels, grid)
    assert not alike(pixels, pixels[::-1, ::-1], grid)


@KINDS
def test_signatures_of_copies_have_most_bits_in_common(draw: Callable[[int], np.ndarray], grid: Grid) -> None:
    images = [draw(0), decode(encode(draw(0), "jpeg", 50), "grey"), draw(1)]
    prints = np.frombuffer(b"".join(fingerprint(image, grid) for image in images), np.uint8).reshape(3, -1)
    bits = np.unpackbits(signatures(prints, grid), axis=1)
    apart = [int((bits[0] != other).sum()) for other in bits[1:]]
    assert bits.shape == (3, BITS)
    assert apart[0] < 25 < 64 < apart[1]


@pytest.mark.parametrize("pixels", [np.full((40, 90), 230, np.uint8), word(0)[:7], word(0)[:, 100:104]])
def test_of_blank_paper_and_specks_nothing_is_said(pixels: np.ndarray) -> None:
    assert not alike(pixels, pixels, WORD)
    prints = np.frombuffer(fingerprint(pixels, WORD), np.uint8).reshape(1, -1)
    assert not looks(prints, WORD).any()


def test_what_does_not_vary_has_no_bits() -> None:
    levels = [np.full((40, 90), level, np.uint8) for level in (0, 7, 255)]
    for grid in (WORD, PAGE):
        prints = np.frombuffer(b"".join(fingerprint(pixels, grid) for pixels in levels), np.uint8).reshape(3, -1)
        assert not signatures(prints, grid).any()


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (12, 32), (13, 33), (64, 161), (200, 3), (70, 90, 3)])
@pytest.mark.parametrize("grid", [WORD, PAGE])
def test_small_and_large_images_are_summed_up_alike(
    shape: tuple[int, ...], grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    small = likeness._sums(pixels, grid)
    monkeypatch.setattr(likeness, "_AT_ONCE", 0)
    for one, other in zip(likeness._sums(pixels, grid), small, strict=True):
        assert np.array_equal(one, other)


def test_a_large_image_is_told_by_any_of_its_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likeness, "_AT_ONCE", 1000)
    pixels = np.random.default_rng(2).integers(0, 255, (90, 80), dtype=np.uint8)
    exact = fingerprint(pixels, PAGE)[:EXACT]
    for row in range(90):
        changed = pixels.copy()
        changed[row, 40] += 1
        assert fingerprint(changed, PAGE)[:EXACT] != exact


def test_means_are_those_of_equal_areas() -> None:
    pixels = np.arange(24 * 64, dtype=np.uint16).reshape(24, 64) % 251
    grey = pixels.astype(np.uint8)
    expected = pixels.reshape(12, 2, 32, 2).sum((1, 3)) // 4
    assert np.array_equal(np.frombuffer(fingerprint(grey, WORD)[EXACT:], np.uint8), expected.ravel())


@pytest.mark.parametrize(("grid", "images"), [(WORD, 6000), (PAGE, 600)])
def test_many_images_are_looked_at_some_at_a_time(grid: Grid, images: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held besides the result does not grow with their number."""
    prints = np.random.default_rng(3).integers(0, 256, (images, EXACT + grid.areas), np.uint8)
    tracemalloc.start()
    try:
        found = looks(prints, grid)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 2 * found.nbytes + (48 << 20)
    monkeypatch.setattr(likeness, "_MEANS", found.size)
    assert np.array_equal(looks(prints, grid), found)
    assert looks(prints[:0], grid).shape == (0, grid.areas)
