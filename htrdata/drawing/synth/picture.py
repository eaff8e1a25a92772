"""What paper, light, lens, sensor and scanner make of ink: from covered pixels to the grey levels of crops.

Everything is done to whole bands of crops (see `htrdata.drawing.synth.frames`) in bytes, and what differs from word to
word is spread over the columns of its cell. Two things do not differ as they would on real pages: the words of a band
have the same blur, since one call blurs them all, and noise is cut at a random place out of one fixed table.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htrdata.drawing.handwriting.ink import Canvas
from htrdata.drawing.synth.frames import Band, Frames, Values
from htrdata.drawing.synth.writers import Writer
from htrdata.images.opencv import opencv

cv2 = opencv()

_NOISE = 2**21  # bytes of noise, more than a band has pixels
_DEVIATION = 32  # standard deviation of the noise
_UNEVEN = 16  # pixels over which the strength of ink changes


def see_through(covered: Sequence[Canvas], bands: Sequence[Band], words: int, rng: np.random.Generator) -> list[Canvas]:
    """What the ink of the sheet's other side leaves of the light, uint8 for each band.

    Args:
        covered: by that ink, uint8 for each band.
        bands: of the crops.
        words: how many crops there are.
        rng: how dark it is behind each.
    """
    strength = 65 - 45 * rng.random(words)
    found = []
    for ink, band in zip(covered, bands, strict=True):
        soft = cv2.GaussianBlur(ink, (5, 5), 1.2)
        dark = cv2.multiply(soft, _rows(band.columns(strength)[None], band), scale=1 / 255)
        found.append(_bytes(cv2.bitwise_not(dark)))
    return found


def picture(
    ink: Sequence[Canvas],
    behind: Sequence[Canvas] | None,
    bands: Sequence[Band],
    frames: Frames,
    writer: Writer,
    rng: np.random.Generator,
) -> list[Canvas]:
    """Pictures a writer's sheet and cuts the crops out of it.

    Args:
        ink: what covers each band, uint8 from 0 to 255.
        behind: what remains of the light behind each, uint8; None for all of it.
        bands: of the crops.
        frames: the crops.
        writer: whose sheet it is.
        rng: what differs from crop to crop.

    Returns:
        Grey levels of each crop, uint8 [H, W].
    """
    crops: dict[int, Canvas] = {}
    chance = rng.random((6, len(frames.scale)))
    backs: Sequence[Canvas | None] = behind or [None] * len(bands)
    for band, covered, back in zip(bands, ink, backs, strict=True):
        sheet = _lit(covered, band, chance, writer, rng)
        if back is not None:
            sheet = _bytes(cv2.multiply(sheet, back, scale=1 / 255))
        if writer.ruling:
            sheet = _bytes(cv2.multiply(sheet, _ruled(band, frames, writer, rng), scale=1 / 255))
        sheet = _taken(sheet, band, chance, writer, rng)
        for word, cell in band.cells():
            height, pad = int(frames.height[word]), band.pad
            crops[word] = np.ascontiguousarray(sheet[pad : pad + height, cell.start + pad : cell.stop - pad])
    return [crops[word] for word in range(len(crops))]


def _lit(ink: Canvas, band: Band, chance: Values, writer: Writer, rng: np.random.Generator) -> Canvas:
    """Paper in its light with the ink on it, uint8."""
    dark = writer.shade * (0.5 + 0.5 * chance[0, band.words])
    knots = 1 - dark[:, None, None] * rng.random((len(band.words), 2, 3))
    places = band.left[:, None] + (band.widths[:, None] - 1) * np.array([0.0, 0.5, 1.0])
    columns = np.arange(band.shape[1])
    paper = writer.paper * np.stack([np.interp(columns, places.ravel(), knots[:, row].ravel()) for row in (0, 1)])
    tone = np.minimum(np.round(writer.ink + 25 * chance[1]), 190)
    # Half of the words' ink is not even: it runs dry, the pencil slides.
    weaker = np.where(chance[2] < 0.5, 0.45 - 0.3 * chance[3], 0.0)
    strengths = rng.random((2, 2 + band.shape[1] // _UNEVEN), np.float32)
    knotted = np.linspace(0, band.shape[1], strengths.shape[1])
    slow = np.stack([np.interp(columns, knotted, row) for row in strengths])
    taken = paper * band.columns(1 - tone / 255) * (1 - band.columns(weaker) * slow)
    return _bytes(cv2.subtract(_rows(paper, band), cv2.multiply(_rows(taken, band), ink, scale=1 / 255)))


def _ruled(band: Band, frames: Frames, writer: Writer, rng: np.random.Generator) -> Canvas:
    """What ruled lines leave of the light: the nearest one near the baseline, and columns on squared paper."""
    light = np.full(band.shape, 255, np.uint8)
    for word, cell in band.cells():
        canvas = light[:, cell]
        height, width = canvas.shape
        scale = float(frames.scale[word])
        distance = writer.ruling * scale
        thickness = max(1, round(scale / 22))
        chance = rng.random(4).tolist()
        tone = round(120 + 110 * chance[0])
        start = float(frames.y[word]) + band.pad + scale * (0.35 * chance[1] - 0.1)
        tilt = width * 0.03 * (chance[2] - 0.5)
        for i in range(math.floor(-start / distance), math.ceil((height - start) / distance) + 1):
            y = start + i * distance
            cv2.line(canvas, (0, round(y - tilt)), (width, round(y + tilt)), tone, thickness)
        if writer.squared:
            for x in np.arange(distance * chance[3], width, distance).tolist():
                cv2.line(canvas, (round(x), 0), (round(x), height), tone, thickness)
    return light


def _taken(sheet: Canvas, band: Band, chance: Values, writer: Writer, rng: np.random.Generator) -> Canvas:
    """What the lens, the sensor and the scanner's software make of a sheet."""
    if writer.dark:  # chalk
        light = writer.paper * (1.25 + 0.5 * band.columns(chance[4]))
        sheet = (light - sheet).clip(0, 255).astype(np.uint8)
    if (blur := writer.blur * (0.5 + float(rng.random()))) > 0.25:
        sheet = _bytes(cv2.GaussianBlur(sheet, (0, 0), blur))
    if writer.grain > 0.3:
        begin = int(rng.integers(_NOISE - sheet.size))
        noise = _noise()[begin : begin + sheet.size].reshape(sheet.shape)
        share = writer.grain / _DEVIATION
        sheet = _bytes(cv2.addWeighted(sheet, 1.0, noise, share, -128 * share))
    if writer.white:
        darkest = np.repeat(np.minimum.reduceat(sheet.min(axis=0), band.left), band.widths).astype(np.float64)
        limit = writer.paper - (0.12 + 0.2 * band.columns(chance[5])) * (writer.paper - darkest)
        sheet |= -(sheet > limit.astype(np.uint8)).view(np.uint8)
    return sheet


def _rows(values: Values, band: Band) -> Canvas:
    """A field that changes evenly from values[0] above to values[-1] below: uint8 of the band's shape."""
    rows, columns = band.shape
    return _bytes(cv2.resize(values.astype(np.uint8), (columns, rows), interpolation=cv2.INTER_LINEAR))


@functools.cache
def _noise() -> Canvas:
    """Noise around 128, uint8; the same in every process."""
    rng = np.random.default_rng(64)
    return (128 + _DEVIATION * rng.standard_normal(_NOISE, np.float32)).clip(0, 255).astype(np.uint8)


def _bytes(image: NDArray[Any]) -> Canvas:
    """The same array; OpenCV's annotations do not say that it holds bytes."""
    return np.asarray(image, np.uint8)
