"""``htrdata xml``: pages with lines in ALTO or PAGE XML."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from htrdata.cli.build_options import BuildRequest, build_options
from htrdata.cli.building import run_build
from htrdata.cli.console import echo, progress_bar
from htrdata.cli.data_place import data_place
from htrdata.cli.published_options import PublishedRequest, resplit
from htrdata.errors import UsageError

if TYPE_CHECKING:
    from htrdata.records import Unit


@click.command()
@data_place()
@click.option(
    "--unit", default="line", show_default=True, type=click.Choice(["line", "word"]), help="What becomes a row."
)
@click.option("--images", type=click.Path(path_type=Path), help="The pictures.  [default: below PATH]")
@click.option("--corpus", metavar="NAME|FILE", help="Terms, writers and splits: copiste, testaments, … or a TOML file.")
@click.option("--split", type=click.Choice(["train", "val", "test"]), help="Put all pages into one split.")
@click.option(
    "--alignment", type=click.Path(path_type=Path), help="Words of the lines, by `htrmodel align`; with --unit word."
)
@click.option(
    "--least-score", type=float, help="Drop aligned words whose letters are less likely, as a log.  [default: -2]"
)
@click.option(
    "--without",
    multiple=True,
    metavar="TYPE",
    help="Drop lines of a type, or with a tag: printed, unclear. Repeatable.",
)
@click.option(
    "--text-rules",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Fold signs of the transcription (¬, ^, ligatures) by a table of chocomufin: char,replacement,regex.",
)
@click.option(
    "--scaled", is_flag=True, help="Take pictures that are reduced copies of those which coordinates are for."
)
@click.option("--dewarp", is_flag=True, help="Straighten crops along the baseline of their line.")
@build_options
def xml(
    asked: BuildRequest,
    published: PublishedRequest,
    root: Path,
    unit: Unit,
    images: Path | None,
    corpus: str | None,
    split: str | None,
    alignment: Path | None,
    least_score: float | None,
    without: tuple[str, ...],
    text_rules: Path | None,
    scaled: bool,
    dewarp: bool,
) -> None:
    """Build lines, or words, of ALTO or PAGE files in a folder or zip, as transcription tools export them.

    Without --corpus, --split or --resplit pages are dealt out at random: 80 % train, 10 % val, 10 % test; of one or
    two pages the lines are.

    \b
    Examples:
      htrdata xml letters/ --dry-run
      htrdata xml letters/ --images access_copies/ --scaled
      htrdata xml export.zip --without printed --name letters
      htrdata xml Copiste-d-un-jour/ --corpus copiste --unit word --alignment copiste.parquet
    """
    from htrdata.labels.text_rules import read_text_rules
    from htrdata.sources.xml.alignment import Alignment
    from htrdata.sources.xml.corpus import find_corpus
    from htrdata.sources.xml.export import LEAST_SCORE, XmlExport

    if alignment is None and least_score is not None:
        raise UsageError("--least-score means something with --alignment only")
    if alignment is not None and unit != "word":
        raise UsageError("--alignment says where words are: give --unit word with it")
    if sum(choice is not None for choice in (corpus, split, published.resplit)) > 1:
        raise UsageError("--corpus, --split and --resplit each say which page is in which split: give one of them")
    with progress_bar() as progress:
        source = XmlExport(
            root=root,
            unit=unit,
            images=images,
            corpus=find_corpus(corpus) if corpus is not None else None,
            split=split,
            alignment=Alignment(alignment) if alignment is not None else None,
            least_score=LEAST_SCORE if least_score is None else least_score,
            excluded=without,
            rules=read_text_rules(text_rules) if text_rules is not None else None,
            dewarp=dewarp,
            scaled=scaled,
            progress=progress,
        )
        if corpus is None and split is None and published.resplit is None:
            # Nobody asked for it: few pages are no reason to refuse.
            dealt = resplit(source, replace(published, resplit="random"), divide_few=True)
            run_build(dealt, asked, replace(published, group="auto", seed=0, ratio=None))
        else:
            run_build(source, asked, published)
    if source.rules is not None:
        _say_folded(source.folded)


def _say_folded(counts: Counter[str]) -> None:
    found = ", ".join(f"{sign} {count:,} times" for sign, count in counts.most_common()) or "nothing"
    echo(f"text rules found {found}", err=True)
