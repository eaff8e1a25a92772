"""``htrdata export``: words out of a store again, for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from htrdata.cli.console import echo, print_json, progress_bar
from htrdata.records.counting import plural

if TYPE_CHECKING:
    from htrdata.store.exporting import Form


@click.command()
@click.argument("store", default="lmdb", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "form",
    required=True,
    type=click.Choice(["folder", "parquet", "clova"]),
    help="Images with their texts beside them, for Hugging Face, docTR and kraken; Parquet for Hugging Face; or plain "
    "LMDBs for clova's tools.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to make.")
@click.option("--name", help="Data set of the store.  [default: the only one]")
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="Take only words of which it holds, such as writer=anna,berta or split!=test or width>=32: a column of the "
    "manifest, one of = != < <= > >= ~, values. Repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def export(store: Path, form: Form, out: Path, name: str | None, where: tuple[str, ...], as_json: bool) -> None:
    """Write the kept words of a data set for other tools, with a card: terms, splits, columns, how to open them.

    Images and labels are those of the shards, byte for byte; `htrdata folder` reads them back.

    \b
    Examples:
      htrdata export lmdb --name letters --to parquet --out letters-hf
      htrdata export lmdb --to folder --out crops --where split=test --where writer=12,13
      htrdata export lmdb --to clova --out plain
    """
    from htrdata.store.exporting import export as write
    from htrdata.store.reading import open_store

    dataset = open_store(store).dataset(name)
    with progress_bar() as progress:
        done = write(dataset, form, out, where, lambda n, total: progress("words", n, total))
    if as_json:
        print_json({"folder": str(done.folder), "words": done.counts})
    else:
        counts = ", ".join(f"{split} {count:,}" for split, count in done.counts.items())
        echo(f"{done.folder}: {plural(sum(done.counts.values()), 'word')} ({counts})")
