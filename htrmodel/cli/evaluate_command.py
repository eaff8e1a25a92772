"""``htrmodel evaluate``: judges checkpoints, ensembles and other systems' predictions by one protocol."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from htrdata.cli.console import echo, print_json, progress_bar
from htrdata.cli.misspelt import stray_words
from htrdata.errors import UsageError
from htrdata.store.format import DATASET_FILE
from htrmodel import starter
from htrmodel.cli.foreign_options import ForeignRequest, foreign_options, say_assumed
from htrmodel.cli.labelled_folder import as_store
from htrmodel.cli.language_options import LanguageRequest, language_options
from htrmodel.cli.runtime_option import runtime_option
from htrmodel.judging.protocol import RESAMPLES

if TYPE_CHECKING:
    from htrdata.store.reading import Dataset
    from htrmodel.evaluation.evaluating import Member
    from htrmodel.judging.comparing import Comparison
    from htrmodel.judging.judgement import Judgement
    from htrmodel.language.knowledge import Knowledge


@click.command()
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    metavar="starter|starter-fast|starter-lines|FILE",
    type=click.Path(path_type=Path),
    help=f"Of a recogniser, .onnx too; several are an ensemble.  [default: {starter.DEFAULT}, without --predictions]",
)
@click.option(
    "--predictions",
    multiple=True,
    type=click.Path(path_type=Path),
    help="What another system read: CSV, TSV, JSONL or Parquet with id and text; or what `htrmodel predict` printed.",
)
@click.option(
    "--data",
    default="lmdb",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The store, or images with their texts.",
)
@click.option("--name", help="Data set of the store.  [default: the only one]")
@click.option("--split", default="test", show_default=True, help="train, val or test.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@runtime_option
@click.option("--batch-size", default=192, show_default=True, type=click.IntRange(1), help="Words read at once.")
@click.option("--resamples", default=RESAMPLES, show_default=True, help="Of the bootstrap for the 95 % intervals.")
@click.option("--missing-is-wrong", is_flag=True, help="Let words without a prediction count as read as nothing.")
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    help="Write what the first system read, with --lm or --tta the second, to this .csv or .parquet.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Also write DIR/report.html: where it fails, on whom, how sure it is, what to correct first, with pictures.",
)
@click.option("--latex", is_flag=True, help="Print a table and a paragraph of methods for a paper instead.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@stray_words(data="a store", checkpoint="a recogniser")
@foreign_options
@language_options
def evaluate(
    language: LanguageRequest,
    foreign: ForeignRequest,
    checkpoints: tuple[Path, ...],
    predictions: tuple[Path, ...],
    data: Path,
    name: str | None,
    split: str,
    device: str,
    runtime: str | None,
    batch_size: int,
    resamples: int,
    missing_is_wrong: bool,
    save: Path | None,
    report: Path | None,
    latex: bool,
    as_json: bool,
) -> None:
    """Judge what a recogniser, an ensemble or any other system reads of a split.

    With several systems, the first is compared with each of the others by paired bootstrap. Words whose text the train
    split of the data set has are also judged apart from the others. A checkpoint that was trained on another split of
    the same data is refused. With --lm, --lexicon or --tta, words are read without and with it, and compared.

    \b
    Examples:
      htrmodel evaluate --name imgur5k
      htrmodel evaluate --checkpoint runs/imgur5k/best.safetensors --name imgur5k
      htrmodel evaluate --checkpoint a.pth --checkpoint b.pth --name iam_aachen
      htrmodel evaluate --checkpoint words.onnx              # needs onnxruntime, no torch
      htrmodel evaluate --predictions trocr.csv --predictions ours.parquet
      htrmodel evaluate --lm english --lexicon words.txt
      htrmodel evaluate --name imgur5k --report evaluation
      htrmodel evaluate --name imgur5k --latex >table.tex
    """
    if not checkpoints and not predictions:
        checkpoints = (starter.DEFAULT,)
        click.echo(starter.said_of(starter.DEFAULT, "--checkpoint FILE"), err=True)
    from htrmodel.judging.judging import check_resamples, judge
    from htrmodel.judging.prediction_files import write_predictions
    from htrmodel.judging.which_split import which_split

    check_resamples(resamples)
    if latex and as_json:
        raise UsageError("--latex and --json print two things: give one of them")
    knowledge = language.knowledge()
    helped = knowledge is not None or language.tta
    if helped and not checkpoints:
        raise UsageError(
            "--lm, --lexicon and --tta are for reading: what is in --predictions has been read; give a --checkpoint"
        )
    _check_places(save, report, (*checkpoints, *predictions, *language.files, *_kept_folders(data)))
    data = click.get_current_context().with_resource(as_store(data, plain=False, judged=split))
    dataset, _ = which_split(data, name, split)
    if checkpoints:
        dataset.words(split)  # raises where there are none
    missing: Literal["wrong", "error"] = "wrong" if missing_is_wrong else "error"
    # What is in files is judged first: what is wrong with them is said before a checkpoint reads for minutes.
    of_files = [judge(path, dataset, split=split, resamples=resamples, missing=missing) for path in predictions]
    judged: list[Judgement] = []
    if checkpoints:
        members = _members(checkpoints, foreign, device, runtime)
        ways = [(None, False), *([(knowledge, language.tta)] if helped else [])]
        judged = [_read_and_judged(members, dataset, split, batch_size, resamples, way) for way in ways]
    judged += of_files
    if save is not None:
        write_predictions(save, judged[1 if helped else 0].words)
    comparisons = _compared(judged, dataset, split, resamples)
    if report is not None:
        _write_page(report, dataset, judged, comparisons, checkpoints)
    _print(judged, comparisons, latex, as_json)


def _members(checkpoints: tuple[Path, ...], foreign: ForeignRequest, device: str, runtime: str | None) -> list[Member]:
    from htrmodel.runtime.predicting import load_reader

    return [load_reader(one, device, runtime, foreign.settings(), say_assumed) for one in checkpoints]


def _check_places(save: Path | None, report: Path | None, read: tuple[Path, ...]) -> None:
    from htrdata.files.outputs import check_output_folder, keep
    from htrmodel.judging.html_report.page import REPORT
    from htrmodel.judging.prediction_files import check_place

    if save is not None:
        check_place(save, read)
    if report is not None:
        check_output_folder(report, "--report")
        keep(report / REPORT, read, "--report")


def _kept_folders(data: Path) -> list[Path]:
    """Folders in which nothing may be replaced: the data sets of a store, or one of images with their texts."""
    return [path.parent for path in data.glob(f"*/{DATASET_FILE}")] or [data]


def _read_and_judged(
    members: list[Member],
    dataset: Dataset,
    split: str,
    batch_size: int,
    resamples: int,
    way: tuple[Knowledge | None, bool],
) -> Judgement:
    """What recognisers read of a split in one way: with what knowledge of a language, and whether variants vote."""
    from htrmodel.evaluation.evaluating import evaluate

    knowledge, tta = way
    with progress_bar() as progress:
        return evaluate(
            members,
            dataset,
            split=split,
            batch_size=batch_size,
            resamples=resamples,
            knowledge=knowledge,
            tta=tta,
            progress=lambda done, total: progress("images", done, total),
            say=(lambda sentence: echo(sentence, err=True)) if way == (None, False) else lambda _said_before: None,
        )


def _compared(judged: list[Judgement], dataset: Dataset, split: str, resamples: int) -> list[Comparison]:
    """The first with each of the others."""
    from htrmodel.judging.comparing import compare
    from htrmodel.judging.judging import training_labels

    if len(judged) < 2:
        return []
    labels = training_labels(dataset, split)
    return [compare(judged[0], one, training_labels=labels, resamples=resamples) for one in judged[1:]]


def _write_page(
    report: Path,
    dataset: Dataset,
    judged: list[Judgement],
    comparisons: list[Comparison],
    checkpoints: tuple[Path, ...],
) -> None:
    from htrmodel.judging.html_report.page import write_page
    from htrmodel.training.curves import curves_beside

    page = write_page(report, dataset, judged, comparisons, curves_beside(checkpoints))
    echo(f"report: {page}", err=True)


def _print(judged: list[Judgement], comparisons: list[Comparison], latex: bool, as_json: bool) -> None:
    from htrmodel.judging.latex import latex_of
    from htrmodel.judging.report import comparison_text, judgement_text

    if as_json:
        document = {
            "judgements": [judgement.as_json() for judgement in judged],
            "comparisons": [comparison.as_json() for comparison in comparisons],
        }
        print_json(document)
        return
    if latex:
        click.echo(latex_of(judged, comparisons))
        return
    texts = [judgement_text(judgement) for judgement in judged]
    click.echo("\n".join([*texts, *(comparison_text(comparison) for comparison in comparisons)]), nl=False)
