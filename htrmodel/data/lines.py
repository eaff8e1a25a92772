"""Lines: images of one height and any width, decoded when they are needed, in batches of lines of like width."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray

from htrdata.files.cores import usable_cores
from htrdata.images.codec import ImageError
from htrmodel.config import RecogniserConfig
from htrmodel.data.batches import Batch, Batches
from htrmodel.data.decoding import decode_word
from htrmodel.data.line_widths import damaged_image, input_widths
from htrmodel.data.mixing import Order, Positions
from htrmodel.data.resident_lines import ResidentLines
from htrmodel.data.samples import Samples
from htrmodel.inputs import stacked

WINDOW = 32
"""Batches among whose lines those of like width are put together: more would make an order of little chance."""


DECODERS = 8
"""Threads that decode, at most: more of them wait for each other."""


class LineBatches(Batches):
    """Lines, decoded when a batch of them is taken: that costs a hundredth of what training on them does on a CPU.

    The next batch can be decoded while a GPU works on one, see `prepare`; but only `keep` is fast enough for it.

    Args:
        samples: of each data set; at least one.
        config: of the recogniser.
        device: where batches shall be.

    Attributes:
        widths: pixel columns of the input of each line, [N].
    """

    def __init__(
        self, samples: Sequence[Samples], config: RecogniserConfig, device: torch.device | str = "cpu"
    ) -> None:
        super().__init__(samples, device)
        self._config = config
        self._decoders = ThreadPoolExecutor(min(DECODERS, usable_cores()), "decode")
        self._prepared: tuple[NDArray[np.int64], list[Future[NDArray[np.uint8]]]] | None = None
        self._kept: ResidentLines | None = None
        self.widths = np.concatenate([input_widths(part, config) for part in samples])

    @property
    def pixels(self) -> int:
        """Bytes that the pixels of all lines take."""
        return int(self.widths.sum()) * self._config.height

    def keep(self, workers: int = 1, progress: Callable[[int, int], None] | None = None) -> None:
        """Decodes all lines now, and keeps them on the device; see `htrmodel.data.resident_lines.ResidentLines`."""
        self._kept = ResidentLines(self._samples, self.widths, self._config, self.device, workers, progress)

    def take(self, positions: NDArray[np.int64]) -> Batch:
        """The lines at some positions; those that are narrower than the widest are padded on the right."""
        if self._kept is not None:
            return self._batch(self._kept.take(positions, int(self.widths[positions].max())), positions)
        if self._prepared is None or not np.array_equal(self._prepared[0], positions):
            self.prepare(positions)
        assert self._prepared is not None
        pixels = [decoded.result() for decoded in self._prepared[1]]
        self._prepared = None
        images = torch.from_numpy(stacked(pixels))
        images = images.pin_memory() if self.device.type == "cuda" else images
        return self._batch(images.to(self.device, non_blocking=True), positions)

    def prepare(self, positions: NDArray[np.int64]) -> None:
        """Begins to decode the lines at some positions, which are taken next."""
        if self._kept is not None:
            return
        parts = np.searchsorted(self._starts, positions, side="right") - 1
        places = positions - self._starts[parts]
        words = [(self._samples[part], place) for part, place in zip(parts.tolist(), places.tolist(), strict=True)]
        # Shards are read by one thread.
        decoding = [
            self._decoders.submit(_fitted, samples, place, samples.encoded(place), self._config)
            for samples, place in words
        ]
        self._prepared = (positions, decoding)

    def batches(self, positions: NDArray[np.int64], batch_size: int) -> Iterator[Batch]:
        """The lines at some positions, each once and with others of its own width alone, so that nothing is padded."""
        widths = self.widths[positions]
        for width in np.unique(widths).tolist():
            yield from super().batches(positions[widths == width], batch_size)


class OrderByWidth:
    """An order of training whose batches are of lines of like width.

    The batches of a window have the words that another order has for them, dealt out by width, in an order by chance:
    each is a function of the seed and its number alone. So it is the window that has the shares of a mix: a batch has
    more of the data sets that have lines of its width. With shares in every batch, and of each data set lines of like
    width in it, ten data sets had 1.5 columns for each that is written on, where these have 1.05.

    Args:
        order: the other one.
        widths: of all inputs.
        seed: of what is by chance.

    Attributes:
        batches_per_epoch: how many there are.
    """

    def __init__(self, order: Order, widths: NDArray[np.int64], seed: int) -> None:
        self.batches_per_epoch = order.batches_per_epoch
        self._order = order
        self._widths = widths
        self._seed = seed
        self._window: tuple[int, list[Positions]] = (-1, [])

    def batch(self, epoch: int, number: int) -> Positions:
        """The positions of the words of a batch; see `htrmodel.data.mixing.TrainingOrder.batch`."""
        window, place = divmod(epoch * self.batches_per_epoch + number, WINDOW)
        if self._window[0] != window:
            self._window = (window, self._dealt(window))
        return self._window[1][place]

    def _dealt(self, window: int) -> list[Positions]:
        steps = range(window * WINDOW, (window + 1) * WINDOW)
        positions = np.concatenate([self._order.batch(*divmod(step, self.batches_per_epoch)) for step in steps])
        dealt = np.split(positions[np.argsort(self._widths[positions], kind="stable")], WINDOW)
        order = np.random.default_rng([self._seed, window]).permutation(WINDOW)
        return [dealt[place] for place in order.tolist()]


def _fitted(samples: Samples, place: int, encoded: bytes, config: RecogniserConfig) -> NDArray[np.uint8]:
    try:
        return decode_word(encoded, config)
    except ImageError as error:
        raise damaged_image(samples, place, error) from error
