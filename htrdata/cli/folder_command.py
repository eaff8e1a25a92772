"""``htrdata folder``: images of words or lines with their texts, in any of the usual forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from htrdata.cli.build_options import BuildRequest, build_options
from htrdata.cli.building import run_build
from htrdata.cli.console import echo, progress_bar
from htrdata.cli.data_place import data_place
from htrdata.cli.published_options import PublishedRequest
from htrdata.errors import UsageError

if TYPE_CHECKING:
    from htrdata.records import Unit
    from htrdata.sources.folder.splitting import Splits

_ROLES = ("image", "text", "split", "writer", "page", "id")


def _columns(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    chosen = {}
    for value in values:
        role, equals, name = value.partition("=")
        if role not in _ROLES or not equals or not name:
            raise click.BadParameter(f"{value!r} is not {', '.join(_ROLES)} with = and the name of a column")
        chosen[role] = name
    return chosen


@click.command()
@data_place()
@click.option(
    "--labels",
    multiple=True,
    metavar="FILE|.gt.txt|.txt",
    help="The table that is meant, or the ending of texts beside images. Repeatable.  [default: found]",
)
@click.option(
    "--images",
    type=click.Path(path_type=Path),
    help="Where names of images start from: a folder, zip or tar.  [default: found]",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    callback=_columns,
    metavar="ROLE=NAME",
    help=f"What a column holds: {', '.join(_ROLES)}; NAME is its name or number. Repeatable.  [default: by name]",
)
@click.option("--encoding", help="Of texts, such as cp1252.  [default: UTF-8 or UTF-16, as they are]")
@click.option(
    "--quoting",
    type=click.Choice(["csv", "none"]),
    help='Whether csv wrote "a ""b""", or quotes are as they stand.  [default: csv in .csv and .tsv]',
)
@click.option(
    "--splits",
    default="auto",
    show_default=True,
    type=click.Choice(["auto", "given", "writer", "page", "folder", "name"]),
    help="How to deal words out; auto: as given, with val cut from train if need be, else the first way that is known.",
)
@click.option("--split", type=click.Choice(["train", "val", "test"]), help="Put all words into one split.")
@click.option("--unit", default="word", show_default=True, type=click.Choice(["word", "line"]), help="Of an image.")
@click.option("--drop-wrong", is_flag=True, help="Drop wrong lines, each with its reason, and do not refuse them.")
@click.option("--title", help="What the words are.  [default: the name of the folder]")
@click.option("--licence", help="Their terms, such as 'CC BY 4.0'.")
@click.option("--citation", help="How to cite them.")
@click.option("--url", help="Where they are from.")
@build_options
def folder(
    asked: BuildRequest,
    published: PublishedRequest,
    root: Path,
    labels: tuple[str, ...],
    images: Path | None,
    columns: dict[str, str],
    encoding: str | None,
    quoting: str | None,
    splits: Splits,
    split: str | None,
    unit: Unit,
    drop_wrong: bool,
    title: str | None,
    licence: str | None,
    citation: str | None,
    url: str | None,
) -> None:
    """Build your own images of words or lines, in whatever form their texts are.

    PATH is a folder with a gt.txt (path, tab, text), a CSV, TSV, JSON or JSON Lines file, Parquet or Arrow files, a
    NAME.txt or NAME.gt.txt beside each image, or LMDBs of clova's tools; one such file; or a zip or tar of them.
    Columns split, writer and page are used where there are any; all others become columns of the manifest.

    \b
    Examples:
      htrdata folder letters/ --dry-run
      htrdata folder letters/ --labels checked.csv --column text=corrected
      htrdata folder crops.parquet --unit line --name crops_lines
      htrdata folder crops.zip
    """
    from dataclasses import replace

    from htrdata.sources.folder import Asked, Folder

    if sum((split is not None, splits != "auto", published.resplit is not None)) > 1:
        raise UsageError("--split, --splits and --resplit each say which word is in which split: give one of them")
    source = Folder(
        root=root,
        labels=labels,
        images=images,
        asked=Asked(columns, encoding, quoting),
        splits=splits,
        split="train" if published.resplit is not None else split,
        unit=unit,
        drop_wrong=drop_wrong,
    )
    given = {"title": title, "licence": licence, "citation": citation, "url": url}
    source = replace(source, about=replace(source.info, **{name: text for name, text in given.items() if text}))
    with progress_bar() as progress:
        source = replace(source, progress=progress)
        notes = source.notes
    for note in notes:
        echo(note, err=True)
    run_build(source, asked, published)
