"""Steps whose batches always lie in the same places, so that a GPU can be given a step as one record."""

from __future__ import annotations

import functools

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from htrdata.errors import UsageError
from htrmodel.data.batches import WordBatches
from htrmodel.recording import Recorded, Recorder
from htrmodel.tokenizer import PAD, Tokenizer
from htrmodel.training.update import Update

ROOM = 4
"""Labels are filled up to a multiple of so many characters: each length is recorded for itself."""

NO_ATTENTION = "--cuda-graph needs an attention decoder: the loss of CTC waits for the device; leave the option out"


class FixedBatches:
    """Takes steps by positions of words.

    Labels are encoded once and kept on the device, as the images are where they fit; a step gets the positions of its
    words and gathers both there. The loss is that over batches of any shape: what fills labels up costs nothing.

    Args:
        words: to train on.
        tokenizer: of the recogniser, with attention.
        batch_size: words in each step.
        update: what a step does.

    Raises:
        UsageError: the recogniser has no attention.
        BadDataError: the tokenizer cannot spell a label.
    """

    def __init__(self, words: WordBatches, tokenizer: Tokenizer, batch_size: int, update: Update) -> None:
        if tokenizer.prediction != "Attn":
            raise UsageError(NO_ATTENTION)
        device = words.device
        self._words = words
        self._update = update
        self._max_length = tokenizer.max_length
        table = tokenizer.table(words.texts.to_pylist())
        # Without start and end token, which are no characters.
        self._lengths = (table[:, 1:] != PAD).sum(1) - 1
        self._targets = torch.from_numpy(table).to(device)
        self._places = torch.zeros(batch_size, dtype=torch.int64, device=device)
        self._images = torch.zeros(batch_size, *words.image_size, dtype=torch.uint8, device=device)
        self._loss = torch.zeros((), device=device)
        self._recorder = Recorder(device, [update.generator])
        self._steps: dict[int, Recorded] = {}

    def step(self, positions: NDArray[np.int64]) -> Tensor:
        """Takes a step with the words at some positions, `batch_size` of them.

        Returns:
            The loss before it, a scalar on the device.
        """
        self._put(self._places, torch.from_numpy(positions))
        if self._words.resident is None:
            self._put(self._images, self._words.on_host(positions))
        room = min(-(-int(self._lengths[positions].max()) // ROOM) * ROOM, self._max_length)
        if room not in self._steps:
            self._steps[room] = Recorded(functools.partial(self._work, room), self._recorder)
        self._steps[room]()
        return self._loss.clone()

    def _put(self, place: Tensor, values: Tensor) -> None:
        if place.is_cuda:
            values = values.pin_memory()
        place.copy_(values, non_blocking=True)

    def _work(self, room: int) -> None:
        images = self._images
        if self._words.resident is not None:
            images = self._words.resident.index_select(0, self._places)
        targets = self._targets.index_select(0, self._places)[:, : room + 2].long()
        self._loss.copy_(self._update(images.unsqueeze(1), targets))
