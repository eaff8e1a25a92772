"""Reads words from image files, folders of them, or stores. For files and folders numpy and Pillow are enough."""

from __future__ import annotations

import itertools
import statistics
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL.Image import Image

from htrdata.errors import BadDataError, SourceMissingError, StorageError, UsageError
from htrmodel.checkpoint.settings import Settings
from htrmodel.inputs import WordReader, open_image
from htrmodel.runtime.finding import NamedImage, Place, find_images
from htrmodel.starter import DEFAULT

POOR_CONFIDENCE = 0.4
"""Where the median confidence of a recogniser that knows drawn words alone is lower, it does not read these ones well.
The median, since some words are hard for any recogniser, and a mean would follow them. ``starter`` read 71 % of the
words right where its median was 0.81, 43 % where it was 0.36, and 3 % where it was 0.05; ``starter-fast`` 64 % where it
was 0.48, and 37 % where it was 0.22."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What became of one image.

    Attributes:
        name: of the image, see `htrmodel.runtime.finding.NamedImage`.
        text: what was read; None where the image is bad.
        confidence: probability of the text by the model itself, 0 to 1; None where the image is bad.
        problem: what is wrong with the image; None where it was read.
    """

    name: str
    text: str | None = None
    confidence: float | None = None
    problem: str | None = None

    def __repr__(self) -> str:
        became = f"problem={self.problem!r}" if self.confidence is None else f"{self.text!r}, {self.confidence:.1%}"
        return f"Prediction({self.name!r}, {became})"


def predict(
    images: Place | Iterable[Place],
    checkpoint: WordReader | Path | str = DEFAULT,
    *,
    device: str = "auto",
    runtime: str = "onnxruntime",
    batch_size: int = 32,
) -> list[Prediction]:
    """Reads words: image files, all images below a folder, all words of a store, or images in memory.

    An image that cannot be read does not stop the others. Weights that know drawn words alone and are unsure of these
    ones give a warning that says how to fine-tune them.

    Args:
        images: one or several of: a path of a file, a folder or a store; a Pillow image; an array (see
            `htrmodel.inputs.from_array`); a store, one of its data sets, words of it or a single one.
        checkpoint: a file, the name of one of `htrmodel.starter.STARTERS`, or a recogniser that is loaded.
        device: where torch reads, see `htrmodel.devices.find_device`; one that is loaded stays where it is.
        runtime: what reads an ``.onnx``: ``onnxruntime`` or ``openvino``.
        batch_size: how many images are read at once.

    Returns:
        What became of each image, in order.

    Raises:
        SourceMissingError: there is nothing at a place, no image in a folder, or no checkpoint.
        WrongTypeError: a value is neither a place nor an image.
        HtrError: as `load_reader` does.
    """
    found = find_images(images)
    reader = checkpoint if isinstance(checkpoint, WordReader) else load_reader(checkpoint, device, runtime)
    predictions = list(predict_each(reader, found, batch_size))
    if advice := advise_fine_tuning(reader, [one.confidence for one in predictions if one.confidence is not None]):
        warnings.warn(advice, stacklevel=2)
    return predictions


def load_reader(
    path: Path | str,
    device: str = "auto",
    runtime: str = "onnxruntime",
    settings: Settings | None = None,
    say: Callable[[str], object] = warnings.warn,
) -> WordReader:
    """Loads what a file holds: an ``.onnx`` without torch, which reads on the CPU, any other checkpoint with it.

    Args:
        path: the file, or the name of one of `htrmodel.starter.STARTERS`.
        device: where torch reads, see `htrmodel.devices.find_device`.
        runtime: what reads an ``.onnx``: ``onnxruntime`` or ``openvino``.
        settings: what somebody says of a checkpoint that does not say it itself.
        say: told in a sentence what was assumed.

    Raises:
        UsageError: there are settings for an ``.onnx``, which says all itself.
        HtrError: as `htrmodel.runtime.onnx_runner.OnnxRecogniser`,
            `htrmodel.runtime.openvino_runner.OpenVinoRecogniser`, `htrmodel.checkpoint.files.load` and `find_device`
            do.
    """
    settings = settings or Settings()
    if Path(path).suffix.lower() == ".onnx":
        if settings != Settings():
            raise UsageError(f"{path} says itself what it reads: leave out charset, height, width, padding and length")
        if runtime == "openvino":
            from htrmodel.runtime.openvino_runner import OpenVinoRecogniser

            return OpenVinoRecogniser(path)
        from htrmodel.runtime.onnx_runner import OnnxRecogniser

        return OnnxRecogniser(path)
    from htrmodel.checkpoint.files import load_as
    from htrmodel.devices import find_device

    return load_as(path, settings, say).to(find_device(device))


def predict_each(reader: WordReader, images: Iterable[NamedImage], batch_size: int = 32) -> Iterator[Prediction]:
    """Reads images in batches, as they come. A bad one does not stop the others.

    Args:
        reader: what reads.
        images: taken as they are needed; see `htrmodel.runtime.finding.find_images`.
        batch_size: how many are read at once.
    """
    waiting = iter(images)
    while batch := list(itertools.islice(waiting, batch_size)):
        opened = [_open(image) for image in batch]
        good = [image for image in opened if not isinstance(image, Prediction)]
        readings = iter(reader.read(good, batch_size) if good else [])
        for named, image in zip(batch, opened, strict=True):
            if isinstance(image, Prediction):
                yield image
            else:
                text, confidence = next(readings)
                yield Prediction(named.name, text, confidence)


def _open(named: NamedImage) -> Image | Prediction:
    try:
        return open_image(named.image)
    except (BadDataError, SourceMissingError, StorageError) as error:
        return Prediction(named.name, problem=str(error))


def advise_fine_tuning(reader: WordReader, confidences: Sequence[float]) -> str | None:
    """What to tell a person of whose words a recogniser is unsure that has never been trained on words like theirs.

    Args:
        reader: what has read.
        confidences: of all its readings, 0 to 1.

    Returns:
        A sentence; None where it is neither a starter nor knows drawn words alone, or where the median is at least
        `POOR_CONFIDENCE`.
    """
    if not (reader.synthetic_only or reader.is_starter) or not confidences:
        return None
    if (median := statistics.median(confidences)) >= POOR_CONFIDENCE:
        return None
    known = "drawn handwriting alone" if reader.synthetic_only else "the hands of other people"
    return (
        f"half of the words are read with a confidence below {median:.0%}: these weights know {known} "
        "and need fine-tuning on words like yours, with `htrmodel finetune --data STORE`, or with "
        "pipelines/own_data.py from a folder of images and a gt.txt"
    )
