"""Drawn handwriting: the strokes of a word in a writer's style, ink on a canvas, and the photograph of a page.

    style = random_style(rng)
    strokes = write("word", style, rng)
    affine, pen = fit(strokes, Box(xc=80, yc=32, w=150, h=60), style.pen)
    draw(canvas, strokes, affine, pen, style.tone)

The letters are those of the Hershey fonts, which were originally created by Dr. A. V. Hershey while working at the
U. S. National Bureau of Standards; NOTICE has the acknowledgements that their terms ask for. Varied writers have
further shapes, see `htrdata.drawing.handwriting.allographs`.
"""

from htrdata.drawing.handwriting.glyphs import ALPHABETS, CHARACTERS, spell
from htrdata.drawing.handwriting.ink import draw, fit
from htrdata.drawing.handwriting.strokes import Strokes, scribble, write, write_words
from htrdata.drawing.handwriting.style import Style, random_style

__all__ = [
    "ALPHABETS",
    "CHARACTERS",
    "Strokes",
    "Style",
    "draw",
    "fit",
    "random_style",
    "scribble",
    "spell",
    "write",
    "write_words",
]
