"""Reads words from image files, folders of them, or stores. For files and folders numpy and Pillow are enough."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PIL.Image import Image

from htrdata.errors import BadDataError, SourceMissingError, StorageError
from htrmodel.inputs import open_image
from htrmodel.tokenizer import Reading

if TYPE_CHECKING:
    from htrdata.store.reading import Store

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif"})
"""Of the files that count as images in a folder; a file that is named itself may end in anything."""


POOR_CONFIDENCE = 0.4
"""Where the median confidence of a recogniser that knows drawn words alone is lower, it does not read these ones well.
The median, since some words are hard for any recogniser, and a mean would follow them. ``starter`` read 71 % of the
words right where its median was 0.81, 43 % where it was 0.36, and 3 % where it was 0.05; ``starter-fast`` 64 % where it
was 0.48, and 37 % where it was 0.22."""


class Reader(Protocol):
    """What reads words: a `htrmodel.recogniser.Recogniser` or a `htrmodel.runtime.exported.ExportedRecogniser`."""

    def read(self, images: Sequence[Image | Path | str], batch_size: int = 32) -> list[Reading]:
        """Reads images of words, in order."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an image is.

    Attributes:
        name: its path, or data set, split and id of a word in a store.
        content: its path, or its encoded bytes.
    """

    name: str
    content: Path | bytes


@dataclass(frozen=True, slots=True)
class Prediction:
    """What became of one image.

    Attributes:
        name: of the image, see `Source`.
        text: what was read; None where the image is bad.
        confidence: probability of the text by the model itself, 0 to 1; None where the image is bad.
        problem: what is wrong with the image; None where it was read.
    """

    name: str
    text: str | None = None
    confidence: float | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class LoadedReader:
    """A `Reader` from a file.

    Attributes:
        recogniser: what reads.
        synthetic_only: the file says that it was trained on drawn words alone; an ``.onnx`` does not say.
    """

    recogniser: Reader
    synthetic_only: bool

    def read(self, images: Sequence[Image | Path | str], batch_size: int = 32) -> list[Reading]:
        """Reads images of words, in order."""
        return self.recogniser.read(images, batch_size)


def load_reader(path: Path, device: str = "auto", runtime: str = "onnxruntime") -> LoadedReader:
    """Loads what a file holds: an ``.onnx`` without torch, which reads on the CPU, any other checkpoint with it.

    Args:
        path: the file, or the name of one of `htrmodel.starter.STARTERS`.
        device: where torch reads, see `htrmodel.devices.find_device`.
        runtime: what reads an ``.onnx``: ``onnxruntime`` or ``openvino``.

    Raises:
        HtrError: as `htrmodel.runtime.onnx_runner.OnnxRecogniser`,
            `htrmodel.runtime.openvino_runner.OpenVinoRecogniser`, `htrmodel.checkpoint.files.read_checkpoint` and
            `find_device` do.
    """
    if path.suffix.lower() == ".onnx":
        if runtime == "openvino":
            from htrmodel.runtime.openvino_runner import OpenVinoRecogniser

            return LoadedReader(OpenVinoRecogniser(path), synthetic_only=False)
        from htrmodel.runtime.onnx_runner import OnnxRecogniser

        return LoadedReader(OnnxRecogniser(path), synthetic_only=False)
    from htrmodel.checkpoint.files import read_checkpoint
    from htrmodel.devices import find_device

    checkpoint = read_checkpoint(path)
    return LoadedReader(checkpoint.build()[0].to(find_device(device)), checkpoint.synthetic_only)


def find_sources(place: Path) -> Iterator[Source]:
    """Finds the images at a place: a file, the image files below a folder in order, or all words of a store.

    Whether there are any is known at once; the words of a store are read as they are taken.

    Raises:
        SourceMissingError: there is nothing at the place, or no image in the folder.
        BadDataError: a ``dataset.json`` of the store is damaged.
    """
    if not place.is_dir():
        if not place.exists():
            raise SourceMissingError(f"there is nothing at {place}")
        return iter([Source(str(place), place)])
    if any(place.glob("*/dataset.json")):
        from htrdata.store.reading import Store

        return _stored(Store(place))
    files = sorted(path for path in place.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file())
    if not files:
        raise SourceMissingError(f"no image in {place}: files that end in {', '.join(sorted(ENDINGS))} count")
    return (Source(str(path), path) for path in files)


def _stored(store: Store) -> Iterator[Source]:
    for dataset in store.datasets.values():
        for split in dataset.splits:
            for word in dataset.words(split):
                yield Source(f"{dataset.name}/{split}/{word.id}", word.encoded)


def predict(reader: Reader, sources: Iterable[Source], batch_size: int = 32) -> Iterator[Prediction]:
    """Reads images in batches, as they come. A bad one does not stop the others.

    Args:
        reader: what reads.
        sources: of the images; taken as they are needed.
        batch_size: how many are read at once.
    """
    waiting = iter(sources)
    while batch := list(itertools.islice(waiting, batch_size)):
        opened = [_open(source) for source in batch]
        images = [image for image in opened if not isinstance(image, Prediction)]
        readings = iter(reader.read(images, batch_size) if images else [])
        for source, image in zip(batch, opened, strict=True):
            if isinstance(image, Prediction):
                yield image
            else:
                text, confidence = next(readings)
                yield Prediction(source.name, text, confidence)


def _open(source: Source) -> Image | Prediction:
    try:
        return open_image(source.content)
    except (BadDataError, SourceMissingError, StorageError) as error:
        return Prediction(source.name, problem=str(error))


def advise_fine_tuning(confidences: Sequence[float]) -> str | None:
    """What to tell a person whose words a recogniser that knows drawn ones alone is unsure of.

    Args:
        confidences: of all its readings, 0 to 1.

    Returns:
        A sentence; None where their median is at least `POOR_CONFIDENCE`, or where there are none.
    """
    if not confidences or (median := statistics.median(confidences)) >= POOR_CONFIDENCE:
        return None
    return (
        f"half of the words are read with a confidence below {median:.0%}: these weights know drawn handwriting alone "
        "and need fine-tuning on words like yours, with `htrmodel finetune --data STORE`, or with "
        "pipelines/own_data.py from a folder of images and a gt.txt"
    )
