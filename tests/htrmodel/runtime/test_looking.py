"""Pages, lines and blank paper are told from words: on drawn ones, and on real pages where they are at hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from htrdata.drawing.handwriting.page import draw_page, lay_out
from htrdata.images.codec import decode
from htrdata.records import Box
from htrmodel.runtime.looking import Kind, kind_of

TEXTS = (
    "the quick brown fox jumps over lazy dogs and unquestionably everybody will have read it before . , " * 8
).split()

Drawn = list[tuple[Image.Image, list[Box]]]


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    """Pages of eight writers, with the boxes of their words."""
    pages = []
    for seed in range(8):
        boxes = lay_out(TEXTS, 1200, 900, turn=0, unrest=0.5, seed=seed, page="a")
        pixels = draw_page(list(zip(TEXTS, boxes, strict=True)), 1200, 900, seed=seed, page="a")
        pages.append((Image.fromarray(pixels).convert("L"), boxes))
    return pages


def around(boxes: list[Box]) -> tuple[int, int, int, int]:
    left, top = min(box.xc - box.w / 2 for box in boxes), min(box.yc - box.h / 2 for box in boxes)
    right, bottom = max(box.xc + box.w / 2 for box in boxes), max(box.yc + box.h / 2 for box in boxes)
    return int(left) - 2, int(top) - 2, int(right) + 2, int(bottom) + 2


def lines_of(boxes: list[Box]) -> Iterator[list[Box]]:
    """The words of each line: the next one begins where the writing jumps back to the left."""
    starts = np.cumsum([0, *(b.xc < a.xc for a, b in pairwise(boxes))])
    for _, line in groupby(zip(starts.tolist(), boxes, strict=True), key=lambda pair: pair[0]):
        yield [box for _, box in line]


def counted(images: list[Image.Image]) -> Counter[Kind | None]:
    return Counter(kind_of(image) for image in images)


def test_words_are_words(drawn: Drawn) -> None:
    words = [page.crop(around([box])) for page, boxes in drawn for box in boxes]
    found = counted(words)
    assert found[None] >= 0.99 * len(words), found


def test_lines_are_lines(drawn: Drawn) -> None:
    lines = [page.crop(around(line)) for page, boxes in drawn for line in lines_of(boxes) if len(line) > 4]
    found = counted(lines)
    assert found["line"] >= 0.9 * len(lines), found
    assert len(lines) > 50


@pytest.mark.parametrize("turn", [0, 2, -1.5])
def test_pages_and_halves_of_them_are_pages(drawn: Drawn, turn: float) -> None:
    pages = [page.rotate(turn, Image.Resampling.BILINEAR, fillcolor=225) for page, _ in drawn]
    halves = [page.crop((0, 300, page.width, 900)) for page in pages]
    assert counted(pages)["page"] >= 7
    assert counted(halves)["page"] >= 7


@pytest.mark.parametrize("level", [0, 90, 255])
@pytest.mark.parametrize("size", [(8, 8), (100, 32), (900, 1200)])
def test_paper_is_blank_with_grain_and_shade_too(level: int, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    shade = np.linspace(0, 40, size[0])[None, :] * (size[0] > 50)
    for paper in (np.full(size[::-1], level), level + shade + rng.normal(0, 3, size[::-1])):
        assert kind_of(Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8))) == "blank"


def test_a_full_stop_is_no_blank_paper() -> None:
    pixels = np.full((9, 7), 240, np.uint8)
    pixels[2:7, 1:6] = 30
    assert kind_of(Image.fromarray(pixels)) is None


def test_real_pages_are_pages(shared: Path) -> None:
    paths = sorted([*shared.glob("pages/*/*.jpg"), *shared.glob("hn2021/*.jpg")])
    if not paths:
        pytest.skip(f"no pages in {shared}")
    found = counted([Image.fromarray(decode(path.read_bytes(), "grey")) for path in paths[::3]])
    assert found["page"] >= len(paths[::3]) - 2, found
