"""Reads an image in several small variants and lets the readings vote: test-time augmentation (TTA)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from htrmodel.reader import WordReader
from htrmodel.recogniser import TensorReader
from htrmodel.tokenizer import Reading

VARIANTS: tuple[tuple[float, float, float], ...] = (
    (0.0, 0.0, 1.0),
    (0.15, 0.0, 1.0),
    (-0.15, 0.0, 1.0),
    (0.0, 1.5, 1.0),
    (0.0, -1.5, 1.0),
    (0.0, 0.0, 1.06),
    (0.0, 0.0, 0.94),
)
"""Slant in columns per row, rotation in degrees, and scale of the width; the first is the image as it is."""

_PROPORTION = 100 / 32
"""Columns for each row of a word, for which `VARIANTS` are made."""


class VotingReader(WordReader):
    """Reads each image in all `VARIANTS`; the text with the most confidence together wins, and its share is its own.

    Args:
        reader: what reads each of them.

    Attributes:
        reader: as given.
        config: of the reader.
        name: of the reader.
        data: of the reader.
    """

    def __init__(self, reader: TensorReader) -> None:
        self.reader = reader
        self.config = reader.config
        self.name = reader.name
        self.data = reader.data

    @property
    def device(self) -> torch.device:
        """Where the reader is."""
        return self.reader.device

    def log_probabilities(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the reader alone sees along inputs."""
        return self.reader.log_probabilities(inputs)

    def read_inputs(self, inputs: NDArray[np.float32]) -> list[Reading]:
        """Reads inputs, [N, 1, H, W] as `htrmodel.inputs.to_inputs` gives them."""
        return self.read_tensor(torch.from_numpy(inputs).to(self.device))

    def read_tensor(self, inputs: Tensor) -> list[Reading]:
        """Reads inputs that are on the device of the reader."""
        variants = of_lines(*inputs.shape[2:]) if self.config.reads_lines else VARIANTS
        return voted([self.reader.read_tensor(changed(inputs, *variant)) for variant in variants])


def of_lines(height: int, columns: int) -> tuple[tuple[float, float, float], ...]:
    """`VARIANTS` for inputs of lines, as augmentation changes them (`htrmodel.data.augment`).

    What is longer than a word is rotated by less in proportion, and only made narrower, since its ends would be gone
    otherwise: turned by 1.5 degrees, the ends of a line of 20 words stand beside the picture.
    """
    part = min(1.0, _PROPORTION * height / columns)
    if part == 1:
        return VARIANTS
    return tuple(
        (slant, rotation * part, width if width <= 1 else 1 - (width - 1) / 2) for slant, rotation, width in VARIANTS
    )


def voted(members: Sequence[Sequence[Reading]]) -> list[Reading]:
    """Of each image the text with the most confidence of all members together, and its share of as many as there are.

    Args:
        members: each with readings of the same images.
    """
    found = []
    for readings in zip(*members, strict=True):
        votes: dict[str, float] = defaultdict(float)
        for text, confidence in readings:
            votes[text] += confidence
        text = max(votes, key=votes.__getitem__)  # the first member's among equals
        found.append(Reading(text, votes[text] / len(members)))
    return found


def changed(images: Tensor, slant: float, rotation: float, width: float) -> Tensor:
    """Images [N, 1, H, W], slanted, rotated and scaled about the centre; beyond its edges each goes on as it ends."""
    if (slant, rotation, width) == VARIANTS[0]:
        return images
    height, columns = images.shape[2:]
    angle = math.radians(rotation)
    cosine, sine = math.cos(angle), math.sin(angle)
    # From output to input, in affine_grid's units, half an image.
    across = [cosine / width, (cosine * slant - sine) * height / columns, 0.0]
    down = [sine / width * columns / height, sine * slant + cosine, 0.0]
    theta = torch.tensor([across, down], dtype=images.dtype, device=images.device).expand(len(images), 2, 3)
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)
