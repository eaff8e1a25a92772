"""``htrmodel predict``: what stands in images of words."""

from __future__ import annotations

import csv
import dataclasses
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from htrdata.building.shares import Share
from htrdata.cli.console import STEERING, echo, print_json
from htrdata.errors import BadDataError, UsageError
from htrdata.labels import legible, visible
from htrmodel import starter
from htrmodel.cli.filling import fill_pages
from htrmodel.cli.foreign_options import ForeignRequest, foreign_options, say_assumed
from htrmodel.cli.language_options import LanguageRequest, language_options
from htrmodel.cli.runtime_option import runtime_option

if TYPE_CHECKING:
    from htrdata.records import Unit
    from htrmodel.reader import WordReader
    from htrmodel.runtime.advice import ReadingTally
    from htrmodel.runtime.predicting import Prediction
    from htrmodel.runtime.word_places import Boxes


@click.command()
@click.argument(
    "places", nargs=-1, required=True, metavar="IMAGE|FOLDER|STORE|EXPORT…", type=click.Path(path_type=Path)
)
@click.option(
    "--checkpoint",
    metavar="starter|starter-fast|starter-lines|FILE",
    type=click.Path(path_type=Path),
    help=f"A .safetensors of ours, a .pth of clova's or AttentionHTR's, or an .onnx.  [default: {starter.DEFAULT}]",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@runtime_option
@click.option("--batch-size", default=32, show_default=True, type=click.IntRange(1), help="Images read at once.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with name, text, confidence, looks_like.")
@click.option("--xml", "as_xml", is_flag=True, help="Fill the ALTO or PAGE files of exports, into --out.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="With --xml: folder of the filled files.")
@click.option(
    "--unit",
    type=click.Choice(["line", "word"]),
    help="With --xml: read lines whole, or their words where the files have boxes of them.  [default: line]",
)
@click.option(
    "--boxes",
    type=click.Choice(["words", "characters"]),
    help="With --xml: also write boxes of words, with those of their characters, into lines that have none.",
)
@click.option("--images", type=click.Path(path_type=Path), help="With --xml: the pictures.  [default: in the exports]")
@click.option(
    "--scaled", is_flag=True, help="With --xml: take pictures that are reduced copies; coordinates are scaled to them."
)
@click.option(
    "--part", metavar="I/N", help="Every N-th image, or page of --xml, from the I-th on: N machines share them."
)
@foreign_options
@language_options
def predict(
    language: LanguageRequest,
    foreign: ForeignRequest,
    places: tuple[Path, ...],
    checkpoint: Path | None,
    device: str,
    runtime: str | None,
    batch_size: int,
    as_json: bool,
    as_csv: bool,
    as_xml: bool,
    out: Path | None,
    unit: Unit | None,
    boxes: Boxes | None,
    images: Path | None,
    scaled: bool,
    part: str | None,
) -> None:
    """Read words: image files, all images below a folder or in a zip or tar, or all words of a store.

    An image that cannot be read is named and skipped; the exit code is then 65. What is left out in a folder is said,
    and which images look like pages, lines or blank paper instead of words. The pages of a TIFF are read one by one.
    Where the starter weights are unsure of your words, it is said how to fine-tune them. To get the words of a store
    by their ids, as other tools pair them, use `htrmodel evaluate --save`.

    With --xml, PAGE or ALTO files, folders of them or the zip as it was exported are written anew into --out, with the
    text and its confidence in each line and not a byte else changed. A killed run goes on; a bad page is named and
    passed.

    \b
    Examples:
      htrmodel predict word.png
      htrmodel predict word.png --checkpoint runs/imgur5k/best.safetensors
      htrmodel predict crops/ --checkpoint AttentionHTR-General-sensitive.pth --csv >words.csv
      htrmodel predict crops/ --checkpoint words.onnx        # needs onnxruntime, no torch
      htrmodel predict crops/ --lm english                   # with what is known of the language
      htrmodel predict lmdb --csv --part 3/16 >words-3.csv   # one of sixteen machines
      htrmodel predict export.zip --xml --out filled/        # lines, by starter-lines
      htrmodel predict export.zip --xml --out filled/ --boxes words
      htrmodel predict letters/ --xml --out filled/ --unit word --checkpoint starter
    """
    from htrmodel.evaluation.helping import helped
    from htrmodel.language.knowledge import unwritten
    from htrmodel.runtime.advice import ReadingTally
    from htrmodel.runtime.finding import find_images
    from htrmodel.runtime.predicting import load_reader, predict_each

    if as_json and as_csv:
        raise UsageError("--json and --csv cannot both be printed: give one of them")
    if (
        as_xml != (out is not None)
        or (not as_xml and (unit or boxes or images or scaled))
        or (as_xml and (as_json or as_csv))
    ):
        raise UsageError(
            "--xml and --out DIR go together, --unit, --boxes, --images and --scaled with them, not --json and --csv"
        )
    knowledge = language.knowledge()
    if checkpoint is None:
        checkpoint = starter.LINES if as_xml and unit != "word" else starter.DEFAULT
        echo(starter.said_of(checkpoint, "--checkpoint FILE"), err=True)
    found = load_reader(checkpoint, device, runtime, foreign.settings(), say_assumed)
    reader: WordReader = helped(found, knowledge, language.tta) if knowledge is not None or language.tta else found
    if knowledge is not None and (lacking := unwritten(knowledge, reader.config.charset)):
        echo(lacking, err=True)
    if out is not None:
        fill_pages(
            reader, language.label(knowledge), places, out, unit or "line", part, boxes, batch_size, images, scaled
        )
        return
    found_images = find_images(places, lambda sentence: echo(sentence, err=True), lines=reader.config.reads_lines)
    if part is not None:
        found_images = Share.parse(part).every(found_images)
    tally = ReadingTally()
    predictions = _counted(predict_each(reader, found_images, batch_size), tally)
    _write(predictions, as_json, as_csv)
    for sentence in tally.advice(reader):
        echo(sentence, err=True)
    if tally.failed:
        raise BadDataError(f"{tally.failed:,} of {tally.total:,} images could not be read")


def _counted(predictions: Iterator[Prediction], tally: ReadingTally) -> Iterator[Prediction]:
    """All of them; those that could not be read are named on standard error."""
    for prediction in predictions:
        tally.add(prediction)
        if prediction.problem is not None:
            echo(f"skipped: {prediction.problem}", err=True)
        yield prediction


def _write(predictions: Iterator[Prediction], as_json: bool, as_csv: bool) -> None:
    if as_json:
        print_json([dataclasses.asdict(one) for one in predictions])
    elif as_csv:
        _write_csv(predictions)
    else:
        _write_table(predictions)


def _write_csv(predictions: Iterator[Prediction]) -> None:
    table = csv.writer(sys.stdout, quoting=csv.QUOTE_ALL, lineterminator="\n")
    table.writerow(("name", "text", "confidence", "looks_like"))
    for one in predictions:
        if one.confidence is not None:
            table.writerow((_plain(one.name), one.text, f"{one.confidence:.6f}", one.looks_like or ""))


def _plain(name: str) -> str:
    """A name as other programs read it, and as it steers no terminal."""
    return re.sub(f"[\x00-\x1f]|{STEERING.pattern}", lambda found: visible(found[0]), legible(name))


def _write_table(predictions: Iterator[Prediction]) -> None:
    for one in predictions:
        if one.confidence is not None:
            kind = f"  ({one.looks_like}?)" if one.looks_like else ""
            echo(f"{one.confidence:6.1%}  {visible(one.text or ''):<24}  {visible(one.name)}{kind}")
