"""``htrmodel audit``: which labels of a data set are probably wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from htrdata.cli.console import echo, progress_bar
from htrdata.errors import UsageError
from htrdata.records.counting import plural
from htrmodel import starter

if TYPE_CHECKING:
    from htrdata.store.reading import Dataset
    from htrmodel.auditing.audit import Audit
    from htrmodel.auditing.request import AuditRequest

START = Path("starter-fast")


@click.command()
@click.argument("store", default="lmdb", type=click.Path(path_type=Path))
@click.option("--name", help="Data set of the store.  [default: the only one]")
@click.option(
    "--start",
    default=START,
    show_default=True,
    metavar="starter|starter-fast|FILE",
    type=click.Path(path_type=Path),
    help="The weights that each training starts from; they must not have learnt this data set.",
)
@click.option("--folds", default=3, show_default=True, type=click.IntRange(2), help="Parts: a model for each.")
@click.option("--epochs", default=2, show_default=True, type=click.IntRange(1), help="Of the training of each fold.")
@click.option("--no-train", is_flag=True, help="Judge all words by --start as it is: quick, and much less sure.")
@click.option(
    "--predictions",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Rank what models have read that never saw these words, instead. Repeatable.",
)
@click.option("--words", type=click.IntRange(10), help="Audit that many, drawn at random.  [default: all]")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of all chance.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@click.option("--out", type=click.Path(path_type=Path), help="The table.  [default: NAME-audit.csv]")
@click.option("--show", default=200, show_default=True, type=click.IntRange(1, 2000), help="Words on the page.")
def audit(
    store: Path,
    name: str | None,
    start: Path,
    folds: int,
    epochs: int,
    no_train: bool,
    predictions: tuple[Path, ...],
    words: int | None,
    seed: int,
    device: str,
    out: Path | None,
    show: int,
) -> None:
    """Find labels that are probably wrong: words that a model reads, and is sure of, as something else.

    No model judges what it has learnt: the words are dealt out to folds, by writer where these are known, and each fold
    is judged by a model trained on the others. The table is for `htrdata browse --audit`; beside it, as .html, stands a
    page with pictures.

    \b
    Examples:
      htrmodel audit lmdb --name imgur5k
      htrmodel audit lmdb --name unipen --words 10000 --epochs 1
      htrmodel audit lmdb --name dhsd --no-train
    """
    from htrdata.files.outputs import keep
    from htrdata.store.reading import open_store
    from htrmodel.auditing.audit import audit_readings
    from htrmodel.auditing.report import COLUMNS, write_csv, write_page
    from htrmodel.auditing.request import AuditRequest
    from htrmodel.judging.prediction_files import check_place

    dataset = open_store(store).dataset(name)
    table = out or Path(f"{dataset.name}-audit.csv")
    if table.suffix != ".csv":
        raise UsageError(f"{table} does not end in .csv: it is a table")
    read = (*predictions, dataset.manifest_path.parent)
    check_place(table, read, "--out", COLUMNS)
    page = table.with_suffix(".html")
    keep(page, read)
    if predictions and no_train:
        raise UsageError("--predictions are ranked as they are: leave --no-train out")
    if predictions:
        found = audit_readings(dataset, predictions)
    else:
        request = AuditRequest(
            start=start, folds=0 if no_train else folds, epochs=epochs, words=words, seed=seed, device=device
        )
        found = _found(dataset, request)
    write_csv(table, found.findings)
    write_page(page, dataset, found, table, show)
    _say(dataset.name, found)
    echo(f"{table} has all of them, {page} shows the first {min(show, len(found.findings)):,}", err=True)


def _found(dataset: Dataset, request: AuditRequest) -> Audit:
    """What models find that are trained for it, or one that is there."""
    from htrmodel.auditing.audit import audit as find

    if not request.folds and str(request.start) in starter.STARTERS:
        echo(f"{request.start} has learnt {starter.KNOWS}: what it does not read may be its own fault", err=True)
    with progress_bar() as progress:
        return find(dataset, request, say=lambda said: echo(said, err=True), progress=progress)


def _say(name: str, found: Audit) -> None:
    left_out = "".join(f", {count:,} not judged ({reason})" for reason, count in found.left_out.items())
    echo(f"{name}: {plural(found.words, 'word')} judged, {len(found.findings):,} read otherwise{left_out}")
    if found.doubt:
        echo(found.doubt, err=True)
    for place, one in enumerate(found.findings[:10], 1):
        echo(f"{place:3} {one.word.split}/{one.word.id}  {one.word.label!r} read as {one.reading!r}: {one.kind.value}")
