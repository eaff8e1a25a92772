"""What reads images of words or lines, whatever computes it, and how it goes through many of them."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import UsageError
from htrmodel.config import RecogniserConfig
from htrmodel.inputs import LINES_AHEAD, WordImage, alike, fit, is_one, open_image, several, standardise
from htrmodel.tokenizer import Reading, check_sure


class WordReader(ABC):
    """What reads images of words, whatever computes it: torch, ONNX Runtime or OpenVINO.

    Attributes:
        config: what it was built from.
        name: what to call it in messages.
        data: what it was trained and judged on, as its file says; see `htrmodel.checkpoint.contents.Checkpoint`.
    """

    config: RecogniserConfig
    name: str
    data: Mapping[str, Any] = MappingProxyType({})

    @property
    def synthetic_only(self) -> bool:
        """Whether it is known to have been trained on drawn words alone; a ``.pth`` does not say."""
        return self.data.get("synthetic_only") is True

    @property
    def is_starter(self) -> bool:
        """Whether it is known to be weights that come with the package; what is trained on from them is none."""
        return self.data.get("starter") is True

    @abstractmethod
    def read_inputs(self, inputs: NDArray[np.float32]) -> list[Reading]:
        """Reads inputs, [N, 1, H, W] as `to_inputs` gives them."""

    def log_probabilities(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """What is seen along inputs, step by step, by a model that decodes by CTC.

        Args:
            inputs: float32 [N, 1, H, W] as `to_inputs` gives them.

        Returns:
            float32 [N, T, C], natural logarithms. Where what computes it tells the best class alone, the others share
            evenly what it leaves.

        Raises:
            UsageError: it decodes by attention, whose steps are no places.
        """
        raise UsageError(f"{self.name} does not say where characters are: that needs a model that decodes by CTC")

    @overload
    def read(self, images: WordImage, batch_size: int = 32) -> Reading: ...  # type: ignore[overload-overlap]

    @overload
    def read(self, images: Iterable[WordImage], batch_size: int = 32) -> list[Reading]: ...

    def read(self, images: WordImage | Iterable[WordImage], batch_size: int = 32) -> Reading | list[Reading]:
        """Reads images of words, greedily.

        Args:
            images: one, or any number of them: paths, Pillow images, arrays (see `from_array`), words of a store.
            batch_size: how many are read at once.

        Returns:
            Of one image its reading; of several, a list of theirs in the same order, which is empty where there are
            none.

        Raises:
            SourceMissingError: there is no such file.
            StorageError: it cannot be read.
            BadDataError: it is no image, a damaged one, or one whose numbers have no defined white; or the weights
                compute no numbers of it.
            WrongTypeError: a value stands for no image.
            UsageError: the batch size is less than 1.
        """
        if batch_size < 1:
            raise UsageError(f"batches of {batch_size} images are not possible: give 1 or more")
        waiting = iter([images]) if is_one(images) else several(images)
        readings: list[Reading] = []
        while batch := list(itertools.islice(waiting, batch_size * (LINES_AHEAD if self.config.reads_lines else 1))):
            found = self.read_fitted([fit(open_image(image), self.config) for image in batch], batch_size)
            check_sure(self.name, found)
            readings += found
        return readings[0] if is_one(images) else readings

    def read_fitted(self, fitted: Sequence[NDArray[np.uint8]], batch_size: int) -> list[Reading]:
        """Reads images as `fit` gives them; those of one width at once, so that none depends on the others.

        Args:
            fitted: uint8 [H, W] each.
            batch_size: how many are read at once.
        """
        readings: dict[int, Reading] = {}
        for places in alike(fitted, batch_size):
            found = self.read_inputs(standardise(np.stack([fitted[place] for place in places]), self.config))
            readings.update(zip(places, found, strict=True))
        return [readings[place] for place in range(len(fitted))]
