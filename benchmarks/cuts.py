"""How many words alignment cuts right, by the least score, where their places are known.

    python benchmarks/cuts.py STORE --name unipen --split val --checkpoint starter-fast

Words of one writer are set side by side, five to a line, with gaps of 10 to 28 pixels at a height of 64: real hands,
whose places are known to the pixel. A cut is right where it takes in no more than a third of an x-height (7 pixels) of
a neighbour, and loses no more of its own word. Paper may be on either side.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from htrdata.cli.console import run
from htrdata.images.ink import ink_of, level
from htrdata.store.manifest_reader import ManifestReader
from htrdata.store.reading import Dataset, open_store
from htrmodel.alignment.emissions import check_aligns, log_probabilities
from htrmodel.alignment.lines import place_words
from htrmodel.checkpoint.files import read_checkpoint
from htrmodel.recogniser import Recogniser

HEIGHT, TOLERANCE, WORDS = 64, 7, 5
LEAST_SCORES = (-99.0, -4.0, -3.0, -2.5, -2.0, -1.5, -1.0, -0.5)

Rows = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """Words side by side: the pixels, and text, first column and the one behind the last of each word."""

    pixels: NDArray[np.uint8]
    words: tuple[tuple[str, int, int], ...]

    @property
    def text(self) -> str:
        """The words with spaces between."""
        return " ".join(text for text, _, _ in self.words)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("store", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Data set of the store.")
@click.option("--split", default="val", show_default=True, help="Of writers whom the checkpoint has not seen.")
@click.option("--checkpoint", default="starter-fast", show_default=True, type=click.Path(path_type=Path))
@click.option("--lines", default=500, show_default=True, help="At most.")
def main(store: Path, name: str, split: str, checkpoint: Path, lines: int) -> None:
    """Print the share of words kept, and of right cuts among them, by the least score."""
    read = read_checkpoint(checkpoint)
    check_aligns(read.config, str(checkpoint))
    made = sorted(lines_of(open_store(store).dataset(name), split, lines), key=lambda line: line.pixels.shape[1])
    rows = measure(read.build()[0], made)
    click.echo(f"{name} {split}: {len(rows):,} words of {len(made):,} lines, cut by {checkpoint}")
    click.echo("least score   kept, %   right, %")
    for least in LEAST_SCORES:
        kept = rows[:, 0] >= least
        click.echo(f"{least:11.1f}   {kept.mean():7.1%}   {rows[kept, 1].mean():8.1%}")


def lines_of(dataset: Dataset, split: str, most: int) -> Iterator[Line]:
    """Lines of words that are kept, writer by writer, in an order of chance from a fixed seed."""
    table = ManifestReader(dataset.manifest_path).table(["split", "status", "writer", "page"]).to_pylist()
    kept = [row for row in table if row["split"] == split and row["status"] == "kept"]
    writers: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(kept):
        writers[row["writer"] or row["page"]].append(place)
    words, chance, made = dataset.words(split), random.Random(5), 0
    for places in writers.values():
        chance.shuffle(places)
        for begin in range(0, len(places) - WORDS + 1, WORDS):
            inked = [_inked(words[place].text, words[place].image) for place in places[begin : begin + WORDS]]
            parts = [part for part in inked if part is not None]
            if len(parts) >= 3 and made < most:
                made += 1
                yield side_by_side(parts, chance)


def _inked(text: str, image: Image.Image) -> tuple[str, NDArray[np.uint8]] | None:
    """A word at the lines' height without paper on either side; None where its ink does not stand out."""
    pixels = level(np.asarray(image.convert("L")))
    ink = ink_of(pixels)
    if ink is None or not text.isascii() or " " in text:
        return None
    columns = np.flatnonzero(ink.any(0))
    cut = Image.fromarray(pixels[:, max(columns[0] - 1, 0) : columns[-1] + 2])
    return text, np.asarray(cut.resize((max(1, round(cut.width * HEIGHT / cut.height)), HEIGHT)))


def side_by_side(parts: list[tuple[str, NDArray[np.uint8]]], chance: random.Random) -> Line:
    """Sets words side by side on white paper."""
    pieces, words, x = [np.full((HEIGHT, 12), 255, np.uint8)], [], 12
    for text, pixels in parts:
        gap = chance.randint(10, 28)
        words.append((text, x, x + pixels.shape[1]))
        pieces += [pixels, np.full((HEIGHT, gap), 255, np.uint8)]
        x += pixels.shape[1] + gap
    return Line(np.concatenate(pieces, axis=1), tuple(words))


def measure(recogniser: Recogniser, lines: list[Line]) -> Rows:
    """Score, and whether the cut is right (1 or 0), of each word: [N, 2]. What cannot be aligned has the score -99."""
    rows = []
    for begin in range(0, len(lines), 16):
        batch = lines[begin : begin + 16]
        seen = log_probabilities(recogniser, [Image.fromarray(line.pixels) for line in batch])
        for line, along in zip(batch, seen, strict=True):
            edges = [0, *(edge for _, left, right in line.words for edge in (left, right)), line.pixels.shape[1]]
            placed = place_words(line.text, line.pixels, along.emissions, recogniser.charset, along.covered)
            for number, word in enumerate(placed):
                before, left, right, behind = edges[2 * number : 2 * number + 4]
                right_cut = word.extent is not None and (
                    before - TOLERANCE <= word.extent.left <= left + TOLERANCE
                    and right - TOLERANCE <= word.extent.right <= behind + TOLERANCE
                )
                rows.append((-99.0 if word.score is None else word.score, float(right_cut)))
    return np.array(rows)


if __name__ == "__main__":
    run(main, "python benchmarks/cuts.py")
