"""Paper under a lamp: what turns ink on a canvas into the photograph of a page, cheaply for millions of pixels."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htrdata.images.opencv import opencv

cv2 = opencv()

Canvas = NDArray[np.uint8]
_GRAIN = 512  # side of the tile that is repeated all over a page, in pixels
_INKS = ((40, 38, 38), (30, 28, 30), (135, 60, 35), (110, 45, 30), (95, 92, 92), (45, 40, 150))
"""Black, black, blue, dark blue, pencil and red, as blue, green and red of 255."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A sheet, its light and the pen's colour.

    Attributes:
        light: grey level of the bare paper where it is lit best, 0 to 255.
        tint: the paper's colour: blue, green and red relative to the light, 0 to 1.
        ink: what full ink leaves of the light: blue, green and red, 0 to 255.
        shade: share of the light, 0 to 1, that is missing where it is darkest.
        grain: strength of the noise, 0 to 1; at 1 its standard deviation is 12 grey levels.
        ruling: distance of the ruled lines in pixels; 0 for blank paper.
    """

    light: int
    tint: tuple[float, float, float]
    ink: tuple[int, int, int]
    shade: float
    grain: float
    ruling: float


def random_paper(rng: np.random.Generator, line: float) -> Paper:
    """A sheet drawn by chance; a third of the sheets are ruled.

    Args:
        rng: the same state gives the same sheet.
        line: distance between lines of writing, in pixels, for the ruling.
    """
    warmth = float(rng.uniform(-0.4, 1.0))
    return Paper(
        light=int(rng.integers(165, 246)),
        tint=(1 - 0.2 * max(warmth, 0), 1 - 0.05 * abs(warmth), 1 + 0.2 * min(warmth, 0)),
        ink=_INKS[int(rng.integers(len(_INKS)))],
        shade=float(rng.uniform(0.05, 0.45)),
        grain=float(rng.uniform(0.1, 0.6)),
        ruling=float(line * rng.uniform(0.9, 1.1)) if rng.random() < 0.35 else 0.0,
    )


def blank(height: int, width: int, paper: Paper) -> Canvas:
    """A canvas to draw on, uint8 [height, width]: 255 all over, but for the ruled lines."""
    canvas = np.full((height, width), 255, np.uint8)
    if paper.ruling >= 8:
        thickness = max(1, round(paper.ruling / 60))
        for y in np.arange(paper.ruling, height, paper.ruling).round().astype(int).tolist():
            canvas[y : y + thickness] = 214
    return canvas


def photograph(canvas: Canvas, paper: Paper, rng: np.random.Generator) -> Canvas:
    """Turns a canvas into the photograph of a page.

    Args:
        canvas: what the ink leaves of the light, uint8 [H, W], 255 where there is none.
        paper: the sheet and its light.
        rng: where the shade falls and where the grain begins.

    Returns:
        Blue, green and red, uint8 [H, W, 3].
    """
    height, width = canvas.shape
    slope, folds = rng.random((2, 2), np.float32), rng.random((5, 5), np.float32)
    between = np.array([0.0, 0.1, 0.5, 0.9, 1.0], np.float32)
    left, right = slope[:, :1] + (slope[:, 1:] - slope[:, :1]) * between
    slopes = left + (right - left) * between[:, None]
    dark = np.float32(paper.shade) * (np.float32(0.88) * slopes + np.float32(0.12) * folds)
    shade = _enlarged((paper.light * (1 - dark)).astype(np.uint8), height, width)
    down, right = rng.integers(_GRAIN, size=2).tolist()
    grain = cv2.copyMakeBorder(_grain(), down, max(0, height - _GRAIN), right, max(0, width - _GRAIN), cv2.BORDER_WRAP)
    sheet = cv2.addWeighted(shade, 1.0, grain[:height, :width], paper.grain, -128 * paper.grain)
    coloured = cv2.applyColorMap(sheet, _ramp(np.zeros(3), 255 * np.array(paper.tint)))
    return _bytes(
        cv2.multiply(coloured, cv2.applyColorMap(canvas, _ramp(np.array(paper.ink), np.full(3, 255))), scale=1 / 255)
    )


def _enlarged(knots: Canvas, height: int, width: int) -> Canvas:
    """A smooth field through knots, near enough; of bytes, since OpenCV's linear resizing of bytes is exact."""
    small = cv2.GaussianBlur(cv2.resize(knots, (80, 80)), (0, 0), 6, borderType=cv2.BORDER_REPLICATE)
    return _bytes(cv2.resize(small, (width, height)))


def copy(canvas: Canvas, paper: Paper) -> Canvas:
    """Turns a canvas into a page of even light without grain: half as much work as `photograph`, and smaller as JPEG.

    Args:
        canvas: what the ink leaves of the light, uint8 [H, W], 255 where there is none.
        paper: the sheet; its shade and grain do not count.

    Returns:
        Blue, green and red, uint8 [H, W, 3].
    """
    light = paper.light * np.array(paper.tint)
    return _bytes(cv2.applyColorMap(canvas, _ramp(light * np.array(paper.ink) / 255, light)))


def _ramp(dark: NDArray[np.float64], light: NDArray[np.float64]) -> Canvas:
    """A colour map from one colour at 0 to another at 255, uint8 [256, 1, 3]."""
    return np.linspace(dark, light, 256).round().astype(np.uint8).reshape(256, 1, 3)


def _bytes(image: NDArray[Any]) -> Canvas:
    """The same array; OpenCV's annotations do not say that it holds bytes."""
    return np.asarray(image, np.uint8)


@functools.cache
def _grain() -> Canvas:
    """Noise as of a sensor and of fibres, uint8 around 128; the same in every process."""
    rng = np.random.default_rng(5000)
    fine = rng.standard_normal((_GRAIN, _GRAIN), np.float32)
    wrapped = np.pad(rng.standard_normal((_GRAIN, _GRAIN), np.float32), 16, "wrap")
    # In whole numbers, 6000 for 1, which spread alike everywhere; by 1.5 pixels they become 0.188 times as strong.
    whole = (wrapped * np.float32(6000) + np.float32(32768)).clip(0, 65535).astype(np.uint16)
    fibres = np.asarray(cv2.GaussianBlur(whole, (0, 0), 1.5), np.float32)[16:-16, 16:-16] - np.float32(32768)
    noise = fine + fibres * np.float32(0.6 / (0.188 * 6000))
    return np.asarray((128 + 10 * noise).clip(0, 255), np.uint8)
