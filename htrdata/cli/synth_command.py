"""``htrdata synth``: a data set of drawn words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from htrdata.cli.build_options import BuildRequest, drawing_options
from htrdata.cli.building import run_build

if TYPE_CHECKING:
    from htrdata.records import Unit


def _names(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(name.strip() for name in value.split(","))


@click.command()
@click.option("--words", default=100_000, show_default=True, type=click.IntRange(1), help="In all splits together.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of all chance.")
@click.option(
    "--fonts",
    type=click.Path(path_type=Path),
    help="Folder of TrueType handwriting fonts, which write about half of the words.  [default: pens alone]",
)
@click.option("--diacritics", is_flag=True, help="Some words have Latin letters with diacritics.")
@click.option(
    "--hands",
    callback=_names,
    metavar="NAMES",
    help="Kinds of hands, with commas: print, joined, mixed, broad, font. A split that no font falls to prints.  "
    "[default: all]",
)
@click.option(
    "--media", callback=_names, metavar="NAMES", help="Kinds of pages, with commas: scan, photo.  [default: all]"
)
@click.option(
    "--unit",
    default="word",
    show_default=True,
    type=click.Choice(["word", "line"]),
    help="With line, --words says how many lines of some words each.",
)
@drawing_options
def synth(
    asked: BuildRequest,
    words: int,
    seed: int,
    fonts: Path | None,
    diacritics: bool,
    hands: tuple[str, ...] | None,
    media: tuple[str, ...] | None,
    unit: Unit,
) -> None:
    """Draw words as people write them: no data set is needed, and there is no end to them.

    Writers, and fonts, of train, val and test are different ones. A seed gives the same words everywhere where the
    libraries are the same.

    \b
    Examples:
      htrdata synth --words 20000
      htrdata synth --words 1000000 --fonts /usr/share/fonts/truetype
      htrdata synth --words 5000 --hands print,mixed --media photo --name synth_photos
      htrdata synth --words 8000 --unit line
    """
    from htrdata.drawing.synth.source import Synth
    from htrdata.drawing.synth.writers import HANDS, MEDIA

    run_build(Synth(words, seed, fonts, diacritics, hands or HANDS, media or MEDIA, unit), asked)
