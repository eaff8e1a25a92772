"""``htrdata sample``: small drawn data sets in the genuine layouts."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from htrdata.cli.console import echo, progress_bar
from htrdata.cli.misspelt import CommandGroup
from htrdata.records.counting import plural


@click.group(cls=CommandGroup)
def sample() -> None:
    """Draw a small data set in the genuine layout, to try things without any data."""


@sample.command()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to make.")
@click.option("--pages", default=40, show_default=True, help="How many pages, at least 3.")
@click.option("--words-per-page", default=21, show_default=True, help="How many words on each.")
@click.option("--seed", default=0, show_default=True, help="Another one gives other writers, words and paper.")
@click.option(
    "--annotations",
    type=click.Path(path_type=Path),
    help="Draw pages for the boxes and words of this dataset_info folder, or of one annotation file.",
)
@click.option("--plain", is_flag=True, help="Even light, no grain: faster to draw, smaller files.")
@click.option("--workers", type=click.IntRange(1), help="Processes to work in.  [default: one per usable core]")
def imgur5k(
    out: Path, pages: int, words_per_page: int, seed: int, annotations: Path | None, plain: bool, workers: int | None
) -> None:
    """Draw pages in the layout of Imgur5K, with the quirks of the published lists.

    \b
    Examples:
      htrdata sample imgur5k --out data/imgur5k
      htrdata sample imgur5k --out drawn --annotations IMGUR5K-Handwriting-Dataset/dataset_info
    """
    from htrdata.drawing.samples.imgur5k import draw_sample
    from htrdata.files.cores import usable_cores
    from htrdata.workers import make_executor

    with make_executor(workers or usable_cores()) as executor, progress_bar() as progress:
        drawn = draw_sample(
            out,
            pages=pages,
            words_per_page=words_per_page,
            seed=seed,
            annotations=annotations,
            plain=plain,
            map_pages=executor.map,
            progress=lambda done, total: progress("pages", done, total),
        )
    echo(f"{drawn.root}: {plural(drawn.pages, 'page')}, {plural(drawn.words, 'word')}")
    echo(f"build it: {shlex.join(['htrdata', 'imgur5k', '--root', str(drawn.root)])}", err=True)


@sample.command()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to make.")
@click.option("--forms", default=16, show_default=True, help="How many forms, 5 to 500.")
@click.option("--seed", default=0, show_default=True, help="Another one gives other writers, words and paper.")
@click.option("--scale", default=1.0, show_default=True, help="Of the forms; 1 is 2479 x 3542 pixels.")
@click.option("--archives", is_flag=True, help="Write words.tgz, xml.tgz, … instead of folders.")
@click.option("--workers", type=click.IntRange(1), help="Processes to work in.  [default: one per usable core]")
def iam(out: Path, forms: int, seed: int, scale: float, archives: bool, workers: int | None) -> None:
    """Draw forms, words and annotations in the layout of IAM, with the quirks of the published ones.

    \b
    Examples:
      htrdata sample iam --out data/iam
      htrdata sample iam --out drawn --archives
    """
    from htrdata.drawing.samples.iam import draw_sample
    from htrdata.files.cores import usable_cores
    from htrdata.workers import make_executor

    with make_executor(workers or usable_cores()) as executor, progress_bar() as progress:
        drawn = draw_sample(
            out,
            forms=forms,
            seed=seed,
            scale=scale,
            archives=archives,
            map_forms=executor.map,
            progress=lambda done, total: progress("forms", done, total),
        )
    echo(f"{drawn.root}: {drawn.forms:,} forms by {drawn.writers:,} writers, {drawn.words:,} words")
    echo(f"build it: {shlex.join(['htrdata', 'iam', '--root', str(drawn.root)])}", err=True)


@sample.command()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to make.")
@click.option("--writers", default=24, show_default=True, help="How many writers, at least 3.")
@click.option("--words", default=20, show_default=True, help="How many words of each, at least 3.")
@click.option("--seed", default=0, show_default=True, help="Another one gives other writers and words.")
@click.option("--archive", is_flag=True, help="Write train_r01_v07.tgz instead of folders.")
def unipen(out: Path, writers: int, words: int, seed: int, archive: bool) -> None:
    """Draw pen strokes in the layout and format of UNIPEN, with the quirks of the published files.

    \b
    Examples:
      htrdata sample unipen --out data/unipen
      htrdata sample unipen --out drawn --archive
    """
    from htrdata.drawing.samples.unipen import draw_sample

    drawn = draw_sample(out, writers=writers, words=words, seed=seed, archive=archive)
    echo(f"{drawn.root}: {len(drawn.words):,} words by {drawn.writers:,} writers")
    echo(f"build it: {shlex.join(['htrdata', 'unipen', '--root', str(drawn.root)])}", err=True)
