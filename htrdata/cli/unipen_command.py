"""``htrdata unipen``: words written on tablets, drawn from their pen strokes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from htrdata.cli.build_options import BuildRequest, build_options
from htrdata.cli.building import run_build
from htrdata.cli.data_place import data_place
from htrdata.cli.published_options import PublishedRequest

if TYPE_CHECKING:
    from htrdata.records import Unit


def _names(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(name.strip() for name in value.split(","))


@click.command()
@data_place("unipen")
@click.option(
    "--unit",
    default="word",
    show_default=True,
    type=click.Choice(["word", "line"]),
    help="What a crop shows: a word of category 7, or a line of category 8.",
)
@click.option(
    "--renderings",
    default=1,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="How often each word of train is drawn, each time with another pen, paper and lens; val and test once.",
)
@click.option("--drawing-seed", default=0, show_default=True, type=click.IntRange(0), help="Of all that is drawn.")
@click.option(
    "--media", callback=_names, metavar="NAMES", help="Kinds of pages, with commas: scan, photo.  [default: all]"
)
@build_options
def unipen(
    asked: BuildRequest,
    published: PublishedRequest,
    root: Path,
    unit: Unit,
    renderings: int,
    drawing_seed: int,
    media: tuple[str, ...] | None,
) -> None:
    """Build UNIPEN's words or lines: strokes that people wrote on tablets, in pictures that are made of them.

    ROOT is the folder of train_r01_v07, its archive as Zenodo has it, or a folder with that archive. Writers of train,
    val and test are different ones, by a rule that stays the same.

    \b
    Examples:
      htrdata unipen --root ~/Downloads/train_r01_v07.tgz --dry-run
      htrdata unipen --root ~/Downloads --renderings 4
      htrdata unipen --media scan --charset printable --max-length 25
      htrdata unipen --unit line
    """
    from htrdata.drawing.synth.writers import MEDIA
    from htrdata.drawing.unipen import Unipen

    run_build(Unipen(root, renderings, drawing_seed, media or MEDIA, unit), asked, published)
