"""What all readers of exported recognisers have in common: the config inside the file, and reading in batches."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import BadDataError, HtrError, NotEnoughMemoryError, lacks_memory
from htrdata.files import strict_json
from htrmodel.config import ENTRY, FORMAT, RecogniserConfig
from htrmodel.reader import WordReader
from htrmodel.tokenizer import Reading, tokenizer_for

_LEAST = 1e-6  # a probability: float32 has rounded what is less, and no logarithm shall be infinite


class ExportedRecogniser(WordReader):
    """A recogniser that `htrmodel.runtime.onnx_export` has written, in the hands of some runtime.

    Args:
        path: the ONNX file, for messages.
        metadata: the entries that the file has beside its graph.

    Attributes:
        config: what it was built from.
        name: the path.
        data: what it was trained and judged on, as the checkpoint said that it was made from.

    Raises:
        BadDataError: the file is not one of ours.
    """

    def __init__(self, path: Path, metadata: Mapping[str, str]) -> None:
        if ENTRY not in metadata:
            raise BadDataError(f"{path} has no {ENTRY!r} entry: htrmodel did not export it")
        record = strict_json.parse(metadata[ENTRY], f"the {ENTRY!r} entry of {path}")
        if not isinstance(record, dict) or "config" not in record:
            raise BadDataError(f"{path} has an {ENTRY!r} entry without a config: export it again")
        if record.get("format") != FORMAT:
            found = f"{record.get('format')!r:.60}"
            raise BadDataError(f"{path} has format {found}, this release reads {FORMAT}: export it again")
        try:
            self.config = RecogniserConfig.from_dict(record["config"])
        except BadDataError as error:
            raise BadDataError(f"{path}: {error}") from error
        self.name = str(path)
        data = record.get("data")  # exports of earlier days have none
        self.data = data if isinstance(data, dict) else {}
        self._tokenizer = tokenizer_for(self.config)

    @abstractmethod
    def best_classes(self, inputs: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Inputs [N, 1, H, W] to the best class of each step and its probability, [N, T] each.

        Raises:
            BadDataError: the graph cannot be run on them.
            NotEnoughMemoryError: there is no memory for them.
        """

    def read_inputs(self, inputs: NDArray[np.float32]) -> list[Reading]:
        """Reads inputs, [N, 1, H, W] as `htrmodel.inputs.to_inputs` gives them.

        Raises:
            BadDataError: the graph is none of a recogniser with this config.
        """
        ids, probabilities = self._best(inputs)
        with np.errstate(divide="ignore", invalid="ignore"):  # NaN is found by who asked
            return self._tokenizer.readings(ids, np.log(probabilities))

    def _best(self, inputs: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        ids, probabilities = self.best_classes(inputs)
        shaped = ids.ndim == 2 and len(ids) == len(inputs) and ids.shape == probabilities.shape
        whole = np.issubdtype(ids.dtype, np.integer) and np.issubdtype(probabilities.dtype, np.floating)
        if not (shaped and whole) or ((ids < 0) | (ids >= self.config.num_classes)).any():
            raise unlike(self.name)
        return ids.astype(np.int64), probabilities

    def log_probabilities(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """The best class of each step; the others share evenly what it leaves, so that any text can be aligned.

        See `htrmodel.reader.WordReader.log_probabilities`.

        Raises:
            UsageError: it decodes by attention.
            BadDataError: as `read_inputs`.
        """
        if self.config.prediction != "CTC":
            return super().log_probabilities(inputs)
        ids, probabilities = self._best(inputs)
        best = np.maximum(probabilities, _LEAST)
        rest = np.maximum(1 - best, _LEAST) / (self.config.num_classes - 1)
        seen = np.repeat(np.log(rest)[:, :, None], self.config.num_classes, 2).astype(np.float32)
        np.put_along_axis(seen, ids[:, :, None], np.log(best)[:, :, None].astype(np.float32), 2)
        return seen

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.config.summary()})"


def unlike(path: Path | str) -> BadDataError:
    """What to raise where a graph does not do what its config says."""
    return BadDataError(f"{path} has a graph that does not fit its config: export it again")


def damaged(path: Path) -> BadDataError:
    """What to raise where a runtime cannot load a file."""
    return BadDataError(f"{path} is damaged, cut short or no ONNX file: export it again")


def told(error: Exception, otherwise: BadDataError) -> HtrError:
    """What to raise where a runtime fails: that there is not enough memory, if it says so, else something other."""
    return NotEnoughMemoryError.of(error) if lacks_memory(error) else otherwise
