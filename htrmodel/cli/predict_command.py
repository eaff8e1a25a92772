"""``htrmodel predict``: what stands in images of words."""

from __future__ import annotations

import csv
import dataclasses
import itertools
import json
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from htrdata.errors import BadDataError, UsageError
from htrmodel import starter
from htrmodel.cli.foreign_options import ForeignRequest, foreign_options, say_assumed

if TYPE_CHECKING:
    from htrmodel.runtime.predicting import Prediction


@click.command()
@click.argument("places", nargs=-1, required=True, metavar="IMAGE|FOLDER|STORE…", type=click.Path(path_type=Path))
@click.option(
    "--checkpoint",
    metavar="starter|starter-fast|FILE",
    type=click.Path(path_type=Path),
    help=f"A .safetensors of ours, a .pth of clova's or AttentionHTR's, or an .onnx.  [default: {starter.DEFAULT}]",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@click.option(
    "--runtime",
    default="onnxruntime",
    show_default=True,
    type=click.Choice(["onnxruntime", "openvino"]),
    help="What reads an .onnx; openvino is faster on most CPUs.",
)
@click.option("--batch-size", default=32, show_default=True, type=click.IntRange(1), help="Images read at once.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with name, text, confidence.")
@foreign_options
def predict(
    foreign: ForeignRequest,
    places: tuple[Path, ...],
    checkpoint: Path | None,
    device: str,
    runtime: str,
    batch_size: int,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Read words: image files, all images below a folder, or all words of a store.

    An image that cannot be read is named and skipped; the exit code is then 65. The starter weights know drawn words
    alone: where they are unsure of yours, it is said how to fine-tune them. To get the words of a store by their
    ids, as other tools pair them, use `htrmodel evaluate --save`.

    \b
    Examples:
      htrmodel predict word.png
      htrmodel predict word.png --checkpoint runs/imgur5k/best.safetensors
      htrmodel predict crops/ --checkpoint AttentionHTR-General-sensitive.pth --csv >words.csv
      htrmodel predict crops/ --checkpoint words.onnx        # needs onnxruntime, no torch
    """
    from htrmodel.runtime.finding import find_images
    from htrmodel.runtime.predicting import advise_fine_tuning, load_reader, predict_each

    if as_json and as_csv:
        raise UsageError("--json and --csv cannot both be printed: give one of them")
    if checkpoint is None:
        checkpoint = starter.DEFAULT
        click.echo(starter.said_of(checkpoint, "--checkpoint FILE"), err=True)
    images = find_images(places)
    reader = load_reader(checkpoint, device, runtime, foreign.settings(), say_assumed)
    seen = _Seen()
    good = seen.good(predict_each(reader, images, batch_size))
    if as_json:
        found = [dataclasses.asdict(prediction) for prediction in itertools.chain(good, seen.problems)]
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    elif as_csv:
        _write_csv(good)
    else:
        for prediction in good:
            click.echo(f"{prediction.confidence:6.1%}  {prediction.text:<24}  {prediction.name}")
    if advice := advise_fine_tuning(reader, seen.confidences):
        click.echo(advice, err=True)
    if seen.problems:
        total = len(seen.problems) + len(seen.confidences)
        raise BadDataError(f"{len(seen.problems):,} of {total:,} images could not be read")


class _Seen:
    """What came of the images so far: how sure the readings are, and the images that could not be read."""

    def __init__(self) -> None:
        self.confidences = array("d")
        self.problems: list[Prediction] = []

    def good(self, predictions: Iterator[Prediction]) -> Iterator[Prediction]:
        """The images that were read; the others are named on standard error."""
        for prediction in predictions:
            if prediction.confidence is not None:
                self.confidences.append(prediction.confidence)
                yield prediction
            else:
                click.echo(f"skipped: {prediction.problem}", err=True)
                self.problems.append(prediction)


def _write_csv(predictions: Iterator[Prediction]) -> None:
    table = csv.writer(sys.stdout, quoting=csv.QUOTE_ALL, lineterminator="\n")
    table.writerow(("name", "text", "confidence"))
    for prediction in predictions:
        table.writerow((prediction.name, prediction.text, f"{prediction.confidence:.6f}"))
