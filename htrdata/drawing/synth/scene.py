"""The crops of a writer's words: their ink, what else is on the sheet, and what lens, sensor and scanner make of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from htrdata.drawing.handwriting import Strokes
from htrdata.drawing.handwriting.glyphs import Indices
from htrdata.drawing.handwriting.ink import Canvas
from htrdata.drawing.handwriting.strokes import write_together
from htrdata.drawing.synth.fonts import SetWord, set_word
from htrdata.drawing.synth.frames import Band, Frames, Values, frame, lay_out
from htrdata.drawing.synth.inking import WordsToInk, cover
from htrdata.drawing.synth.picture import picture, see_through
from htrdata.drawing.synth.writers import Writer


def draw_words(texts: Sequence[str], writer: Writer, rng: np.random.Generator) -> list[Canvas]:
    """Draws the crops of words as they would come out of a data set.

    Many at once take less time than one by one, since most calls draw, light or blur several words of a band.

    Args:
        texts: without spaces; where the writer's hand is a font, of its characters.
        writer: whose words they are.
        rng: what differs from word to word; the same state and texts give the same pixels.

    Returns:
        Grey levels of each word, uint8 [H, W] with H up to `htrdata.drawing.synth.frames.HEIGHT`.
    """
    if not texts:
        return []
    by_pen = [*texts] if writer.font is None else []
    strokes, ends = write_together([*by_pen, *writer.neighbours], writer.style, rng)
    set_words = [] if writer.font is None else [set_word(text, writer.font, rng) for text in texts]
    return _draw(strokes, ends, len(by_pen), set_words, np.arange(len(by_pen), len(ends)), writer, rng)


def draw_strokes(strokes: Strokes, ends: Indices, writer: Writer, rng: np.random.Generator) -> list[Canvas]:
    """Draws the crops of words whose strokes are there already, such as those of a tablet.

    What else is on a sheet are words of the same hand: some of them again, or the only one.

    Args:
        strokes: of all words, one after the other, each at its own origin; see `Strokes` for units.
        ends: where in them each word ends, int [words]; each has a point.
        writer: with which pen, on what paper and so on they are written; its hand, font and neighbours do not count.
        rng: what differs from word to word; the same state and strokes give the same pixels.

    Returns:
        Grey levels of each word, uint8 [H, W] with H up to `htrdata.drawing.synth.frames.HEIGHT`.
    """
    return _draw(strokes, ends, len(ends), [], np.arange(len(ends)), writer, rng) if len(ends) else []


def _draw(
    strokes: Strokes,
    ends: Indices,
    count: int,
    set_words: Sequence[SetWord],
    others: Indices,
    writer: Writer,
    rng: np.random.Generator,
) -> list[Canvas]:
    """Draws the first `count` words of strokes, or those set in type; `others` are words that may stand around them."""
    bounds = _bounds(strokes, ends, writer.style.pen)
    own = np.array([word.bounds for word in set_words]).T if set_words else bounds[:, :count]
    frames = frame(own, writer, rng)
    pens = np.maximum(1.0, writer.style.pen * frames.scale)
    bands = lay_out(frames, pens, 1 + math.ceil(0.5 * float(pens.max()) + writer.blur))
    near = _neighbours(frames, bounds, others, writer, rng)
    written = np.arange(count)
    which, cell, affine = (
        np.concatenate([written, near[0]]),
        np.concatenate([written, near[1]]),
        np.concatenate([frames.affine[:, written], near[2]], axis=1),
    )
    ink = cover(WordsToInk(strokes, ends, which, cell, affine), bands, pens)
    _set_in_type(set_words, frames, bands, ink)
    behind = None
    if writer.bleed:
        mirrored = _mirrored(frames, others, rng)
        behind = see_through(cover(WordsToInk(strokes, ends, *mirrored), bands, pens), bands, own.shape[1], rng)
    return picture(ink, behind, bands, frames, writer, rng)


def _bounds(strokes: Strokes, ends: Indices, pen: float) -> Values:
    """Left, upper, right and lower end of each word in x-heights, the pen's width included, float [4, words]."""
    begins = np.concatenate([[0], ends[:-1]])
    x, y = strokes.x, strokes.y
    low = [np.minimum.reduceat(values, begins) - 0.5 * pen for values in (x, y)]
    high = [np.maximum.reduceat(values, begins) + 0.5 * pen for values in (x, y)]
    return np.stack([*low, *high]).astype(np.float64)


def _neighbours(
    frames: Frames, bounds: Values, others: Indices, writer: Writer, rng: np.random.Generator
) -> tuple[Indices, Indices, Values]:
    """Ends of neighbouring words at the four edges: which word, in which crop, and where; see `WordsToInk`."""
    chance = rng.random((len(frames.scale), 4))
    cell, side = np.nonzero(chance < writer.crowded * np.array([0.5, 0.5, 1.0, 1.0]))
    which = rng.choice(others, len(cell))
    reach, place = rng.random((2, len(cell)))
    affine = frames.affine[:, cell]
    scale, width, height = frames.scale[cell], frames.width[cell], frames.height[cell]
    left, upper, right, lower = bounds[:, which] * scale
    depth = (0.05 + 0.25 * reach) * scale  # how far it reaches in
    inwards, downwards = np.minimum(depth, 0.12 * width), np.minimum(depth, 0.2 * height)
    along = (1.1 * place - 0.2) * width - left
    affine[2] = np.choose(side, [inwards - right, width - inwards - left, along, along])
    affine[5] = np.choose(side, [affine[5], affine[5], downwards - lower, height - downwards - upper])
    return which, cell, affine


def _mirrored(frames: Frames, others: Indices, rng: np.random.Generator) -> tuple[Indices, Indices, Values]:
    """Words of the other side of the sheet, one behind each crop; see `WordsToInk`."""
    words = len(frames.scale)
    affine = frames.affine
    shift, across = rng.random((2, words))
    affine[[0, 3]] *= -1
    affine[2] = (0.5 + 0.5 * across) * frames.width
    affine[5] += frames.scale * (3 * shift - 1.5)
    return rng.choice(others, words), np.arange(words), affine


def _set_in_type(words: Sequence[SetWord], frames: Frames, bands: Sequence[Band], ink: Sequence[Canvas]) -> None:
    """Adds the ink of words that are set in a font, in place."""
    if not words:
        return
    affine = frames.affine.T.tolist()
    for band, covered in zip(bands, ink, strict=True):
        for word, cell in band.cells():
            a, b, c, d, e, f = affine[word]
            words[word].cover(covered[:, cell], (a, b, c + band.pad, d, e, f + band.pad))
