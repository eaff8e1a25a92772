"""``htrmodel align``: where the words of lines are."""

from __future__ import annotations

from pathlib import Path

import click

from htrdata.errors import UsageError
from htrmodel import starter

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
def align(store: Path, out: Path, name: str | None, checkpoint: Path, device: str) -> None:
    """Find the words of lines: the text of each line is aligned with what a recogniser of words sees along it.

    The store is one of lines, with boxes on their pages (`htrdata xml --unit line`). `htrdata xml --unit word
    --alignment FILE` then cuts the words out; the lower a word's score, the less sure its cut.

    \b
    Examples:
      htrdata xml letters/ --name letters_lines
      htrmodel align lmdb --name letters_lines --out letters.parquet
      htrdata xml letters/ --unit word --alignment letters.parquet --name letters
    """
    import hashlib
    import statistics

    from htrdata.cli.console import progress_bar
    from htrdata.store.reading import open_store
    from htrmodel.alignment.emissions import check_aligns
    from htrmodel.alignment.store import align_dataset
    from htrmodel.alignment.table import write_alignment
    from htrmodel.checkpoint.files import read_checkpoint
    from htrmodel.devices import find_device

    opened = open_store(store)
    if name is None and len(opened.datasets) > 1:
        raise UsageError(f"{store} has several data sets: name one of {', '.join(opened.datasets)} with --name")
    dataset = opened.dataset(name or next(iter(opened.datasets)))
    recogniser = read_checkpoint(checkpoint).build()[0].to(find_device(device)).eval()
    check_aligns(recogniser, str(checkpoint))
    with progress_bar() as progress:
        lines = align_dataset(recogniser, dataset, lambda done, total: progress("lines", done, total))
    about = {
        "dataset": dataset.name,
        "content_digest": dataset.description.content_digest,
        "checkpoint": checkpoint.name,
        "checkpoint_sha256": hashlib.sha256(starter.find_checkpoint(checkpoint).read_bytes()).hexdigest(),
    }
    count = write_alignment(out, lines, about)
    scores = [word.score for line in lines for word in line.words if word.score is not None]
    click.echo(f"{out}: {count:,} words of {len(lines):,} lines, {len(scores):,} aligned")
    if scores:
        click.echo(f"median of their scores {statistics.median(scores):.2f}")
