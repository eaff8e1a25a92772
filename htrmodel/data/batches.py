"""Batches of words on a device, gathered from images that are decoded once."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from htrdata.store.columns import take
from htrmodel.config import RecogniserConfig
from htrmodel.data.samples import Samples


@dataclass(frozen=True, slots=True)
class Batch:
    """Some words.

    Attributes:
        images: uint8 [N, 1, H, W], 0 for black, on the device.
        texts: N labels.
        ids: of the words, N.
    """

    images: Tensor
    texts: list[str]
    ids: list[str]


class Batches(ABC):
    """Words, or lines, of one or several data sets, from which batches are taken by position.

    Args:
        samples: of each data set; at least one.
        device: where batches shall be.
    """

    def __init__(self, samples: Sequence[Samples], device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)
        self._samples = list(samples)
        self._starts = np.cumsum([0, *map(len, samples)])
        self._texts = pa.concat_arrays([part.texts for part in samples])

    def __len__(self) -> int:
        return len(self._texts)

    @abstractmethod
    def take(self, positions: NDArray[np.int64]) -> Batch:
        """The words at some positions, counted over all data sets in their order."""

    def batches(self, positions: NDArray[np.int64], batch_size: int) -> Iterator[Batch]:
        """The words at some positions, each once, in batches to be read; the last one may be smaller."""
        for first in range(0, len(positions), batch_size):
            yield self.take(positions[first : first + batch_size])

    def in_order(self, batch_size: int) -> Iterator[Batch]:
        """All words, each once, as `batches` gives them."""
        return self.batches(np.arange(len(self)), batch_size)

    @functools.cached_property
    def left_out(self) -> list[str]:
        """What the words say that are in no batch, since a model cannot read them; see `Samples.unread_texts`."""
        return [text for part in self._samples for text in part.unread_texts()]

    @property
    def sizes(self) -> list[int]:
        """How many words each data set has."""
        return [len(part) for part in self._samples]

    @property
    def texts(self) -> pa.Array:
        """The labels of all words: strings."""
        return self._texts

    @functools.cached_property
    def clusters(self) -> dict[str, str]:
        """Of each word, by its id, whose hand it is in: its writer, else its page, else itself."""
        found: dict[str, str] = {}
        for part in self._samples:
            found.update(zip(part.ids.to_pylist(), part.hands(), strict=True))
        return found

    @property
    def whole(self) -> int | None:
        """Of how many words these are a sample, as `Samples.whole` counts them; None where they are all."""
        if all(part.whole is None for part in self._samples):
            return None
        return sum(len(part) if part.whole is None else part.whole for part in self._samples)

    @functools.cached_property
    def _ids(self) -> pa.Array:
        return pa.concat_arrays([part.ids for part in self._samples])

    def _batch(self, images: Tensor, positions: NDArray[np.int64]) -> Batch:
        texts, ids = (take(column, positions).to_pylist() for column in (self._texts, self._ids))
        return Batch(images.unsqueeze(1), texts, ids)


class WordBatches(Batches):
    """Words whose images have one size, all decoded before.

    On a GPU all images are kept there, if they need less than half of its free memory; a batch is then one gather.

    Args:
        samples: of each data set; at least one.
        images: of each data set, as `htrmodel.data.cache.decoded_words` gives them, all of one height and width.
        device: where batches shall be.
    """

    def __init__(
        self, samples: Sequence[Samples], images: Sequence[NDArray[np.uint8]], device: torch.device | str = "cpu"
    ) -> None:
        if not samples or [len(part) for part in samples] != [len(part) for part in images]:
            raise ValueError(f"{sum(map(len, samples))} words do not fit {sum(map(len, images))} images")
        super().__init__(samples, device)
        self._images = list(images)
        self._resident = self._move() if has_room(self.device, sum(part.nbytes for part in images)) else None

    @property
    def image_size(self) -> tuple[int, int]:
        """Pixel rows and columns of the images."""
        height, width = self._images[0].shape[1:]
        return height, width

    @property
    def resident(self) -> Tensor | None:
        """All images, uint8 [words, H, W] on the device; None where they stay in the host's memory."""
        return self._resident

    def take(self, positions: NDArray[np.int64]) -> Batch:
        """The words at some positions, counted over all data sets in their order."""
        if self._resident is not None:
            places = torch.from_numpy(positions).to(self.device, non_blocking=True)
            images = self._resident.index_select(0, places)
        else:
            images = self.on_host(positions).to(self.device, non_blocking=True)
        return self._batch(images, positions)

    def on_host(self, positions: NDArray[np.int64]) -> Tensor:
        """The images at some positions, uint8 [N, H, W] in the host's memory, pinned for a GPU."""
        images = torch.from_numpy(self._gather(positions))
        return images.pin_memory() if self.device.type == "cuda" else images

    def _gather(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        if len(self._images) == 1:
            return np.take(self._images[0], positions, axis=0)
        gathered = np.empty((len(positions), *self._images[0].shape[1:]), np.uint8)
        numbers = np.searchsorted(self._starts, positions, side="right") - 1
        for number in np.unique(numbers).tolist():
            mine = numbers == number
            gathered[mine] = self._images[number][positions[mine] - self._starts[number]]
        return gathered

    def _move(self) -> Tensor:
        """Copies all images to the device, a data set at a time."""
        resident = torch.empty((len(self), *self._images[0].shape[1:]), dtype=torch.uint8, device=self.device)
        for start, part in zip(self._starts.tolist(), self._images, strict=False):
            resident[start : start + len(part)].copy_(torch.from_numpy(part))
        return resident


def has_room(device: torch.device, size: int) -> bool:
    """Whether a GPU has room for that many bytes and as many again."""
    if device.type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(device)
    return 2 * size < free


def standardise(images: Tensor, config: RecogniserConfig) -> Tensor:
    """Turns grey values into inputs of a recogniser, on the device that they are on.

    Args:
        images: uint8 in 0 to 255, or floating point in 0 to 1, of any shape.
        config: says the mean and the deviation.

    Returns:
        float32 of the same shape; in [-1, 1] with the usual mean and deviation of 0.5.
    """
    values = grey_values(images)
    # In place where the values are ours: on a CPU, one fresh batch less is a third of the time.
    values = values.sub(config.mean) if values is images else values.sub_(config.mean)
    return values.div_(config.std)


def grey_values(images: Tensor) -> Tensor:
    """Grey values as float32 in 0 to 1: those of uint8 images divided by 255, others as they are."""
    return images.float().div_(255) if images.dtype == torch.uint8 else images.float()
