"""What bfloat16 and 8 bits cost in accuracy: one checkpoint reads the same words in each precision.

The character error rate (edits per character of the labels, all words together) of each, and its difference to single
precision with a 95 % interval from a paired bootstrap over the words' writers (pages where writers are not known). The
8-bit graph is calibrated on training words of the same store.

    python benchmarks/precision_accuracy.py CHECKPOINT STORE [--split test] [--words 2000]
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import torch
from numpy.typing import NDArray
from timing import machine

from htrdata.store.columns import take
from htrdata.store.reading import open_store
from htrmodel.checkpoint.files import load
from htrmodel.data.batches import standardise
from htrmodel.data.cache import decoded_words
from htrmodel.data.calibration import calibration_inputs
from htrmodel.data.origins import StoredSplit
from htrmodel.data.samples import Samples, open_samples
from htrmodel.judging.bootstrap import cluster_sums, interval, resample
from htrmodel.judging.metrics import METRICS, count, figures
from htrmodel.recogniser import Recogniser
from htrmodel.runtime.onnx_export import export_onnx
from htrmodel.runtime.onnx_runner import OnnxRecogniser

BATCH = 64
RESAMPLES = 2000

Read = Callable[[NDArray[np.float32]], list[str]]


def torch_reader(recogniser: Recogniser, *, bfloat16: bool) -> Read:
    """Reads with torch on the CPU."""

    @torch.inference_mode()
    def read(inputs: NDArray[np.float32]) -> list[str]:
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            logits = recogniser(torch.from_numpy(inputs))
        return [reading.text for reading in recogniser.tokenizer.decode(logits)]

    return read


def int8_reader(recogniser: Recogniser, store: Path, folder: Path) -> Read:
    """Reads with ONNX Runtime in 8 bits."""
    path = folder / "int8.onnx"
    export_onnx(recogniser, path, calibration_inputs(store, recogniser.config))
    exported = OnnxRecogniser(path)

    def read(inputs: NDArray[np.float32]) -> list[str]:
        ids, probabilities = exported.best_classes(inputs)
        return [reading.text for reading in recogniser.tokenizer.readings(ids, np.log(probabilities))]

    return read


def clusters_of(samples: Samples) -> list[str]:
    """The writer of each word; its page where no writer is known."""
    writers, pages = (samples.column(name).to_pylist() for name in ("writer", "page"))
    return [f"writer {writer}" if writer else f"page {page}" for writer, page in zip(writers, pages, strict=True)]


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("place", metavar="STORE", type=click.Path(path_type=Path))
@click.option("--dataset", "name", help="Of the store; the only one otherwise.")
@click.option("--split", default="test", show_default=True)
@click.option("--words", default=2000, show_default=True, help="How many are drawn, or all there are.")
def main(checkpoint: Path, place: Path, name: str | None, split: str, words: int) -> None:
    """Say what bfloat16 and 8 bits cost a checkpoint in accuracy."""
    recogniser = load(checkpoint)
    store = open_store(place)
    dataset = store.dataset(name or next(iter(store.datasets)))
    samples = open_samples(StoredSplit(dataset, split), recogniser.config.label_policy)
    chosen = np.random.default_rng(0).permutation(len(samples))[:words]
    images = torch.from_numpy(decoded_words(samples, recogniser.config)[chosen]).unsqueeze(1)
    inputs = standardise(images, recogniser.config).numpy()
    labels: list[str] = take(samples.texts, chosen).to_pylist()
    everyone = clusters_of(samples)
    clusters = [everyone[position] for position in chosen.tolist()]
    with tempfile.TemporaryDirectory(prefix="bench-precision-") as folder:
        readers = {
            "float32": torch_reader(recogniser, bfloat16=False),
            "bfloat16 (autocast)": torch_reader(recogniser, bfloat16=True),
            "int8 trunk": int8_reader(recogniser, place, Path(folder)),
        }
        texts = {name: read_all(read, inputs) for name, read in readers.items()}
    click.echo(f"{len(labels):,} {split} words of {dataset.name}, {len(set(clusters)):,} writers or pages; ", nl=False)
    click.echo(machine("torch", "onnxruntime"))
    click.echo("| precision | CER % | beside float32, points | words read otherwise |\n|---|---|---|---|")
    sums = {name: cluster_sums(count(labels, read), clusters) for name, read in texts.items()}
    cer = list(METRICS).index("micro_cer")
    base = figures(resample(sums["float32"], RESAMPLES, 0))[..., cer]
    for name, mine in sums.items():
        value, first = (100 * figures(part.sum(0))[cer] for part in (mine, sums["float32"]))
        low, high = interval(100 * (figures(resample(mine, RESAMPLES, 0))[..., cer] - base))
        otherwise = sum(a != b for a, b in zip(texts[name], texts["float32"], strict=True))
        click.echo(f"| {name} | {value:.2f} | {value - first:+.2f} ({low:+.2f} to {high:+.2f}) | {otherwise:,} |")


def read_all(read: Read, inputs: NDArray[np.float32]) -> list[str]:
    """The texts of all inputs, in batches."""
    batches = np.split(inputs, range(BATCH, len(inputs), BATCH))
    return list(itertools.chain.from_iterable(read(batch) for batch in batches))


if __name__ == "__main__":
    main()
