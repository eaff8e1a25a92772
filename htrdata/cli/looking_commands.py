"""``htrdata info`` and ``htrdata preview``: what is in a store, and what it looks like."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from htrdata.cli.build_options import normalise_option
from htrdata.cli.console import echo, print_json
from htrdata.errors import UsageError
from htrdata.records.counting import plural

if TYPE_CHECKING:
    from htrdata.store.description import Description
    from htrdata.store.telling import ToldWord


@click.command()
@click.argument("store", default="lmdb", type=click.Path(path_type=Path))
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--name", help="Only this data set of the store.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def info(store: Path, ids: tuple[str, ...], name: str | None, as_json: bool) -> None:
    """Tell what is in a store; or of words all that is known of them, with their pictures where the terminal can.

    An ID is that of the manifest, alone or after data set and split, as `htrmodel predict` and `evaluate` name words.

    \b
    Examples:
      htrdata info
      htrdata info lmdb 73ddopW_3
      htrdata info lmdb imgur5k/test/73ddopW_3 --json
    """
    from htrdata.store.description_file import as_text
    from htrdata.store.reading import open_store
    from htrdata.store.telling import tell

    opened = open_store(store)
    if name is not None:
        opened.datasets = {name: opened.dataset(name)}
    if ids:
        _print_words([word for one in ids for word in tell(opened, one)], as_json)
    elif as_json:
        click.echo("[" + ",\n".join(as_text(dataset.description).rstrip() for dataset in opened) + "]")
    else:
        echo("\n\n".join(_told(store, dataset.description) for dataset in opened))


def _told(store: Path, about: Description) -> str:
    from htrdata.building.report import summary

    size = sum(shard.bytes for shard in about.shards.values())
    head = [about.about.title, f"licence: {about.about.licence}"]
    if about.about.citation:
        head.append(f"cite: {about.about.citation}")
    place = f"{len(about.shards)} shard{'s' if len(about.shards) != 1 else ''}, {size / 1e6:,.1f} MB; "
    return "\n".join([*head, summary(about), place + f"more: {store / about.name / 'report.html'}"])


def _print_words(words: list[ToldWord], as_json: bool) -> None:
    if as_json:
        print_json([dict(word.known) for word in words])
        return
    for number, word in enumerate(words):
        if number:
            echo("")
        width = max(map(len, word.known))
        for column, value in word.known.items():
            if isinstance(value, dict):
                value = ", ".join(f"{part} {_rounded(one)}" for part, one in value.items())
            echo(f"{column:{width}}  {_rounded(value)}")
        if word.image is not None and sys.stdout.isatty():
            from htrdata.cli.terminal_pictures import terminal_picture

            click.echo(terminal_picture(word.image))


def _rounded(value: object) -> object:
    return f"{value:.5g}" if isinstance(value, float) else value


@click.command()
@click.argument("path", default="lmdb", type=click.Path(path_type=Path))
@click.option("--out", default="preview.png", show_default=True, type=click.Path(path_type=Path), help="The picture.")
@click.option("--overwrite", is_flag=True, help="Replace a picture that is there.")
@normalise_option("all but whiten")
@click.option("--name", help="Data set of the store.  [default: the only one]")
@click.option(
    "--split",
    type=click.Choice(["train", "val", "test"]),
    help="Of the data set.  [default: the first; of a sheet all]",
)
@click.option("--sheet", is_flag=True, help="Draw a contact sheet: many words as they are, with labels and ids.")
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="A sheet of words of which it holds, such as writer=anna,berta or height<20 or text~^[A-Z]: a column of the "
    "manifest, one of = != < <= > >= ~, values; ~ finds a regular expression. Repeatable.",
)
@click.option(
    "--words", type=click.IntRange(1, 1000), help="Words, at most.  [default: 12; of a sheet 60; of lines a third]"
)
def preview(
    path: Path,
    out: Path,
    overwrite: bool,
    normalise: tuple[str, ...],
    name: str | None,
    split: str | None,
    sheet: bool,
    where: tuple[str, ...],
    words: int | None,
) -> None:
    """Draw words of a store: a contact sheet of those that are wanted, or what normalisations do to some of them.

    Without --sheet and --where words of a store, or the image of a word, stand before and after each normalisation.

    \b
    Examples:
      htrdata preview lmdb --name imgur5k --normalise deskew,slant
      htrdata preview word.png --out steps.png
      htrdata preview lmdb --sheet --words 200
      htrdata preview lmdb --where 'text~[0-9]' --where split=test --out digits.png
    """
    from htrdata.store.contact_sheet import write_contact_sheet
    from htrdata.store.preview import check_out, write_preview
    from htrdata.store.specimens import chosen_dataset, specimens_where

    if not (sheet or where):
        write_preview(path, out, normalise, name=name, split=split, count=words, overwrite=overwrite)
        echo(out)
        return
    if normalise:
        raise UsageError("--normalise shows its steps on words by themselves: give it without --sheet and --where")
    if path.is_file():
        raise UsageError(f"{path} is no folder of a store: --sheet and --where go with a store only")
    check_out(path, out, overwrite=overwrite)
    dataset = chosen_dataset(path, name)
    count = words or (20 if dataset.description.unit == "line" else 60)
    found, number = specimens_where(dataset, split, where, count)
    write_contact_sheet(found, out)
    echo(f"{out}: {len(found):,} of {plural(number, 'word')}")
