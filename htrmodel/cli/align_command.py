"""``htrmodel align``: where the words of lines are."""

from __future__ import annotations

from pathlib import Path

import click

from htrdata.errors import UsageError
from htrmodel.cli.foreign_options import ForeignRequest, foreign_options, say_assumed

WEIGHTS = Path("starter-fast")


@click.command()
@click.argument("store", metavar="STORE", type=click.Path(path_type=Path))
@click.option("--out", required=True, metavar="FILE.parquet", type=click.Path(path_type=Path), help="The alignment.")
@click.option("--name", help="Data set of the store.  [default: the only one]")
@click.option(
    "--checkpoint",
    default=WEIGHTS,
    show_default=True,
    metavar="starter-fast|FILE",
    type=click.Path(path_type=Path),
    help="A recogniser without TPS that decodes by CTC.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@foreign_options
def align(foreign: ForeignRequest, store: Path, out: Path, name: str | None, checkpoint: Path, device: str) -> None:
    """Find the words of lines: the text of each line is aligned with what a recogniser of words sees along it.

    The store is one of lines, with boxes on their pages (`htrdata xml --unit line`). `htrdata xml --unit word
    --alignment FILE` then cuts the words out; the lower a word's score, the less sure its cut.

    \b
    Examples:
      htrdata xml letters/ --name letters_lines
      htrmodel align lmdb --name letters_lines --out letters.parquet
      htrdata xml letters/ --unit word --alignment letters.parquet --name letters
    """
    from htrdata.cli.console import echo, progress_bar
    from htrdata.store.reading import open_store
    from htrmodel.alignment.aligning import align_lines

    opened = open_store(store)
    if name is None and len(opened.datasets) > 1:
        raise UsageError(f"{store} has several data sets: name one of {', '.join(opened.datasets)} with --name")
    dataset = opened.dataset(name or next(iter(opened.datasets)))
    with progress_bar() as progress:
        aligned = align_lines(
            dataset,
            checkpoint,
            out,
            settings=foreign.settings(),
            device=device,
            say=say_assumed,
            progress=lambda done, total: progress("lines", done, total),
        )
    lines = sum(dataset.count(split) for split in dataset.splits)
    echo(f"{out}: {aligned.words:,} words of {lines:,} lines, {aligned.placed:,} aligned")
    if aligned.median is not None:
        echo(f"median of their scores {aligned.median:.2f}")
