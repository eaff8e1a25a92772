"""From nothing to a recogniser that was fine-tuned and judged, in a few minutes, without data, download or GPU.

    make quickstart        or, where the packages are installed:        python pipelines/quickstart.py

Draws a small data set in Imgur5K's layout, builds a store of it, judges the starter weights on its test words,
fine-tunes them on its train words, judges the outcome by the same words, and says what that brought. It takes the
smaller starter weights, which two cores fine-tune in a minute.

Run again, it goes on from what is finished. Its own are the drawn pages, the data set ``quickstart``, the runs and the
evaluation; what else lies in the folder stays as it is.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from htrdata.cli.console import echo, run
from htrdata.errors import CannotCreateError
from htrdata.files.writing import write_atomically
from htrmodel.cli.scripting import Stages, finetune, say
from htrmodel.training.recipes import SMALL

if TYPE_CHECKING:
    from htrdata.store.reading import Dataset
    from htrmodel.judging.comparing import Comparison
    from htrmodel.judging.judgement import Judgement
    from htrmodel.training.run_folder import RunFolder

RECIPE = replace(SMALL, name="quickstart", lr=1e-3, batch_size=64, epochs=8)
"""AdamW with one cycle and some augmentation; shorter and gentler than for new weights, as these know letters."""

NAME = "quickstart"
"""Of the data set: what is built by hand into the same store has other names."""

_PATH = click.Path(path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--out", default="quickstart", show_default=True, type=_PATH, help="Folder for all of it.")
@click.option(
    "--start",
    default="starter-fast",
    show_default=True,
    metavar="starter|starter-fast|FILE|scratch",
    help="Weights to start from; scratch is a narrow model with new ones.",
)
@click.option("--pages", default=200, show_default=True, type=click.IntRange(10), help="To draw, of 21 words each.")
@click.option("--epochs", default=RECIPE.epochs, show_default=True, type=click.IntRange(1), help="Of fine-tuning.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
def main(out: Path, start: str, pages: int, epochs: int, device: str) -> None:
    """Draw a data set, build it, fine-tune the starter weights on it, and show what that brought.

    \b
    Examples:
      python pipelines/quickstart.py
      python pipelines/quickstart.py --start starter --epochs 2
      python pipelines/quickstart.py --start scratch --epochs 40 --out quickstart-scratch
    """
    stages = Stages()
    root = draw(out / f"imgur5k-{pages}-pages", pages, stages)
    dataset = build(root, out / "lmdb", stages)
    before = None if start == "scratch" else judge(Path(start), "judge the start", dataset, device, stages)
    folder = train(dataset, start, epochs, out, device, stages)
    after = judge(folder.best, "judge what came of it", dataset, device, stages)
    change = compare_and_report(before, after, out / "evaluation.txt")
    write_report(before, after, dataset, folder, out)
    show(before, after, change, stages, out, folder)


def draw(root: Path, pages: int, stages: Stages) -> Path:
    """Draws pages of handwriting with annotations, as Imgur5K's authors publish them."""
    from htrdata.drawing.samples.imgur5k import draw_sample
    from htrdata.files.cores import usable_cores
    from htrdata.workers import make_executor

    with stages("draw a data set") as progress, make_executor(usable_cores()) as executor:
        if (root / "dataset_info" / "imgur5k_annotations.json").exists():  # it is written last
            say(f"{root} is there already")
        else:
            drawn = draw_sample(
                root,
                pages=pages,
                map_pages=executor.map,
                progress=lambda done, total: progress("pages", done, total),
            )
            say(f"{root}: {drawn.pages:,} pages, {drawn.words:,} words")
    return root


def build(root: Path, store: Path, stages: Stages) -> Dataset:
    """Cuts the words out of the pages and makes the store."""
    import htrdata

    source = htrdata.sources.imgur5k.Imgur5K(root)
    with stages("build the store") as progress:
        try:
            htrdata.build(source, store, name=NAME, progress=progress)
        except CannotCreateError as error:
            if not (store / NAME).is_dir() and not (store / ".build" / NAME).is_dir():
                raise  # it is not for a data set of other pages or versions
            say(f"{error}: it is built anew")
            htrdata.build(source, store, name=NAME, overwrite=True, progress=progress)
    dataset = htrdata.open(store).dataset(NAME)
    counts = ", ".join(f"{len(dataset.words(split)):,} {split}" for split in dataset.splits)
    say(f"{store}: {counts} words")
    return dataset


def judge(checkpoint: Path, title: str, dataset: Dataset, device: str, stages: Stages) -> Judgement:
    """Lets a checkpoint read the test words, and compares what it reads with what they say."""
    import htrmodel
    from htrmodel.judging.report import left_out_lines

    with stages(title) as progress:
        judgement = htrmodel.evaluate(
            checkpoint,
            dataset,
            device=device,
            progress=lambda done, total: progress("words", done, total),
        )
    say(f"{checkpoint}: CER {judgement.find().metrics['micro_cer'].value:.2%}")
    for sentence in left_out_lines(judgement):
        say(sentence)
    return judgement


def train(dataset: Dataset, start: str, epochs: int, out: Path, device: str, stages: Stages) -> RunFolder:
    """Trains on the train words; the val words decide which step is the best.

    A run of something else that is there, by another version or by hand, is left alone: the next free folder is taken.
    """
    from htrmodel.training.initial_model import ModelChoice
    from htrmodel.training.request import Request

    scratch = start == "scratch"
    request = Request(
        data=dataset.store,
        mix=(dataset.name,),
        checkpoint=None if scratch else Path(start),
        model=ModelChoice(small=scratch, fields={}),
        recipe=replace(SMALL if scratch else RECIPE, epochs=epochs),
        device=device,
    )
    with stages("fine-tune") as progress:
        folder, further = out / "run", itertools.count(2)
        while True:
            try:
                return finetune(replace(request, out=folder), progress).folder
            except CannotCreateError as error:
                if not folder.is_dir():
                    raise
                say(f"{error}: it is left as it is")
                folder = out / f"run-{next(further)}"


def compare_and_report(before: Judgement | None, after: Judgement, place: Path) -> Comparison | None:
    """Compares both by the same draws of pages, and writes down all figures and mistakes."""
    from htrmodel.judging.comparing import compare
    from htrmodel.judging.report import comparison_text, judgement_text

    texts = [judgement_text(one) for one in (before, after) if one is not None]
    change = None if before is None else compare(before, after)
    if change is not None:
        texts.append(comparison_text(change))
    write_atomically(place, "\n".join(texts).encode())
    return change


def write_report(before: Judgement | None, after: Judgement, dataset: Dataset, folder: RunFolder, out: Path) -> None:
    """Writes the page that `htrmodel evaluate --report` writes."""
    from htrmodel.judging.comparing import compare
    from htrmodel.judging.html_report.page import write_page
    from htrmodel.training.curves import curves_beside

    others = [one for one in (before,) if one is not None]
    write_page(
        out / "evaluation",
        dataset,
        [after, *others],
        [compare(after, one) for one in others],
        curves_beside([folder.best]),
    )


def show(
    before: Judgement | None,
    after: Judgement,
    change: Comparison | None,
    stages: Stages,
    out: Path,
    folder: RunFolder,
) -> None:
    """Prints the closing table."""
    setting, figures = after.setting, after.find()
    echo(f"{setting.dataset} {setting.split}: {figures.words:,} words of {setting.clusters:,} {setting.unit}s, %")
    echo(f"{'':<12}{'CER':<24}word accuracy")
    metrics = ("micro_cer", "accuracy")
    for title, judgement in (("before", before), ("after", after)):
        if judgement is not None:
            found = [judgement.find().metrics[name] for name in metrics]
            cells = [f"{100 * one.value:.1f} [{100 * one.low:.1f}, {100 * one.high:.1f}]" for one in found]
            echo(f"  {title:<10}{cells[0]:<24}{cells[1]}")
    if change is not None:
        differences = [change.find().metrics[name] for name in metrics]
        cells = [f"{100 * one.difference:+.1f} [{100 * one.low:+.1f}, {100 * one.high:+.1f}]" for one in differences]
        echo(f"  {'change':<10}{cells[0]:<24}{cells[1]}")
    echo(f"  with 95 % intervals over {setting.unit}s")
    if left_out := sum(after.left_out.values()):
        echo(f"  {left_out:,} words that these weights cannot read count as wrong")
    echo("seconds")
    for title, seconds in {**stages.seconds, "together": sum(stages.seconds.values())}.items():
        echo(f"  {title:<24}{seconds:>6.1f}")
    echo("to look at")
    for what, path in {
        "the words and their counts": out / "lmdb" / setting.dataset / "report.html",
        "where it fails, how sure it is": out / "evaluation" / "report.html",
        "all figures, the mistakes": out / "evaluation.txt",
        "learning curves": folder.curves,
        "the weights": folder.best,
    }.items():
        echo(f"  {what:<32}{path}")
    # Not by these weights: what was learnt here are drawn words, and people's are read worse for it.
    echo("your own words: htrmodel predict IMAGES")


if __name__ == "__main__":
    run(main, "python pipelines/quickstart.py")
