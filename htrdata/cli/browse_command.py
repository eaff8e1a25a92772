"""``htrdata browse``: a local page to look through the words of a store, and to correct their labels."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from htrdata.cli.console import Terminated, echo
from htrdata.records.counting import plural


@click.command()
@click.argument("store", default="lmdb", type=click.Path(path_type=Path))
@click.option("--name", help="Data set of the store.  [default: the only one]")
@click.option("--root", type=click.Path(path_type=Path), help="The pages' images, to look around a word.")
@click.option(
    "--predictions",
    type=click.Path(path_type=Path),
    help="Readings: CSV or Parquet of `htrmodel predict` or `evaluate`.",
)
@click.option("--audit", type=click.Path(path_type=Path), help="What `htrmodel audit` wrote: its CSV.")
@click.option(
    "--corrections", type=click.Path(path_type=Path), help="Where corrections go.  [default: NAME-corrections.csv]"
)
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Of this machine.  [default: a free one]")
@click.option("--open", "open_page", is_flag=True, help="Open the page in your browser.")
def browse(
    store: Path,
    name: str | None,
    root: Path | None,
    predictions: Path | None,
    audit: Path | None,
    corrections: Path | None,
    port: int,
    open_page: bool,
) -> None:
    """Look through the words of a store in your browser, and put labels right by keyboard.

    The page is for this machine alone, at an address that nobody can guess, and nothing is loaded from elsewhere.
    Corrections go to a CSV (id, old, new, when) that every build takes: `--corrections FILE`.

    \b
    Examples:
      htrdata browse lmdb --name imgur5k --root IMGUR5K-Handwriting-Dataset --open
      htrdata browse lmdb --name iam_aachen --predictions read.csv --audit audit.csv
    """
    from htrdata.store.browsing.opening import open_answers, said_of
    from htrdata.store.browsing.serving import serve

    answers = open_answers(store, name, root=root, predictions=predictions, audit=audit, corrections=corrections)
    for line in said_of(answers):
        echo(line, err=True)

    def ready(address: str) -> None:
        echo(address)
        echo("stop it with Ctrl-C", err=True)
        if open_page:
            click.launch(address)

    with suppress(KeyboardInterrupt, Terminated):  # how it is meant to end
        serve(answers, port, ready)
    if len(answers.log):
        echo(
            f"\n{plural(len(answers.log), 'correction')}: build {answers.name} anew with --corrections "
            f"{answers.log.path}",
            err=True,
        )
