"""``htrdata iam``: the IAM Handwriting Database, by words or lines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from htrdata.cli.build_options import BuildRequest, build_options
from htrdata.cli.building import run_build
from htrdata.cli.data_place import data_place
from htrdata.cli.published_options import PublishedRequest
from htrdata.errors import UsageError

if TYPE_CHECKING:
    from htrdata.records import Unit
    from htrdata.sources.iam.source import Annotations, Pixels
    from htrdata.sources.iam.splits import Segmentation


@click.command()
@data_place("iam")
@click.option(
    "--unit", default="word", show_default=True, type=click.Choice(["word", "line"]), help="What becomes a row."
)
@click.option("--split", type=click.Choice(["aachen", "lwitr"]), help="Published split.  [default: aachen]")
@click.option(
    "--segmentation",
    type=click.Choice(["ok", "all"]),
    help="Drop or keep words of lines that are marked as segmented wrongly.  [default: ok; all with --unit line]",
)
@click.option(
    "--annotations",
    default="auto",
    type=click.Choice(["auto", "xml", "png", "ascii"]),
    help="png: the XML that the images of words carry.  [default: those that cover most]",
)
@click.option(
    "--pixels",
    default="auto",
    type=click.Choice(["auto", "words", "lines", "forms"]),
    help="[default: words, or lines with --unit line, if there]",
)
@build_options
def iam(
    asked: BuildRequest,
    published: PublishedRequest,
    root: Path,
    unit: Unit,
    split: str | None,
    segmentation: Segmentation | None,
    annotations: Annotations,
    pixels: Pixels,
) -> None:
    """Build IAM: the archives of its site in ROOT, as they are or unpacked anyhow; words.tgz is enough.

    \b
    Examples:
      htrdata iam ~/Downloads --dry-run
      htrdata iam --split lwitr --segmentation all
      htrdata iam --split lwitr --unit line
      htrdata iam --resplit kfold --fold 1/5
    """
    from htrdata.sources.iam.source import Iam

    if split is not None and published.resplit is not None:
        raise UsageError("--split takes a published split, and --resplit another one: give one of the two")
    scheme = split or (None if published.resplit else "aachen")
    run_build(Iam(root, scheme, segmentation, annotations, pixels, unit), asked, published)
