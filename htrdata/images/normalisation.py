"""Normalising words: levelling the paper, stretching the contrast, straightening the writing, trimming the margins.

Dark ink on light paper is assumed. Crops are uint8, grey [H, W] or RGB [H, W, 3], and so are the results; a crop to
which nothing is done is returned itself. Where no ink stands out from the paper (see `ink.ink_of`), `whiten`
without a threshold, `deskew`, `slant` and `trim` do nothing. All are deterministic, and raise ValueError where the
array has no pixels, or is of another type or shape.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

import numpy as np

from htrdata.errors import UsageError
from htrdata.images.cropping import MAX_DIAGONAL
from htrdata.images.exact_sampling import Affine, turn, warp
from htrdata.images.ink import LEAST_CONTRAST, ink_of, level, luma_of, paper_of, skew_angle, slant_angle
from htrdata.images.opencv import opencv

cv2 = opencv()

_Linear = tuple[tuple[float, float], tuple[float, float]]

LEAST_SKEW = 1.0
"""Writing that rises or falls by less, in degrees, counts as level: `deskew` does nothing."""

LEAST_SLANT = 3.0
"""Writing that leans by less, in degrees, counts as upright: `slant` does nothing."""

_TAIL = 0.005  # share of the pixels that may be clipped at either end when the contrast is stretched


class Operation(enum.StrEnum):
    """What can be done to a word, in the order in which it is done.

    Levels come first: the threshold of a source holds for its own levels, and angles are measured best on even paper.
    Then the skew, as the slant is measured from a level line. Last the margins, which turning makes.
    """

    WHITEN = "whiten"
    BACKGROUND = "background"
    CONTRAST = "contrast"
    DESKEW = "deskew"
    SLANT = "slant"
    TRIM = "trim"


def operations(names: Iterable[str]) -> tuple[Operation, ...]:
    """The operations of these names, each once, in the order in which they are done.

    Raises:
        UsageError: a name is unknown.
    """
    given = set(names)
    unknown = sorted(given.difference(Operation))
    if unknown:
        raise UsageError(f"there is no normalisation {unknown[0]!r}: give some of {', '.join(Operation)}")
    return tuple(operation for operation in Operation if operation in given)


def normalise(pixels: np.ndarray, wanted: Iterable[Operation], threshold: int | None = None) -> np.ndarray:
    """Does operations to a word, in the order of `Operation` whatever the order in which they are given.

    Args:
        pixels: uint8 [H, W] or [H, W, 3].
        wanted: what to do.
        threshold: that of the source, for `whiten`.

    Returns:
        uint8 [h, w] or [h, w, 3].
    """
    for operation in operations(wanted):
        pixels = whiten(pixels, threshold) if operation is Operation.WHITEN else _STEPS[operation](pixels)
    return pixels


def whiten(pixels: np.ndarray, threshold: int | None = None) -> np.ndarray:
    """Makes the paper white and leaves the ink as it is: what is lighter than its threshold becomes 255.

    So Kang et al. ("Convolve, Attend and Spell", GCPR 2018) load IAM, whose annotations give the threshold at which
    each line was binarised. Where a source gives none, all that `ink.ink_of` takes for paper becomes 255.
    Whitening again at a threshold changes nothing.

    Args:
        pixels: uint8 [H, W] or [H, W, 3].
        threshold: the lightest level of ink in the luma, 0 to 255; None where the source gives none.
    """
    luma = luma_of(pixels)
    ink = ink_of(pixels) if threshold is None else luma <= threshold
    if ink is None:
        return pixels
    white = pixels.copy()
    white[~ink] = 255
    return white


def background(pixels: np.ndarray) -> np.ndarray:
    """Levels the light: each pixel is divided by the paper around it, so that paper becomes white everywhere.

    The paper is estimated by a closing that is larger than the writing (see `ink.paper_of`): the method is of
    the family of Wang et al. ("Morphological background detection and illumination normalization of text image with
    poor lighting", PLoS ONE 9(11), 2014). Gradients and shadows wider than the crop is high go, narrower shadows stay.
    So does shade that takes more than half of the light. The tint of the paper goes, too. Blank paper becomes white.
    """
    luma_of(pixels)
    return level(pixels)


def contrast(pixels: np.ndarray) -> np.ndarray:
    """Stretches the grey levels linearly to the full range, and clips at most 1/200 of the pixels at either end.

    The textbooks' percentile stretch (Gonzalez and Woods, "Digital Image Processing", chapter 3). The levels are those
    of the luma, and one map goes for all channels. Fewer than 16 levels between both ends count as blank, and are left
    as they are. Stretching a grey image again changes nothing.
    """
    luma = luma_of(pixels)
    upto = np.cumsum(cv2.calcHist([luma], [0], None, [256], [0, 256]).ravel(), dtype=np.float64)
    low = int(np.searchsorted(upto, _TAIL * luma.size, side="right"))
    high = int(np.searchsorted(upto, (1 - _TAIL) * luma.size))
    if high - low < LEAST_CONTRAST:
        return pixels
    levels = np.clip(np.rint((np.arange(256) - low) * (255 / (high - low))), 0, 255).astype(np.uint8)
    stretched: np.ndarray = cv2.LUT(pixels, levels)
    return stretched


def deskew(pixels: np.ndarray) -> np.ndarray:
    """Turns a word so that its line of writing is level, by `ink.skew_angle`.

    The result has room for all of the turned crop. New corners get the colour of the paper around them.
    """
    angle = skew_angle(pixels)
    if abs(angle) < LEAST_SKEW:
        return pixels
    cosine, sine = turn(angle)
    return _warped(pixels, ((cosine, -sine), (sine, cosine)))


def slant(pixels: np.ndarray) -> np.ndarray:
    """Shears a word so that its letters stand upright, by `ink.slant_angle`.

    The result is as high as the crop, with room for all of it. New corners get the colour of the paper around them.
    """
    angle = slant_angle(pixels)
    if abs(angle) < LEAST_SLANT:
        return pixels
    cosine, sine = turn(angle)
    return _warped(pixels, ((1.0, sine / cosine), (0.0, 1.0)))


def trim(pixels: np.ndarray) -> np.ndarray:
    """Cuts a word down to its ink and a margin: a sixteenth of the ink's height, at least one pixel.

    Nothing that `ink.ink_of` takes for ink is cut off. On sides where the crop has less margin, it stays as
    it is. The result is a view of the crop.
    """
    ink = ink_of(pixels)
    if ink is None:
        return pixels
    x, y, width, height = cv2.boundingRect(ink.view(np.uint8))
    margin = max(1, height // 16)
    return pixels[max(y - margin, 0) : y + height + margin, max(x - margin, 0) : x + width + margin]


_STEPS = {
    Operation.BACKGROUND: background,
    Operation.CONTRAST: contrast,
    Operation.DESKEW: deskew,
    Operation.SLANT: slant,
    Operation.TRIM: trim,
}


def _warped(pixels: np.ndarray, linear: _Linear) -> np.ndarray:
    """Maps a word by a matrix of determinant 1 onto as much paper as it then needs; one too long is left as it is.

    The paper beyond the crop is that of the nearest place in it, without the ink that may touch the border.
    """
    height, width = pixels.shape[:2]
    (low_x, high_x), (low_y, high_y) = (_extent(*row, width, height) for row in linear)
    columns, rows = max(1, round(high_x - low_x)), max(1, round(high_y - low_y))
    if max(columns, rows, height, width) > MAX_DIAGONAL:
        return pixels
    shift = (columns - high_x - low_x) / 2, (rows - high_y - low_y) / 2
    paper = paper_of(pixels)
    beneath = _back(linear, shift, paper.shape[1] / width, paper.shape[0] / height)
    return warp(pixels, _back(linear, shift), columns, rows, onto=warp(paper, beneath, columns, rows))


def _extent(per_column: float, per_row: float, width: int, height: int) -> tuple[float, float]:
    """The least and the greatest value of a linear function on an image, whose corner is at zero."""
    across, down = per_column * width, per_row * height
    return min(across, 0.0) + min(down, 0.0), max(across, 0.0) + max(down, 0.0)


def _back(linear: _Linear, shift: tuple[float, float], across: float = 1.0, down: float = 1.0) -> Affine:
    """The way back from pixel indices of the result to those of the source, on continuous places a matrix and a shift.

    Args:
        linear: of determinant 1; takes places of the word to places of the result.
        shift: that is added then.
        across: columns of the source for each of the word's.
        down: rows of the source for each of the word's.
    """
    (a, b), (c, d) = linear
    x, y = 0.5 - shift[0], 0.5 - shift[1]  # the centre of pixel i is at i + 0.5
    return across * d, -across * b, across * (d * x - b * y) - 0.5, -down * c, down * a, down * (a * y - c * x) - 0.5
