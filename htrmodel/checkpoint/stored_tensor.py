"""A tensor in a file, of which shape and type are known before a number of it is read."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class StoredTensor(NamedTuple):
    """A tensor that is not in memory yet: what it is can be checked before it takes any."""

    shape: tuple[int, ...]
    """Its sizes."""
    dtype: torch.dtype
    """Of its numbers."""
    fetch: Callable[[], Tensor]
    """Reads it, on the CPU, into memory of its own."""

    @property
    def size(self) -> int:
        """The bytes that it takes in memory."""
        return math.prod(self.shape) * self.dtype.itemsize
