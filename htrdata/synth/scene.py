"""The crop of one drawn word: its ink, what else is on the sheet, and what lens, sensor and scanner make of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htrdata.handwriting import Strokes, draw, write_words
from htrdata.handwriting.ink import Affine, Canvas
from htrdata.images import opencv
from htrdata.synth.fonts import SetWord, set_word
from htrdata.synth.writers import Writer

cv2 = opencv()
Light = NDArray[np.float32]

HEIGHT = 64  # pixels; no crop is higher
_WIDEST = 24 * HEIGHT
_SMALLEST = 6
_TOO_TIGHT = 0.12  # share of a word's height or width that may be cut off at each side, at most


def write_texts(texts: Sequence[str], writer: Writer, rng: np.random.Generator) -> list[Strokes] | list[SetWord]:
    """Writes words in a writer's hand, for `draw_word`; many at once are written faster.

    Args:
        texts: without spaces; where the writer's hand is a font, of its characters.
        writer: whose words they are.
        rng: what differs from word to word; the same state gives the same words.
    """
    if writer.font is None:
        return write_words(texts, writer.style, rng)
    return [set_word(text, writer.font, rng) for text in texts]


def draw_word(word: Strokes | SetWord, writer: Writer, rng: np.random.Generator) -> Canvas:
    """Draws the crop of a word as it would come out of a data set.

    Args:
        word: as `write_texts` gives it.
        writer: whose word it is.
        rng: what differs from crop to crop; the same state gives the same pixels.

    Returns:
        Grey levels, uint8 [H, W] with H up to 64.
    """
    tilt = writer.tilt * (0.5 + float(rng.random()))
    scale, (x, y), (width, height) = _frame(_bounds(word, writer), tilt, writer, rng)
    affine = _affine(scale, tilt, x, y)
    canvas = np.full((height, width), 255, np.uint8)
    _rule(canvas, writer, scale, y, rng)
    if writer.bleed:
        _bleed(canvas, writer, affine, rng)
    tone = min(round(writer.ink + 25 * float(rng.random())), 190)
    _crowd(canvas, writer, affine, tone, rng)
    if isinstance(word, Strokes):
        _draw(canvas, word, writer, affine, tone)
    else:
        word.draw(canvas, affine, tone)
    return _pictured(canvas, writer, rng)


def _draw(canvas: Canvas, strokes: Strokes, writer: Writer, affine: Affine, tone: int) -> None:
    """Draws pen strokes in the width of the writer's pen."""
    draw(canvas, strokes, affine, max(1.0, writer.style.pen * math.hypot(affine[0], affine[3])), tone)


def _bounds(word: Strokes | SetWord, writer: Writer) -> tuple[float, float, float, float]:
    """Left, upper, right and lower end in x-heights, the pen's width included."""
    left, upper, right, lower = word.bounds
    half = 0.5 * writer.style.pen if isinstance(word, Strokes) else 0.0
    return left - half, upper - half, right + half, lower + half


def _affine(scale: float, tilt: float, x: float, y: float) -> Affine:
    """From x-heights to pixels: turned counter-clockwise by the tilt, the origin at (x, y)."""
    cos, sin = scale * math.cos(tilt), scale * math.sin(tilt)
    return cos, sin, x, -sin, cos, y


def _frame(
    bounds: tuple[float, float, float, float], tilt: float, writer: Writer, rng: np.random.Generator
) -> tuple[float, tuple[float, float], tuple[int, int]]:
    """Where the crop is cut.

    Returns:
        Pixels per x-height, the place of the word's origin in the crop, and the crop's width and height in pixels.
    """
    cos, sin = math.cos(tilt), math.sin(tilt)
    corners = [(cos * x + sin * y, cos * y - sin * x) for x in bounds[::2] for y in bounds[1::2]]
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    upper, lower = min(y for _, y in corners), max(y for _, y in corners)
    chance = rng.standard_normal(4).tolist()
    spare = [writer.margin * (0.6 + 0.4 * abs(one)) + 0.06 * one for one in chance]
    across, down = -_TOO_TIGHT * (right - left), -_TOO_TIGHT * (lower - upper)
    left, right = left - max(spare[0], across), right + max(spare[1], across)
    upper, lower = upper - max(spare[2], down), lower + max(spare[3], down)
    scale = writer.size * math.exp(0.1 * float(rng.standard_normal()))
    scale = min(scale, HEIGHT / max(lower - upper, 0.05), _WIDEST / max(right - left, 0.05))
    width = max(_SMALLEST, math.ceil(scale * (right - left)))
    height = min(HEIGHT, max(_SMALLEST, math.ceil(scale * (lower - upper))))
    x = 0.5 * width - scale * 0.5 * (left + right)
    y = 0.5 * height - scale * 0.5 * (upper + lower)
    return scale, (x, y), (width, height)


def _rule(canvas: Canvas, writer: Writer, scale: float, baseline: float, rng: np.random.Generator) -> None:
    """Ruled lines, the nearest one near the baseline, and columns on squared paper."""
    if not writer.ruling:
        return
    height, width = canvas.shape
    distance = writer.ruling * scale
    thickness = max(1, round(scale / 22))
    chance = rng.random(4).tolist()
    tone = round(120 + 110 * chance[0])
    start = baseline + scale * (0.35 * chance[1] - 0.1)
    tilt = width * 0.03 * (chance[2] - 0.5)
    for i in range(math.floor(-start / distance), math.ceil((height - start) / distance) + 1):
        y = start + i * distance
        cv2.line(canvas, (0, round(y - tilt)), (width, round(y + tilt)), tone, thickness)
    if writer.squared:
        for x in np.arange(distance * chance[3], width, distance).tolist():
            cv2.line(canvas, (round(x), 0), (round(x), height), tone, thickness)


def _bleed(canvas: Canvas, writer: Writer, affine: Affine, rng: np.random.Generator) -> None:
    """Words of the other side, mirrored and faint."""
    behind = np.full(canvas.shape, 255, np.uint8)
    word = writer.neighbours[int(rng.integers(len(writer.neighbours)))]
    a, b, _, d, e, f = affine
    shift = f + abs(a) * float(rng.uniform(-1.5, 1.5))
    mirrored = (-a, b, float(rng.uniform(0.5, 1.0)) * canvas.shape[1], -d, e, shift)
    _draw(behind, word, writer, mirrored, int(rng.integers(190, 235)))
    behind = np.asarray(cv2.GaussianBlur(behind, (5, 5), 1.2), np.uint8)
    cv2.multiply(canvas, behind, dst=canvas, scale=1 / 255)


def _crowd(canvas: Canvas, writer: Writer, affine: Affine, tone: int, rng: np.random.Generator) -> None:
    """Ends of neighbouring words at the four edges."""
    height, width = canvas.shape
    scale = math.hypot(affine[0], affine[3])
    for side, chance in enumerate(rng.random(4).tolist()):
        if chance > writer.crowded * (0.5 if side < 2 else 1.0):
            continue
        word = writer.neighbours[int(rng.integers(len(writer.neighbours)))]
        left, upper, right, lower = _bounds(word, writer)
        depth = float(rng.uniform(0.05, 0.3)) * scale  # how far it reaches in
        along = float(rng.uniform(-0.2, 0.9)) * width - scale * left
        x, y = (
            (min(depth, 0.12 * width) - scale * right, affine[5]),
            (width - min(depth, 0.12 * width) - scale * left, affine[5]),
            (along, min(depth, 0.2 * height) - scale * lower),
            (along, height - min(depth, 0.2 * height) - scale * upper),
        )[side]
        _draw(canvas, word, writer, (*affine[:2], x, *affine[3:5], y), tone)


def _pictured(canvas: Canvas, writer: Writer, rng: np.random.Generator) -> Canvas:
    """Paper, light, lens and sensor."""
    width = canvas.shape[1]
    chance = rng.random(8, np.float32).tolist()
    light = canvas.astype(np.float32)
    if chance[0] < 0.5:  # the ink is not even: it runs dry, the pencil slides
        light = 255 - (255 - light) * _slow(rng, (2, max(2, width // 16)), 0.55 + 0.3 * chance[1], 1.0, canvas.shape)
    paper = writer.paper
    if writer.shade:
        dark = writer.shade * (0.5 + 0.5 * chance[2])
        light *= _slow(rng, (2, 3), 1 - dark, 1.0, canvas.shape)
    light *= np.float32(paper / 255)
    if writer.dark:
        light = np.float32(paper) * np.float32(0.25 + 0.5 * chance[3]) + (paper - light)
    if (blur := writer.blur * (0.5 + chance[4])) > 0.25:
        light = _floats(cv2.GaussianBlur(light, (0, 0), blur))
    if writer.grain > 0.3:
        light += np.float32(writer.grain) * rng.standard_normal(canvas.shape, np.float32)
    if writer.white:
        darkest = float(light.min())
        light[light > writer.paper - (0.12 + 0.2 * chance[5]) * (writer.paper - darkest)] = 255
    return np.clip(light, 0, 255, out=light).astype(np.uint8)


def _slow(rng: np.random.Generator, knots: tuple[int, int], low: float, high: float, shape: tuple[int, ...]) -> Light:
    """A smooth field between two values, float32 of that shape."""
    field = rng.random(knots, np.float32) * np.float32(high - low) + np.float32(low)
    return _floats(cv2.resize(field, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR))


def _floats(values: NDArray[Any]) -> Light:
    """The same array; OpenCV's annotations do not say that it holds float32."""
    return np.asarray(values, np.float32)
