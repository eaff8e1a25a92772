"""What all readers of exported recognisers have in common: the config inside the file, and reading in batches."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from htrdata.errors import BadDataError
from htrmodel.config import RecogniserConfig
from htrmodel.inputs import to_inputs
from htrmodel.tokenizer import Reading, tokenizer_for


class ExportedRecogniser(ABC):
    """A recogniser that `htrmodel.runtime.onnx_export` has written, in the hands of some runtime.

    Args:
        path: the ONNX file, for messages.
        metadata: the entries that the file has beside its graph.

    Attributes:
        config: what it was built from.

    Raises:
        BadDataError: the file is not one of ours.
    """

    def __init__(self, path: Path, metadata: Mapping[str, str]) -> None:
        try:
            record = json.loads(metadata["htrmodel"])
            self.config = RecogniserConfig.from_dict(record["config"])
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise BadDataError(f"{path} has no 'htrmodel' entry: htrmodel did not export it") from error
        self._tokenizer = tokenizer_for(self.config)

    @abstractmethod
    def best_classes(self, inputs: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Inputs [N, 1, H, W] to the best class of each step and its probability, [N, T] each."""

    def read(self, images: Sequence[Image | Path | str], batch_size: int = 32) -> list[Reading]:
        """Reads images of words, greedily.

        Args:
            images: Pillow images or paths of image files.
            batch_size: how many are read at once.

        Raises:
            SourceMissingError: there is no such file.
            StorageError: it cannot be read.
            BadDataError: it is no image, or a damaged one.
        """
        readings: list[Reading] = []
        for start in range(0, len(images), batch_size):
            ids, probabilities = self.best_classes(to_inputs(images[start : start + batch_size], self.config))
            readings += self._tokenizer.readings(ids, np.log(probabilities))
        return readings


def damaged(path: Path) -> BadDataError:
    """What to raise where a runtime cannot load a file."""
    return BadDataError(f"{path} is damaged, cut short or no ONNX file: export it again")
