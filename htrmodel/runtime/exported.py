"""What all readers of exported recognisers have in common: the config inside the file, and reading in batches."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import BadDataError
from htrmodel.config import RecogniserConfig
from htrmodel.inputs import WordReader
from htrmodel.tokenizer import Reading, tokenizer_for


class ExportedRecogniser(WordReader):
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

    def read_inputs(self, inputs: NDArray[np.float32]) -> list[Reading]:
        """Reads inputs, [N, 1, H, W] as `htrmodel.inputs.to_inputs` gives them."""
        ids, probabilities = self.best_classes(inputs)
        return self._tokenizer.readings(ids, np.log(probabilities))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.config.summary()})"


def damaged(path: Path) -> BadDataError:
    """What to raise where a runtime cannot load a file."""
    return BadDataError(f"{path} is damaged, cut short or no ONNX file: export it again")
