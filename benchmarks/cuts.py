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

import time
from pathlib import Path

import click
import numpy as np
from known_lines import Line, drawn_lines, lines_of, told_by_strokes
from numpy.typing import NDArray
from PIL import Image

from htrdata.cli.console import run
from htrdata.store.reading import open_store
from htrmodel.alignment.emissions import log_probabilities
from htrmodel.alignment.fitted import check_aligns
from htrmodel.alignment.lines import place_words
from htrmodel.checkpoint.files import read_checkpoint
from htrmodel.recogniser import Recogniser

LEAST_SCORES = (-np.inf, -4.0, -3.0, -2.5, -2.0, -1.5, -1.0, -0.5)

Rows = NDArray[np.float64]


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
