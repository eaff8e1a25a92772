"""Trained on × tested on: how far what is learnt from one data set of a store carries to the others.

    python pipelines/transfer.py --data lmdb --out transfer

Fine-tunes the starter weights on each data set by itself, lets the outcome read the test words of every one, and fills
the matrix: a row for what a model was trained on, with the weights that nothing was added to as the first one, a column
for what it was tested on. Run again, it goes on from what is finished. Where a model may know the test words, since
another division of the same pages has them in train, the cell stays empty and the reason is said.
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from htrdata.cli.console import echo, run
from htrdata.errors import UsageError
from htrdata.files.writing import write_atomically
from htrmodel.cli.scripting import Stages, finetune, once, say
from htrmodel.training.recipes import RECIPES

if TYPE_CHECKING:
    from htrdata.store.reading import Dataset, Store

UNTRAINED = "(start)"
"""The row of the weights that all the others began with."""

_PATH = click.Path(path_type=Path)
_Cell = dict[str, Any]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data", default="lmdb", show_default=True, type=_PATH, help="The store.")
@click.option("--out", default="transfer", show_default=True, type=_PATH, help="Folder for runs, figures and matrix.")
@click.option(
    "--train", "trained", multiple=True, metavar="NAME", help="Train on these.  [default: all with train words]"
)
@click.option("--test", "tested", multiple=True, metavar="NAME", help="Test on these.  [default: all with test words]")
@click.option(
    "--start", default="starter-fast", show_default=True, metavar="starter|starter-fast|FILE", help="Weights."
)
@click.option(
    "--recipe", default="own-data", show_default=True, type=click.Choice(sorted(RECIPES)), help="Of training."
)
@click.option("--epochs", type=click.IntRange(1), help="Of training.  [default: those of the recipe]")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
def main(
    data: Path,
    out: Path,
    trained: tuple[str, ...],
    tested: tuple[str, ...],
    start: str,
    recipe: str,
    epochs: int | None,
    device: str,
) -> None:
    """Fill the matrix of trained on x tested on: CER with 95 % intervals, as a table and as matrix.csv.

    \b
    Examples:
      python pipelines/transfer.py --data lmdb
      python pipelines/transfer.py --train imgur5k --train iam_aachen --test iam_aachen --test letters
      python pipelines/transfer.py --start starter --epochs 3 --out transfer-starter
    """
    import htrdata

    store = htrdata.open(data)
    rows = _chosen(store, trained, "train")
    columns = _chosen(store, tested, "test")
    stages = Stages()
    asked = {"start": start, "recipe": recipe, "epochs": epochs}
    weights = {UNTRAINED: Path(start)}
    for dataset in rows:
        weights[dataset.name] = train(dataset, asked, out / "runs" / dataset.name, device, stages)
    matrix = {
        (name, dataset.name): judge(name, place, dataset, asked, out / "figures", device, stages)
        for name, place in weights.items()
        for dataset in columns
    }
    names = [dataset.name for dataset in columns]
    write_atomically(out / "matrix.csv", as_csv(matrix).encode())
    echo(as_table(list(weights), names, matrix))
    echo(f"all figures, with their signatures: {out / 'matrix.csv'}")


def _chosen(store: Store, names: tuple[str, ...], split: str) -> list[Dataset]:
    found = [store.dataset(name) for name in names] or [dataset for dataset in store if split in dataset.splits]
    if without := [dataset.name for dataset in found if split not in dataset.splits]:
        raise UsageError(f"{without[0]} has no {split} words: leave it out")
    if not found:
        raise UsageError(f"no data set of {store.path} has {split} words")
    return found


def train(dataset: Dataset, asked: dict[str, Any], out: Path, device: str, stages: Stages) -> Path:
    """Fine-tunes the start on the train words of a data set; its val words decide which step is the best."""
    from htrmodel.training.request import Request

    chosen = RECIPES[asked["recipe"]]
    request = Request(
        data=dataset.store,
        mix=(dataset.name,),
        checkpoint=Path(asked["start"]),
        recipe=chosen if asked["epochs"] is None else replace(chosen, epochs=asked["epochs"]),
        out=out,
        device=device,
    )
    with stages("fine-tune", dataset.name) as progress:
        return finetune(request, progress).folder.best


def judge(
    name: str, weights: Path, dataset: Dataset, asked: dict[str, Any], out: Path, device: str, stages: Stages
) -> _Cell:
    """What weights read of the test words of a data set; what they leave out counts as wrong."""

    def work() -> _Cell:
        import htrmodel

        with stages("judge", f"{name} on {dataset.name}") as progress:
            try:
                judgement = htrmodel.evaluate(
                    weights,
                    dataset,
                    split="test",
                    device=device,
                    progress=lambda done, total: progress("words", done, total),
                )
            except UsageError as error:  # it was trained on another division of the same pages
                return {"refused": str(error)}
        found = judgement.find()
        figures = {metric: found.metrics[metric].as_json() for metric in ("micro_cer", "wer")}
        return {**figures, "words": found.words, "signature": found.signature}

    of = {**asked, "trained": name, "tested": dataset.name, "content": dataset.description.content_digest}
    cell = once(out / f"{'start' if name == UNTRAINED else name}-on-{dataset.name}.json", of, work)
    if "refused" in cell:
        say(f"{name} on {dataset.name}: {cell['refused']}")
    return cell


def as_table(rows: list[str], columns: list[str], matrix: dict[tuple[str, str], _Cell]) -> str:
    """The matrix for a terminal: micro CER in per cent, with its interval."""
    cells = {(row, column): _shown(matrix[row, column]) for row in rows for column in columns}
    first = max(map(len, (*rows, "trained on")))
    widths = {column: max(len(column), *(len(cells[row, column]) for row in rows)) for column in columns}
    lines = ["micro CER in %, left out counted as wrong; tested on:"]
    lines.append("  ".join([f"{'trained on':<{first}}", *(f"{column:>{widths[column]}}" for column in columns)]))
    for row in rows:
        lines.append("  ".join([f"{row:<{first}}", *(f"{cells[row, one]:>{widths[one]}}" for one in columns)]))
    return "\n".join(lines)


def _shown(cell: _Cell) -> str:
    if "refused" in cell:
        return "–"
    value, low, high = (cell["micro_cer"][part] for part in ("value", "low", "high"))
    return f"{100 * value:.1f}" + ("" if low is None else f" [{100 * low:.1f}, {100 * high:.1f}]")


def as_csv(matrix: dict[tuple[str, str], _Cell]) -> str:
    """All cells with their figures, as fractions, and the signature of each; or why there are none."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    parts = ("value", "low", "high")
    figures = [(metric, part) for metric in ("micro_cer", "wer") for part in parts]
    table.writerow(["trained", "tested", "words", *("_".join(one) for one in figures), "signature", "refused"])
    for (row, column), cell in matrix.items():
        numbers = [cell.get(metric, {}).get(part) for metric, part in figures]
        table.writerow([row, column, cell.get("words"), *numbers, cell.get("signature"), cell.get("refused")])
    return written.getvalue()


if __name__ == "__main__":
    run(main, "python pipelines/transfer.py")
