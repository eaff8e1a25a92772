"""One drawn form of IAM: the scanned page, its words as images of their own, and what the annotations say of it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

import numpy as np

from htrdata.drawing.handwriting.ink import draw
from htrdata.drawing.handwriting.page import page_rng
from htrdata.drawing.handwriting.strokes import Strokes, write
from htrdata.drawing.handwriting.style import Style, random_style
from htrdata.drawing.handwriting.words import some_words
from htrdata.drawing.samples.iam_records import MARKS, Component, DrawnForm, FormJob, FormLine, FormWord, around
from htrdata.images.codec import encode
from htrdata.images.opencv import opencv

cv2 = opencv()

WIDTH, HEIGHT = 2479, 3542
"""Of a form in pixels: A4 at 300 dpi."""

BROKEN = ("a01-117-05-02", "r06-022-03-05")
"""The words whose published PNGs have no bytes."""

# In pixels of a form of full size.
_LEFT, _RIGHT, _FIRST_LINE, _PITCH = 280, 2260, 880, 205
_LINES = 8  # a form has more, but fewer words a line; one of the broken words is in the line 05
_SPACE = 1.3  # between words, in x-heights
_SELDOM = ("café", "&", "R&D", ";")
_SPACED = ("e g", "p m", "n o t", "A 1")


def draw_form(job: FormJob) -> DrawnForm:
    """Draws a form. Runs in any process."""
    rng = page_rng(job.seed, job.form)
    style = random_style(page_rng(job.seed, f"writer {job.writer}"))
    size = float(page_rng(job.seed, f"size of {job.writer}").uniform(27, 36)) * job.scale
    page = np.full((round(HEIGHT * job.scale), round(WIDTH * job.scale)), 255, np.uint8)
    threshold = 175 + int(rng.integers(16))
    erroneous, boxless = 1 + int(rng.integers(2)), 3 + int(rng.integers(2))
    tokens = _tokens(rng)
    lines = []
    for number in range(_LINES):
        line_id = f"{job.form}-{number:02d}"
        words = _write_line(page, line_id, number, tokens, style, size, job.scale, rng)
        if number == boxless:
            marks = [word for word in words if word.text in MARKS and word.id not in BROKEN]
            (marks or words[-1:])[0].components = []
        lines.append(FormLine(line_id, number != erroneous, threshold, words))
    _print_head(page, job, " ".join(word.text for line in lines for word in line.words))
    page = _scan(page, rng)
    for line in lines:
        line.png = _own_image(page, line.components)
        for word in line.words:
            word.png = b"" if word.id in BROKEN else _own_image(page, word.components)
    return DrawnForm(job, lines, encode(page, "png"))


def _tokens(rng: np.random.Generator) -> Iterator[str]:
    """Words as IAM counts them: marks are words of their own, and a few words have spaces inside."""
    number = 0
    while True:
        for word in some_words(40, rng):
            number += 1
            bare = word.rstrip(",.")
            if number % 23 == 5:
                yield from ('"', bare, '"')
            elif number % 23 == 11:
                yield _SPACED[int(rng.integers(len(_SPACED)))]
            elif number % 23 == 17:
                yield _SELDOM[number // 23 % len(_SELDOM)]
            else:
                yield bare or "ink"
            if bare != word or number % 9 == 0:
                yield word[len(bare) :] or ","


def _write_line(
    page: np.ndarray,
    line: str,
    number: int,
    tokens: Iterator[str],
    style: Style,
    size: float,
    scale: float,
    rng: np.random.Generator,
) -> list[FormWord]:
    """Writes words from the left to the right, as many as fit."""
    x = _LEFT * scale + float(rng.uniform(0, 2)) * size
    y = (_FIRST_LINE + _PITCH * number) * scale + float(rng.normal(0, 0.1)) * size
    words: list[FormWord] = []
    while True:
        word_id = f"{line}-{len(words):02d}"
        text = next(tokens)
        if word_id in BROKEN and text in MARKS:
            text = "ink"
        strokes = write(text, style, rng)
        left, _, right, _ = strokes.bounds
        if x + (right - left) * size > _RIGHT * scale:
            return words
        words.append(FormWord(word_id, text, _ink(page, strokes, x - left * size, y, size, style)))
        x += (right - left + _SPACE) * size


def _ink(page: np.ndarray, strokes: Strokes, x: float, y: float, size: float, style: Style) -> list[Component]:
    """Draws strokes, the origin at (x, y), and returns the boxes of the connected pieces of ink."""
    left, upper, right, lower = strokes.bounds
    pen = max(style.pen * size, 1.2)
    margin = round(2 * pen + 3)
    x0, y0 = int(x + left * size) - margin, int(y + upper * size) - margin
    x1, y1 = int(x + right * size) + margin + 1, int(y + lower * size) + margin + 1
    patch = np.full((y1 - y0, x1 - x0), 255, np.uint8)
    draw(patch, strokes, (size, 0.0, x - x0, 0.0, size, y - y0), pen, min(style.tone, 80))
    page[y0:y1, x0:x1] = np.minimum(page[y0:y1, x0:x1], patch)
    _, _, found, _ = cv2.connectedComponentsWithStats((patch < 200).astype(np.uint8), connectivity=8)
    boxes: Sequence[Sequence[int]] = found[1:, :4].tolist()  # the first is the paper
    return [(x0 + left, y0 + upper, width, height) for left, upper, width, height in boxes]


def _print_head(page: np.ndarray, job: FormJob, text: str) -> None:
    """The printed part: the form's name, and what the writer was to copy."""
    font, scale = cv2.FONT_HERSHEY_COMPLEX, job.scale
    thick = max(1, round(3 * scale))
    heading = f"Sentence Database   {job.form.upper()}"
    cv2.putText(page, heading, (round(300 * scale), round(210 * scale)), font, 1.6 * scale, 0, thick)
    for row, part in enumerate(textwrap.wrap(text, 75)[:4]):
        place = (round(300 * scale), round((380 + 70 * row) * scale))
        cv2.putText(page, part.encode("ascii", "replace").decode(), place, font, 1.3 * scale, 0, thick)
    for y in (260, 690, 2860):
        page[round(y * scale) : round(y * scale) + thick] = 0


def _scan(page: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The drawn page as a scanner sees it: paper that is not quite white, and a little noise."""
    grain = rng.normal(0, 3, (256, 256)).astype(np.float32)
    rows, columns = page.shape
    noise = np.tile(grain, (-(-rows // 256), -(-columns // 256)))[:rows, :columns]
    scanned: np.ndarray = np.clip(page * np.float32(0.93) + 4 + noise, 0, 255).astype(np.uint8)
    return scanned


def _own_image(page: np.ndarray, components: Sequence[Component]) -> bytes | None:
    """The box around components out of the page, white outside of them."""
    if not components:
        return None
    left, upper, width, height = around(components)
    image = np.full((height, width), 255, np.uint8)
    for x, y, w, h in components:
        image[y - upper : y - upper + h, x - left : x - left + w] = page[y : y + h, x : x + w]
    return encode(image, "png")
