"""How many words alignment cuts right, by the least score, where their places are known.

    python benchmarks/cuts.py table RELEASE STORE --name unipen     # all three, for the README
    python benchmarks/cuts.py words STORE --name unipen --split val
    python benchmarks/cuts.py forms --forms 12
    python benchmarks/cuts.py strokes RELEASE --split val
    … --checkpoint starter-fast --checkpoint starter-lines      # the same lines, one after the other

`words`: words of one writer of a store, set side by side, five to a line, with gaps of 10 to 28 pixels at a height
of 64. `forms`: lines of forms in IAM's layout, drawn by a program. `strokes`: lines of UNIPEN's category 8, as people
wrote them, of those in which the strokes tell the words: with as many gaps between them as the text has spaces that are
all at least twice as wide as any other. A cut is right where it takes in no more than a third of an x-height of a
neighbour, and loses no more of its own word. Paper may be on either side. Times are CPU-seconds of this process, of
aligning alone.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from htrdata.cli.console import run
from htrdata.drawing.samples.iam_form import draw_form
from htrdata.drawing.samples.iam_records import FormJob
from htrdata.images.codec import decode
from htrdata.images.ink import ink_of, level
from htrdata.sources.unipen.line_breaks import is_one_line
from htrdata.sources.unipen.release import read_release
from htrdata.sources.unipen.segments import Ink, read_segments
from htrdata.sources.unipen.sizes import x_heights
from htrdata.sources.unipen.writers import person, split_of
from htrdata.store.manifest_reader import ManifestReader
from htrdata.store.reading import Dataset, open_store
from htrmodel.alignment.emissions import log_probabilities
from htrmodel.alignment.fitted import check_aligns
from htrmodel.alignment.lines import place_words
from htrmodel.checkpoint.files import read_checkpoint
from htrmodel.recogniser import Recogniser

HEIGHT, TOLERANCE, WORDS = 64, 7, 5
FORM_X_HEIGHT = 32  # pixels of a form of full size; 27 to 36
WIDER, LEAST_GAP = 2.0, 0.7  # gaps of words: times the widest other one, and x-heights
LEAST_SCORES = (-np.inf, -4.0, -3.0, -2.5, -2.0, -1.5, -1.0, -0.5)

Rows = NDArray[np.float64]
Word = tuple[str, float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its pixels; text, first column and the one behind the last of each word; what may be wrong, in pixels."""

    pixels: NDArray[np.uint8]
    words: tuple[Word, ...]
    tolerance: float = TOLERANCE

    @property
    def text(self) -> str:
        """The words with spaces between."""
        return " ".join(text for text, _, _ in self.words)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Print the share of words kept, and of right cuts among them, by the least score."""


CHECKPOINTS = click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    default=["starter-fast", "starter-lines"],
    show_default=True,
    help="One or several.",
)
LINES = click.option("--lines", default=500, show_default=True, help="At most.")


@main.command()
@click.argument("store", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Data set of the store.")
@click.option("--split", default="val", show_default=True, help="Of writers whom the checkpoints have not seen.")
@LINES
@CHECKPOINTS
def words(store: Path, name: str, split: str, lines: int, checkpoints: tuple[str, ...]) -> None:
    """Words of a store, side by side."""
    report(f"{name} {split}", list(lines_of(open_store(store).dataset(name), split, lines)), checkpoints)


@main.command()
@click.option("--forms", default=12, show_default=True)
@click.option("--seed", default=7, show_default=True)
@CHECKPOINTS
def forms(forms: int, seed: int, checkpoints: tuple[str, ...]) -> None:
    """Lines of drawn forms."""
    made = [line for number in range(forms) for line in drawn_lines(f"f{number:02d}", seed)]
    report(f"{forms} drawn forms", made, checkpoints)


@main.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.option("--split", default="val", show_default=True, help="By the rule of the source.")
@LINES
@CHECKPOINTS
def strokes(release: Path, split: str, lines: int, checkpoints: tuple[str, ...]) -> None:
    """UNIPEN's free text, where the strokes tell the words."""
    found, looked_at = told_by_strokes(release, split, lines)
    report(f"UNIPEN's free text, {split}, {len(found):,} of {looked_at:,} lines", found, checkpoints)


@main.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.argument("store", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Data set of the store.")
@click.option("--split", default="val", show_default=True, help="Of writers whom the checkpoints have not seen.")
@click.option("--forms", default=24, show_default=True)
@CHECKPOINTS
def table(release: Path, store: Path, name: str, split: str, forms: int, checkpoints: tuple[str, ...]) -> None:
    """All three as one table in Markdown: of each threshold how many are right, of how many that are kept."""
    kinds = {
        "UNIPEN's free text, where the strokes tell the words": told_by_strokes(release, split, 500)[0],
        "UNIPEN's words, side by side": list(lines_of(open_store(store).dataset(name), split, 500)),
        "drawn forms in IAM's layout": [line for i in range(forms) for line in drawn_lines(f"f{i:02d}", 7)],
    }
    columns = {(kind, one): measure_with(one, lines) for kind, lines in kinds.items() for one in checkpoints}
    click.echo(f"| | {' | '.join(kind + ' | ' * (len(checkpoints) - 1) for kind in kinds)} |")
    click.echo(f"|{'---|' * (1 + len(columns))}")
    click.echo(f"| least score | {' | '.join(f'`{one}`' for _, one in columns)} |")
    for least in LEAST_SCORES:
        cells = [_cell(rows[rows[:, 0] >= least]) for rows, _ in columns.values()]
        click.echo(f"| {'all' if least == -np.inf else f'{least:g}'} | {' | '.join(cells)} |")
    click.echo(f"| words a CPU-second | {' | '.join(f'{len(rows) / took:.0f}' for rows, took in columns.values())} |")


def _cell(kept: Rows) -> str:
    return f"{kept[:, 1].mean():.1%} of {len(kept):,}".replace("%", " %") if len(kept) else "–"


def report(name: str, made: list[Line], checkpoints: tuple[str, ...]) -> None:
    """Prints the table of each checkpoint, all on the same lines."""
    click.echo(f"{name}: {sum(len(line.words) for line in made):,} words of {len(made):,} lines")
    for checkpoint in checkpoints:
        rows, took = measure_with(checkpoint, made)
        click.echo(
            f"{checkpoint}, {len(rows) / took:.0f} words a CPU-second\nleast score   kept, %    words   right, %"
        )
        for least in LEAST_SCORES:
            kept = rows[:, 0] >= least
            right = rows[kept, 1].mean() if kept.any() else float("nan")
            click.echo(f"{least:11.1f}   {kept.mean():7.1%}   {kept.sum():6,}   {right:8.1%}")


def measure_with(checkpoint: str, lines: list[Line]) -> tuple[Rows, float]:
    """What `measure` gives, and the CPU-seconds that it took."""
    read = read_checkpoint(Path(checkpoint))
    check_aligns(read.config, checkpoint)
    recogniser = read.build()[0].eval()
    lines = sorted(lines, key=lambda line: line.pixels.shape[1])
    measure(recogniser, lines[:1])
    begun = time.process_time()
    return measure(recogniser, lines), time.process_time() - begun


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


def drawn_lines(name: str, seed: int, scale: float = 0.5) -> Iterator[Line]:
    """The lines of a form, cut out of its page with some paper around."""
    form = draw_form(FormJob(name, name, seed, scale))
    page = np.asarray(decode(form.png, "grey"))
    for line in form.lines:
        boxes = [(word.text, *word.box) for word in line.words if word.components]
        if len(boxes) < 2 or any(" " in text for text, *_ in boxes):
            continue
        left, top = min(x for _, x, *_ in boxes) - 6, min(y for _, _, y, *_ in boxes) - 6
        right = max(x + width for _, x, _, width, _ in boxes) + 6
        bottom = max(y + height for _, _, y, _, height in boxes) + 6
        words = tuple((text, x - left, x + width - left) for text, x, _, width, _ in boxes)
        yield Line(page[max(top, 0) : bottom, max(left, 0) : right], words, FORM_X_HEIGHT * scale / 3)


def told_by_strokes(release: Path, split: str, most: int) -> tuple[list[Line], int]:
    """Lines of a split in which the strokes tell the words; and of how many that stand in one line."""
    writers: dict[tuple[str, str], list[tuple[str, Ink]]] = defaultdict(list)
    for segment in read_segments(read_release(release, 8), "TEXT"):
        if segment.ink is None or segment.reason is not None or len(segment.text.split()) < 2:
            continue
        if split_of(person(segment.contributor, segment.writer)) == split and segment.text.isascii():
            writers[segment.contributor, segment.writer].append((segment.text, segment.ink))
    found: list[Line] = []
    looked_at = 0
    for written in writers.values():
        for (text, ink), (x_height, _) in zip(written, x_heights(written), strict=True):
            if is_one_line(ink):
                looked_at += 1
                line = _of_strokes(text.split(), ink, x_height)
                found += [] if line is None else [line]
    random.Random(5).shuffle(found)
    return found[:most], looked_at


def _of_strokes(words: list[str], ink: Ink, x_height: float) -> Line | None:
    """A line, its pen an eighth of an x-height broad; None where the gaps between strokes do not tell its words."""
    begins = np.flatnonzero(ink.starts)
    left, right = np.minimum.reduceat(ink.x, begins), np.maximum.reduceat(ink.x, begins)
    order = np.argsort(left)
    reached = np.maximum.accumulate(right[order])
    gaps = left[order][1:] - reached[:-1]
    widest = np.argsort(-gaps)
    count = len(words) - 1
    if len(gaps) < count or gaps[widest[count - 1]] < LEAST_GAP * x_height:
        return None
    if len(gaps) > count and gaps[widest[count - 1]] < WIDER * gaps[widest[count]]:
        return None
    at = np.sort(widest[:count])
    scale = (HEIGHT - 12) / max(float(np.ptp(ink.y)), x_height)
    to_x = (ink.x - ink.x.min()) * scale + 8
    to_y = (ink.y.max() - ink.y) * scale + 6
    pen = max(1, round(x_height * scale / 8))
    pixels = np.full((HEIGHT, int(to_x.max()) + 9), 255, np.uint8)
    for points in np.split(np.stack([to_x, to_y], 1), begins[1:]):
        fixed = np.rint(points * 16).astype(np.int32)[:, None]
        cv2.polylines(pixels, [fixed], False, 40, pen, cv2.LINE_AA, shift=4)
    edge = (float(ink.x.min()), scale)
    starts = [left[order][0], *left[order][at + 1]]
    stops = [*reached[at], reached[-1]]
    places = [(x - edge[0]) * edge[1] + 8 for pair in zip(starts, stops, strict=True) for x in pair]
    known = [(word, places[2 * i] - pen / 2, places[2 * i + 1] + pen / 2) for i, word in enumerate(words)]
    return Line(pixels, tuple(known), x_height * scale / 3)


def measure(recogniser: Recogniser, lines: list[Line]) -> Rows:
    """Score, and whether the cut is right (1 or 0), of each word: [N, 2]; what cannot be aligned has -inf."""
    rows = []
    for begin in range(0, len(lines), 16):
        batch = lines[begin : begin + 16]
        seen = log_probabilities(recogniser, [Image.fromarray(line.pixels) for line in batch])
        for line, along in zip(batch, seen, strict=True):
            edges = [0.0, *(edge for _, left, right in line.words for edge in (left, right)), line.pixels.shape[1]]
            placed = place_words(line.text, line.pixels, along.emissions, recogniser.charset, along.covered)
            for number, word in enumerate(placed):
                before, left, right, behind = edges[2 * number : 2 * number + 4]
                right_cut = word.extent is not None and (
                    before - line.tolerance <= word.extent.left <= left + line.tolerance
                    and right - line.tolerance <= word.extent.right <= behind + line.tolerance
                )
                rows.append((-np.inf if word.score is None else word.score, float(right_cut)))
    return np.array(rows)


if __name__ == "__main__":
    run(main, "python benchmarks/cuts.py")
