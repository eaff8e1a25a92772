"""TrueType handwriting fonts as writers: which characters a font has, and words set in it.

A font has one shape for each letter, so its words are bent by slow waves, thickened or thinned, and slanted anew each
time, which keeps a recogniser from learning the outlines by heart.
"""

from __future__ import annotations

import functools
import hashlib
import math
import statistics
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from htrdata.drawing.elementary import sine
from htrdata.drawing.handwriting import CHARACTERS
from htrdata.drawing.handwriting.ink import Affine, Canvas
from htrdata.errors import BadDataError, SourceMissingError
from htrdata.files.regular import read_regular
from htrdata.images.exact_sampling import on_grid
from htrdata.images.opencv import opencv

cv2 = opencv()

SUFFIXES = (".ttf", ".otf", ".woff", ".woff2")
_X_HEIGHT = 24  # pixels, about, at which words are set; a word of a shard is at most 64 pixels high
_MOST = 64 << 20  # bytes of a font; those with all of Chinese have some twenty million
_TRIED = 48  # pixels per em at which fonts are measured: an x is 12 to 40 pixels high there
_LOWEST = 0.2 * _X_HEIGHT  # pixels there; a font with hardly any x-height would be set at an enormous size
_PAD = 4  # empty pixels around a set word, for thickening and blur
_THINNEST = 0.1  # x-heights; thinner lines are made as thick
_KNOWN = CHARACTERS + "".join(char for char in map(chr, range(0xC0, 0x180)) if char.isalpha())
_TALL, _LOW = "bdhkl", "acemnorsuvwxz"
_RISE = 1.15  # 220 fonts with small letters have 1.23 to 3, and 10 of capitals 0.92 to 1.08
_FEWEST = 20  # small letters that a font must have to be of use
_WAVE = (0.02, 0.09)  # how far the waves move a point, in x-heights


@dataclass(frozen=True, slots=True)
class Font:
    """A font file.

    Attributes:
        path: where it lies.
        sha256: of the file, in hex.
        characters: those of the 94, and of the Latin letters with diacritics, that it has its own shape for.
        size: in which words are set, in pixels per em.
        x_height: of its letter x at that size, in pixels.
        line: width of its thinner lines there, in pixels.
    """

    path: Path
    sha256: str
    characters: frozenset[str]
    size: int
    x_height: float
    line: float


@dataclass(frozen=True, slots=True)
class SetWord:
    """A word set in a font, in x-heights: the baseline is y = 0, x grows to the right from 0 and y downwards.

    Attributes:
        mask: uint8 [H, W], 0 where there is no ink to 255.
        scale: pixels of the mask per x-height.
        origin: column and row of the mask at which x and y are 0.
        waves: amplitude in x-heights, frequencies and phases of the waves that bend it.
        lean: columns per row, by which it is slanted.
    """

    mask: Canvas
    scale: float
    origin: tuple[float, float]
    waves: tuple[float, float, float, float, float]
    lean: float

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, upper, right and lower end of the ink."""
        columns, rows = np.flatnonzero(self.mask.max(0) > 127), np.flatnonzero(self.mask.max(1) > 127)
        if not len(columns):
            return 0.0, 0.0, 0.0, 0.0
        left, right = float(columns[0]), float(columns[-1] + 1)
        upper, lower = float(rows[0]), float(rows[-1] + 1)
        x, y = self.origin
        up, down = (upper - y) / self.scale, (lower - y) / self.scale
        tilt = sorted((-self.lean * up, -self.lean * down))
        # Slanting widens the word by no more than this; where its corners are empty the crop is a little loose.
        return (left - x) / self.scale + 0.5 * tilt[0], up, (right - x) / self.scale + 0.5 * tilt[1], down

    def cover(self, covered: Canvas, affine: Affine) -> None:
        """Adds its ink to what covers pixels, uint8 [H, W] from 0 to 255, in place; `affine` as of `fit`."""
        a, b, c, d, e, f = affine
        height, width = covered.shape
        determinant = a * e - b * d
        columns = (np.arange(width, dtype=np.float32) + np.float32(0.5 - c)) * np.float32(1 / determinant)
        rows = (np.arange(height, dtype=np.float32) + np.float32(0.5 - f)) * np.float32(1 / determinant)
        # x and y at a pixel are sums of what its column and its row give, in x-heights.
        x, y = (e * columns, -b * rows), (-d * columns, a * rows)
        size, fast, slow, phase, other = self.waves
        k = np.float32(self.scale)
        along = k * (x[0] + self.lean * y[0]) + np.float32(self.origin[0] - 0.5)
        across = k * size * _wave(slow * x[0] + fast * y[0], slow * x[1] + fast * y[1] + phase)
        across += along
        across += (k * (x[1] + self.lean * y[1]))[:, None]
        down = k * size * _wave(slow * x[0], slow * x[1] + other)
        down += k * y[0] + np.float32(self.origin[1] - 0.5)
        down += (k * y[1])[:, None]
        across, down = on_grid(across), on_grid(down)
        ink = cv2.remap(self.mask, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
        np.maximum(covered, np.asarray(ink, np.uint8), out=covered)


def _wave(columns: NDArray[np.floating], rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """The sine of the sum of a column's and a row's angle, float32 [rows, columns], from few sines."""
    quarter = np.array([[0.0], [0.5 * math.pi]], np.float32)
    (sine_of_column, cosine_of_column), (sine_of_row, cosine_of_row) = (
        sine(np.asarray(angles + quarter, np.float32)) for angles in (columns, rows)
    )
    waves: NDArray[np.float32] = np.multiply.outer(sine_of_row, cosine_of_column)
    waves += np.multiply.outer(cosine_of_row, sine_of_column)
    return waves


def read_fonts(folder: Path) -> tuple[Font, ...]:
    """Reads the fonts in a folder and the folders below it, in the order of their SHA-256.

    Symbol fonts, fonts of capitals and others that lack most small letters are passed over.

    Raises:
        SourceMissingError: there is no such folder, or no font of use in it.
        BadDataError: a file with a font's name cannot be read as one.
    """
    if not folder.is_dir():
        raise SourceMissingError(f"no folder of fonts at {folder}: give --fonts a folder with .ttf or .otf files")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    fonts = {font.sha256: font for font in map(read_font, paths) if _of_use(font)}
    if not fonts:
        raise SourceMissingError(
            f"none of {len(paths)} font files in {folder} has the small letters a to z: install handwriting fonts, for "
            "example Debian's fonts-dkg-handwriting, and give their folder"
        )
    return tuple(fonts[digest] for digest in sorted(fonts))


def _of_use(font: Font) -> bool:
    return len(font.characters & set("abcdefghijklmnopqrstuvwxyz")) >= _FEWEST


def read_font(path: Path) -> Font:
    """Reads what a font has.

    Raises:
        BadDataError: it is no font, or damaged.
    """
    data = read_regular(path, _MOST)
    try:
        face = _open(path, _TRIED)
        lacking = bytes(face.getmask("\uffff"))
        images = {char: bytes(face.getmask(char)) for char in _KNOWN}
        # Scripts with small letters would lose their hairlines at the size that suits others.
        size = round(_TRIED * _X_HEIGHT / max(_x_height(face), _LOWEST))
        face = _open(path, size)
        x_height = _x_height(face)
    except OSError as error:
        raise BadDataError(f"{path} cannot be read as a font ({error}): remove it from the folder") from error
    characters = {char for char, image in images.items() if any(image) and image != lacking}
    if not _has_small_letters(face):  # they would be wrong labels
        characters -= {char for char in characters if char.islower()}
    if x_height <= 0:
        characters.clear()
    return Font(path, hashlib.sha256(data).hexdigest(), frozenset(characters), size, x_height, _line_width(face))


def _x_height(face: ImageFont.FreeTypeFont) -> float:
    return -float(face.getbbox("x", anchor="ls")[1])


def _has_small_letters(face: ImageFont.FreeTypeFont) -> bool:
    """Whether some small letters rise above others. Fonts of capitals have these, or others, in their place."""
    tall, low = (statistics.median(-face.getbbox(char, anchor="ls")[1] for char in text) for text in (_TALL, _LOW))
    return bool(tall > _RISE * low)


def _line_width(face: ImageFont.FreeTypeFont) -> float:
    """The width of the thinner lines of some letters: twice the distance from their middle to the paper."""
    mask = face.getmask("hamburg")
    ink = np.asarray(mask, np.uint8).reshape(mask.size[::-1])
    distance = cv2.distanceTransform(np.where(np.pad(ink, 1) > 100, np.uint8(255), np.uint8(0)), cv2.DIST_L2, 3)
    ridge = distance[(distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8))) & (distance > 0)]
    return float(2 * np.percentile(ridge, 20)) if len(ridge) else 0.0


def set_word(text: str, font: Font, rng: np.random.Generator) -> SetWord:
    """Sets a word in a font.

    Args:
        text: characters that the font has.
        font: as `read_fonts` gives it.
        rng: bends the word; the same state gives the same word.
    """
    face = _face(font.path, font.size)
    left, upper, right, lower = face.getbbox(text, anchor="ls")
    column, row = _PAD - math.floor(left), _PAD - math.floor(upper)
    image = Image.new("L", (math.ceil(right) + column + _PAD, math.ceil(lower) + row + _PAD))
    ImageDraw.Draw(image).text((column, row), text, fill=255, font=face, anchor="ls")
    mask = np.asarray(image)
    origin = (float(column), float(row))
    chance = rng.random(7).tolist()
    lacking = round(_THINNEST * font.x_height - font.line)
    if lacking > 0:  # a hairline would vanish where a crop is made smaller
        mask = cv2.dilate(mask, np.ones((lacking + 1, lacking + 1), np.uint8))
    if chance[0] < 0.5:
        lightest = -0.4 if font.line > 2 * _THINNEST * font.x_height else -0.05
        mask = _weighted(mask, 0.6 + 0.9 * chance[1], lightest + (0.5 - lightest) * chance[2])
    low, high = _WAVE
    waves = (low + (high - low) * chance[3], 2.3, 0.5 + 1.2 * chance[4], 6.3 * chance[5], 6.3 * chance[6])
    return SetWord(mask, font.x_height, origin, waves, float(rng.uniform(-0.25, 0.3)))


def _weighted(mask: Canvas, spread: float, weight: float) -> Canvas:
    """Makes the lines thicker (weight 0.5) or thinner (-0.5)."""
    blurred = cv2.GaussianBlur(mask, (0, 0), spread)
    threshold = 127 - 110 * weight
    return np.asarray(cv2.LUT(np.asarray(blurred, np.uint8), _threshold(round(threshold))), np.uint8)


@functools.lru_cache(256)
def _threshold(at: int) -> NDArray[np.uint8]:
    return ((np.arange(256) - at) * 4 + 127).clip(0, 255).astype(np.uint8)


@functools.lru_cache(32)
def _face(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return _open(path, size)


def _open(path: Path, size: int) -> ImageFont.FreeTypeFont:
    # The basic layout, since the other one is not in every build of Pillow.
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
