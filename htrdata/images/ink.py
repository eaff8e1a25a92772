"""Telling a word's ink from its paper, and how the ink stands: rising from the horizontal, leaning from the vertical.

Dark ink on light paper is assumed. Crops are uint8, grey [H, W] or RGB [H, W, 3]. Ink is what stands out in the luma
once the light is levelled; where nothing does (blank paper, noise, light writing on dark ground) there is none.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from htrdata.images.cropping import reduce_height
from htrdata.images.exact_sampling import turn
from htrdata.images.opencv import opencv

cv2 = opencv()

MAX_SKEW = 15.0
"""The largest angle, in degrees either way, that `skew_angle` looks for."""

MAX_SLANT = 45.0
"""The largest angle, in degrees either way, that `slant_angle` looks for."""

LEAST_CONTRAST = 16
"""Grey levels: what is less apart counts as blank."""

_LEAST_SEPARABILITY = 0.75  # Otsu's: normal noise has 0.64, an even gradient 0.75, drawn words 0.78 to 0.95
_MOST_INK = 0.6  # of the pixels; beyond it what is lighter is the writing, or there is hardly any paper
_HEIGHT = 48  # rows at which angles are measured: noise is averaged, and strokes are still some pixels wide
_COVERED = 95  # of 255: so much of a reduced pixel must be ink; at half of it, fine strokes would fall to pieces
_PAPER_HEIGHT = 24  # rows at which the paper is estimated
_FINENESS = 1024  # to which fraction of a degree angles are rounded
_PAPER_REACH = 12  # pixels there: from the middle of the line it reaches paper above or below


def luma_of(pixels: np.ndarray) -> np.ndarray:
    """The grey levels of a crop after ITU-R BT.601, uint8 [H, W]; of a grey one the array itself.

    Raises:
        ValueError: the array has no pixels, or is of another type or shape than uint8 [H, W] or [H, W, 3].
    """
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)):
        raise ValueError(f"expected uint8 pixels [H, W] or [H, W, 3], not {pixels.dtype} {list(pixels.shape)}")
    if not pixels.size:
        raise ValueError(f"a crop of {pixels.shape[1]} x {pixels.shape[0]} pixels has neither ink nor paper")
    luma: np.ndarray = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return luma


def paper_of(pixels: np.ndarray) -> np.ndarray:
    """Estimates what the paper looks like without the ink.

    A grey closing removes what is dark and smaller than the crop is high; the rest is smoothed. A smaller one comes
    first: strokes that touch the border would go on beyond it otherwise. No paper is taken to be darker than half the
    lightest: large blots are ink, too.

    Args:
        pixels: uint8 [H, W] or [H, W, 3], with pixels.

    Returns:
        uint8 of the crop's proportions, [h, w] or [h, w, 3], at most 24 pixels high; at least 1.
    """
    reach = _PAPER_REACH
    small = cv2.morphologyEx(reduce_height(pixels, _PAPER_HEIGHT), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    padded = cv2.copyMakeBorder(small, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    smooth = cv2.blur(cv2.blur(closed, (9, 9)), (9, 9))[reach:-reach, reach:-reach]
    paper: np.ndarray = np.maximum(smooth, max(int(smooth.max()) // 2, 1))
    return paper


def level(pixels: np.ndarray) -> np.ndarray:
    """Divides each pixel by the paper around it (see `paper_of`), so that paper becomes white everywhere.

    Args:
        pixels: uint8 [H, W] or [H, W, 3], with pixels; each channel is levelled by itself.

    Returns:
        uint8 of the same shape.
    """
    paper = cv2.resize(paper_of(pixels), (pixels.shape[1], pixels.shape[0]), interpolation=cv2.INTER_LINEAR)
    levelled: np.ndarray = cv2.divide(pixels, paper, scale=255)
    return levelled


def ink_of(pixels: np.ndarray) -> np.ndarray | None:
    """Tells the ink from the paper, when the light is levelled, at the threshold of Otsu.

    His measure of separability, the variance between the two classes relative to the whole, says whether they are two
    at all ("A threshold selection method from gray-level histograms", 1979).

    Args:
        pixels: uint8 [H, W] or [H, W, 3].

    Returns:
        bool [H, W], True for ink; None where no ink stands out.
    """
    luma = level(luma_of(pixels))
    threshold, paper = cv2.threshold(luma, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    share = 1 - cv2.countNonZero(paper) / luma.size
    if not 0 < share <= _MOST_INK:
        return None
    mean, deviation = (float(value.item()) for value in cv2.meanStdDev(luma))
    apart = (cv2.mean(luma, paper)[0] - mean) / share
    if apart < LEAST_CONTRAST or share * (1 - share) * apart**2 < _LEAST_SEPARABILITY * deviation**2:
        return None
    ink: np.ndarray = luma <= threshold
    return ink


def skew_angle(pixels: np.ndarray) -> float:
    """Measures by how much a word's line of writing rises.

    The lower edges of the ink are projected along lines of each angle; where the sum of the squared counts is largest,
    most edges lie on one line, the baseline. That is Baird's measure ("The skew angle of printed documents", 1987) on
    the lower contour, by which Vinciarelli and Luettin ("A new normalization technique for cursive handwritten words",
    Pattern Recognition Letters 22, 2001) level words. Small angles are preferred, the more so the shorter the word.

    Args:
        pixels: uint8 [H, W] or [H, W, 3].

    Returns:
        Degrees counter-clockwise as seen, within `MAX_SKEW`; 0.0 where no ink stands out.
    """
    ink = _reduced_ink(pixels)
    if ink is None:
        return 0.0
    below = np.zeros_like(ink)
    below[:-1] = ink[1:]
    y, x = np.nonzero(ink & ~below)
    proportion = max(float(np.ptp(x)) / (float(np.ptp(y)) + 1), 0.3)
    return _gathering_angle(x, y, np.arange(-MAX_SKEW, MAX_SKEW + 1), reluctance=0.003 / proportion)


def slant_angle(pixels: np.ndarray) -> float:
    """Measures by how much a word's letters lean.

    The ink is projected along lines of each angle; where the sum of the squared counts is largest, most strokes run
    along them, after Vinciarelli and Luettin (see `skew_angle`). As in Pastor, Toselli and Vidal ("Projection profile
    based algorithm for slant removal", ICIAR 2004) every column counts, not only those that one unbroken stroke fills:
    that condition hangs on the rounding of single pixels.

    Args:
        pixels: uint8 [H, W] or [H, W, 3].

    Returns:
        Degrees to the right of upright, within `MAX_SLANT`; 0.0 where no ink stands out.
    """
    ink = _reduced_ink(pixels)
    if ink is None:
        return 0.0
    y, x = np.nonzero(ink)
    return _gathering_angle(y, x, np.arange(-MAX_SLANT, MAX_SLANT + 1, 3), reluctance=0.00005)


def _reduced_ink(pixels: np.ndarray) -> np.ndarray | None:
    """The ink without margins above and below as bool [h, w], at most `_HEIGHT` high; None where there is none."""
    ink = ink_of(reduce_height(luma_of(pixels), 2 * _HEIGHT))
    if ink is None:
        return None
    _, top, _, height = cv2.boundingRect(ink.view(np.uint8))
    reduced = reduce_height(ink[top : top + height] * np.uint8(255), _HEIGHT) > _COVERED
    return reduced if reduced.any() else None


def _gathering_angle(along: np.ndarray, across: np.ndarray, degrees: np.ndarray, reluctance: float) -> float:
    """The angle of the lines on which points gather most; between the angles that are tried it follows a parabola.

    Args:
        along: places of the points along lines of 0 degrees, in pixels.
        across: their places across them.
        degrees: the angles to try, evenly spaced.
        reluctance: what each squared degree takes off the logarithm of the sum of squared counts.
    """
    slopes = _tangents(tuple(degrees.tolist()))
    lines = np.rint(np.multiply.outer(slopes, along.astype(np.float32)) + across.astype(np.float32)).astype(np.intp)
    lines -= int(lines.min()) - 1
    bins = int(lines.max()) + 2
    lines += bins * np.arange(len(degrees))[:, None]
    counts = np.bincount(lines.ravel(), minlength=bins * len(degrees)).reshape(-1, bins)
    soft = (counts[:, :-2] + 2 * counts[:, 1:-1] + counts[:, 2:]).astype(np.float64)
    scores = np.log(np.einsum("ij,ij->i", soft, soft)) - reluctance * degrees**2
    best = int(scores.argmax())
    if not 0 < best < len(degrees) - 1:
        return float(degrees[best])
    before, top, after = scores[best - 1 : best + 2].tolist()
    bend = before - 2 * top + after
    shift = 0.5 * (before - after) / bend if bend else 0.0
    # Rounded, since the last bit of a logarithm is not the same on every processor.
    return round(_FINENESS * float(degrees[best] + shift * (degrees[1] - degrees[0]))) / _FINENESS


@functools.cache
def _tangents(degrees: tuple[float, ...]) -> NDArray[np.float32]:
    turns = (turn(angle) for angle in degrees)
    return np.array([sine / cosine for cosine, sine in turns], np.float32)
