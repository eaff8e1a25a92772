"""Reads words from image files, folders of them, or stores. For files and folders numpy and Pillow are enough."""

from __future__ import annotations

import importlib.util
import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import BadDataError, SourceMissingError, StorageError, UsageError
from htrmodel.checkpoint.settings import Settings
from htrmodel.config import RecogniserConfig
from htrmodel.inputs import LINES_AHEAD, Encoded, fit, open_image
from htrmodel.reader import WordReader
from htrmodel.runtime.advice import ReadingTally
from htrmodel.runtime.finding import NamedImage, Place, find_images
from htrmodel.runtime.looking import Kind, kind_of
from htrmodel.starter import DEFAULT, graph_of

if TYPE_CHECKING:
    from htrmodel.recogniser import Recogniser
    from htrmodel.runtime.exported import ExportedRecogniser


@dataclass(frozen=True, slots=True)
class Prediction:
    """What became of one image.

    Attributes:
        name: of the image, see `htrmodel.runtime.finding.NamedImage`.
        text: what was read; None where the image is bad.
        confidence: probability of the text by the model itself, 0 to 1; None where the image is bad.
        problem: what is wrong with the image; None where it was read.
        looks_like: ``page``, ``line`` or ``blank`` where the image seems to be of no word, so that the text means
            nothing; see `htrmodel.runtime.looking`. None for words of a store, which are none of these.
    """

    name: str
    text: str | None = None
    confidence: float | None = None
    problem: str | None = None
    looks_like: Kind | None = None

    def __repr__(self) -> str:
        became = f"problem={self.problem!r}" if self.confidence is None else f"{self.text!r}, {self.confidence:.1%}"
        return f"Prediction({self.name!r}, {became}{f', a {self.looks_like}' if self.looks_like else ''})"


def predict(
    images: Place | Iterable[Place],
    checkpoint: WordReader | Path | str = DEFAULT,
    *,
    device: str = "auto",
    runtime: str | None = None,
    batch_size: int = 32,
) -> list[Prediction]:
    """Reads words: image files, all images below a folder, all words of a store, or images in memory.

    An image that cannot be read does not stop the others. There are warnings of what is left out in folders, of images
    that look like pages, lines or blank paper, and, where the weights are starters or know drawn words alone and are
    unsure of these ones, of how to fine-tune them.

    Args:
        images: one or several of: a path of a file, a folder or a store; a Pillow image; an array (see
            `htrmodel.inputs.from_array`); a store, one of its data sets, words of it or a single one.
        checkpoint: a file, the name of one of `htrmodel.starter.STARTERS`, or a recogniser that is loaded.
        device: where torch reads, see `htrmodel.devices.find_device`; one that is loaded stays where it is.
        runtime: what reads an ``.onnx``: ``onnxruntime``, the default, or ``openvino``.
        batch_size: how many images are read at once.

    Returns:
        What became of each image, in order.

    Raises:
        SourceMissingError: there is nothing at a place, no image in a folder, or no checkpoint.
        WrongTypeError: a value is neither a place nor an image.
        HtrError: as `load_reader` does.
    """
    said: list[str] = []
    reader = checkpoint if isinstance(checkpoint, WordReader) else load_reader(checkpoint, device, runtime)
    found = find_images(images, said.append, lines=reader.config.reads_lines)
    predictions, tally = [], ReadingTally()
    for prediction in predict_each(reader, found, batch_size):
        predictions.append(prediction)
        tally.add(prediction)
    for sentence in [*said, *tally.advice(reader)]:
        warnings.warn(sentence, stacklevel=2)
    return predictions


def load_reader(
    path: Path | str,
    device: str = "auto",
    runtime: str | None = None,
    settings: Settings | None = None,
    say: Callable[[str], object] = warnings.warn,
) -> Recogniser | ExportedRecogniser:
    """Loads what a file holds: an ``.onnx`` without torch, which reads on the CPU, any other checkpoint with it.

    Where ONNX Runtime is installed and torch is not, or a runtime is named, the name of a starter stands for its graph.

    Args:
        path: the file, or the name of one of `htrmodel.starter.STARTERS`.
        device: where torch reads, see `htrmodel.devices.find_device`; for an ``.onnx`` ``auto`` or ``cpu``.
        runtime: what reads an ``.onnx``: ``onnxruntime``, the default, or ``openvino``.
        settings: what somebody says of a checkpoint that does not say it itself.
        say: told in a sentence what was assumed.

    Raises:
        UsageError: there are settings for an ``.onnx``, which says all itself, or another device than the CPU; or a
            runtime for what torch reads.
        HtrError: as `htrmodel.runtime.onnx_runner.OnnxRecogniser`,
            `htrmodel.runtime.openvino_runner.OpenVinoRecogniser`, `htrmodel.checkpoint.files.load` and `find_device`
            do.
    """
    settings = settings or Settings()
    graph = graph_of(path)
    if graph is not None and (runtime is not None or _onnx_alone()):
        path = graph
    if Path(path).suffix.lower() == ".onnx":
        if settings != Settings():
            raise UsageError(f"{path} says itself what it reads: leave out charset, height, width, padding and length")
        if device not in ("auto", "cpu"):
            raise UsageError(f"{path} is read on the CPU, not on {device}: leave --device out, or give the checkpoint")
        if runtime == "openvino":
            from htrmodel.runtime.openvino_runner import OpenVinoRecogniser

            return OpenVinoRecogniser(path)
        from htrmodel.runtime.onnx_runner import OnnxRecogniser

        return OnnxRecogniser(path)
    if runtime is not None:
        raise UsageError(
            f"--runtime {runtime} reads .onnx files, and {path} is read by torch: leave the option out, or `htrmodel "
            f"export {path} model.onnx` first"
        )
    from htrmodel.checkpoint.files import load_as
    from htrmodel.devices import find_device

    return load_as(path, settings, say).to(find_device(device))


def _onnx_alone() -> bool:
    torch, runtime = (importlib.util.find_spec(name) is not None for name in ("torch", "onnxruntime"))
    return runtime and not torch


def predict_each(reader: WordReader, images: Iterable[NamedImage], batch_size: int = 32) -> Iterator[Prediction]:
    """Reads images in batches, as they come. A bad one does not stop the others.

    Args:
        reader: what reads.
        images: taken as they are needed; see `htrmodel.runtime.finding.find_images`.
        batch_size: how many are read at once.
    """
    waiting = iter(images)
    ahead = batch_size * (LINES_AHEAD if reader.config.reads_lines else 1)
    while batch := list(itertools.islice(waiting, ahead)):
        opened = [_open(named, reader.config) for named in batch]
        good = [one.pixels for one in opened if isinstance(one, _Opened)]
        readings = iter(reader.read_fitted(good, batch_size))
        for named, one in zip(batch, opened, strict=True):
            if isinstance(one, _Opened):
                text, confidence = next(readings)
                yield Prediction(named.name, text, confidence, looks_like=one.looks_like)
            else:
                yield one


@dataclass(frozen=True, slots=True)
class _Opened:
    """An image in the size of the input, uint8 [H, W]: the whole of it may be a page of hundreds of megabytes."""

    pixels: NDArray[np.uint8]
    looks_like: Kind | None


def _open(named: NamedImage, config: RecogniserConfig) -> _Opened | Prediction:
    try:
        grey = open_image(named.image)
    except (BadDataError, SourceMissingError, StorageError) as error:
        return Prediction(named.name, problem=str(error))
    kind = None if isinstance(named.image, Encoded) else kind_of(grey)
    return _Opened(fit(grey, config), None if kind == "line" and config.reads_lines else kind)
