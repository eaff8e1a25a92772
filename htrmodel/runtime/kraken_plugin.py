"""Our models of lines in kraken, from version 7 on: what its entry point ``kraken.loaders`` asks for.

kraken finds the lines, and is imported here only where it has called (https://kraken.re, *Plugin System*). Lines are
cut out as everywhere here, by their polygons and as level as their baselines are, not unrolled along the baseline.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from htrdata.errors import BadDataError, HtrError
from htrdata.images.codec import grey_image
from htrdata.records import Box
from htrdata.sources.xml.written import Written, rectangle
from htrmodel.alignment.cutting import Extent
from htrmodel.alignment.fitted import seen_along
from htrmodel.alignment.lines import PlacedWord, on_page, place_words
from htrmodel.inputs import LINES_AHEAD, fit
from htrmodel.reader import WordReader
from htrmodel.runtime.kraken_records import Config, Letter, Line, Segmentation, record
from htrmodel.runtime.page_lines import Pixels, box_of, cut_out
from htrmodel.runtime.predicting import load_reader
from htrmodel.tokenizer import check_sure

if TYPE_CHECKING:
    from kraken.containers import ocr_record

_SUFFIXES = (".safetensors", ".onnx")


def load(path: Path | str, tasks: Sequence[str] | None = None) -> list[LineModel]:
    """Loads a model of lines for kraken.

    Args:
        path: a checkpoint of ours, or an ``.onnx`` that was exported from one.
        tasks: what kraken wants models for; None for all.

    Raises:
        ValueError: it is no file of ours, or a model of words; kraken asks its next loader then.
    """
    if Path(path).suffix.lower() not in _SUFFIXES:
        raise BadDataError(f"{path} is none of htrmodel's: those end in {' or '.join(_SUFFIXES)}")
    try:
        reader = load_reader(path, "cpu")
    except HtrError as error:
        raise BadDataError(str(error)) from error
    if not reader.config.reads_lines:
        raise BadDataError(
            f"{path} reads words, and kraken finds lines: starter-lines, or one made from it, reads them"
        )
    return [LineModel(reader)] if tasks is None or "recognition" in tasks else []


class LineModel:
    """A reader of lines with what kraken asks of its ``RecognitionBaseModel``, and none of its training.

    Args:
        reader: of lines.

    Attributes:
        model_type: the tasks that it is for.
        one_channel_mode: pages are read in grey.
        seg_type: None: lines with baselines and plain boxes both do.
        use_legacy_polygons: kraken does not cut lines out.
        user_metadata: none.
    """

    _kraken_min_version = "7.0.0"
    model_type = ("recognition",)
    one_channel_mode = "L"
    seg_type = None
    use_legacy_polygons = False

    def __init__(self, reader: WordReader) -> None:
        self.reader = reader
        self.user_metadata: dict[str, object] = {}
        self._batch_size = 1
        self._with_pictures = False

    def prepare_for_inference(self, config: Config) -> None:
        """Takes over the device and the size of batches; says which other wishes have no effect."""
        self._batch_size = max(1, config.batch_size)
        self._with_pictures = config.return_line_image
        if config.return_logits or config.temperature != 1:
            warnings.warn("models of htrmodel give kraken no logits, and have a temperature of their own", stacklevel=2)
        self._move(config)

    def _move(self, config: Config) -> None:
        from htrmodel.devices import find_device
        from htrmodel.recogniser import Recogniser

        if not isinstance(self.reader, Recogniser):
            return  # ONNX Runtime stays on the CPU
        name = {"gpu": "cuda"}.get(config.accelerator, config.accelerator)
        if name == "cuda" and isinstance(config.device, list):
            name = f"cuda:{config.device[0]}"
        self.reader.to(find_device(name))

    def predict(self, im: Image.Image, segmentation: Segmentation) -> Iterator[ocr_record]:
        """Reads the lines of a page.

        Args:
            im: the page.
            segmentation: its lines.

        Yields:
            A record for each line, in order; an empty one where it cannot be cut out.
        """
        page = np.asarray(grey_image(im))
        may = self.reader.config.charset.characters
        lines = iter(segmentation.lines)
        while some := list(itertools.islice(lines, self._batch_size * LINES_AHEAD)):
            written = [_written(line) for line in some]
            crops = [cut_out(page, one, one.baseline, may) for one in written]
            good = [one for one in crops if not isinstance(one, str)]
            found = iter(self._read(good))
            for line, place, crop in zip(some, written, crops, strict=True):
                letters = (
                    [] if isinstance(crop, str) else _on_page(next(found), crop, box_of(place, place.baseline, may))
                )
                shown = Image.fromarray(crop) if self._with_pictures and not isinstance(crop, str) else None
                yield record(line, letters, shown)

    def _read(self, crops: Sequence[Pixels]) -> list[list[_Placed]]:
        """The characters of each line, spaces too, with their places on its picture."""
        pictures = [Image.fromarray(crop) for crop in crops]
        readings = self.reader.read_fitted([fit(one, self.reader.config) for one in pictures], self._batch_size)
        check_sure(self.reader.name, readings)
        along = seen_along(self.reader, pictures, self._batch_size)
        charset = self.reader.config.charset
        return [
            _with_spaces(place_words(text, crop, seen.emissions, charset, seen.covered))
            for (text, _), crop, seen in zip(readings, crops, along, strict=True)
        ]


class _Placed(NamedTuple):
    """A character on the picture of its line."""

    text: str
    extent: Extent
    score: float


def _written(line: Line) -> Written:
    """A line of kraken's as our readers of files have them."""
    if line.type == "bbox":
        left, top, right, bottom = line.bbox
        return Written(line.id, "", rectangle(left, top, right - left, bottom - top))
    return Written(line.id, "", tuple(map(_point, line.boundary or ())), tuple(map(_point, line.baseline or ())))


def _point(point: Sequence[float]) -> tuple[float, float]:
    return float(point[0]), float(point[1])


def _with_spaces(words: Sequence[PlacedWord]) -> list[_Placed]:
    """The characters of words, with a space between two words that takes the gap, as sure as its neighbours."""
    found: list[_Placed] = []
    for word in words:
        letters = [
            _Placed(one.text, one.extent, one.score)
            for one in word.characters
            if one.extent is not None and one.score is not None
        ]
        if found and letters:
            (_, before, one), (_, behind, other) = found[-1], letters[0]
            gap = replace(before, left=before.right, right=max(behind.left, before.right))
            found.append(_Placed(" ", gap, (one + other) / 2))
        found += letters
    return found


def _on_page(characters: Sequence[_Placed], crop: Pixels, line: Box) -> list[Letter]:
    found = []
    for text, extent, score in characters:
        box = on_page(extent, line, crop.shape[1], crop.shape[0])
        turn = math.radians(box.angle)
        across, up = math.cos(turn) * box.w / 2, math.sin(turn) * box.w / 2
        begins, ends = (box.xc - across, box.yc + up), (box.xc + across, box.yc - up)
        around = (box.xc - box.w / 2, box.yc - box.h / 2, box.xc + box.w / 2, box.yc + box.h / 2)
        # kraken counts code points: a letter with marks has several, at one place.
        found += [Letter(one, math.exp(score), begins, ends, around) for one in text]
    return found
