"""Which models can align, and what one of lines sees along them, whatever computes it: each as it is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from htrdata.errors import UsageError
from htrmodel.config import RecogniserConfig
from htrmodel.inputs import alike, fit, standardise
from htrmodel.reader import WordReader


class Seen(NamedTuple):
    """What is seen along a line."""

    emissions: NDArray[np.float32]
    """[T, C], natural logarithms."""
    covered: float
    """Steps that the line takes; those behind are of the padding, where a model may still say its last letter."""


def check_aligns(config: RecogniserConfig, name: str) -> None:
    """Makes sure that a model can run over lines.

    Raises:
        UsageError: it decodes by attention, or rectifies words of one width.
    """
    if config.prediction != "CTC" or config.transformation != "None":
        raise UsageError(
            f"{name} is {config.architecture}: alignment needs a model without TPS that decodes by CTC, such as "
            "starter-lines or one that was fine-tuned from it"
        )


def seen_along(reader: WordReader, lines: Sequence[Image.Image], batch_size: int) -> list[Seen]:
    """Runs a model of lines over some.

    Args:
        reader: a model of lines.
        lines: grey images (mode ``L``), of any size.
        batch_size: how many are read at once.
    """
    config = reader.config
    fitted = [fit(line, config) for line in lines]
    found: dict[int, Seen] = {}
    for places in alike(fitted, batch_size):
        emissions = reader.log_probabilities(standardise(np.stack([fitted[place] for place in places]), config))
        for place, seen in zip(places, emissions, strict=True):
            line, width = lines[place], fitted[place].shape[1]
            taken = min(width, max(1, -(-config.height * line.width // line.height)))
            found[place] = Seen(seen, len(seen) * taken / width)
    return [found[place] for place in range(len(lines))]
