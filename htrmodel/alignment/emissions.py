"""What a model sees along a whole line: the convolutions and BiLSTM of one of words run over any width, too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL.Image import Image, Resampling

from htrmodel.alignment.fitted import Seen, seen_along
from htrmodel.inputs import standardise
from htrmodel.recogniser import Recogniser

STRETCH = 1.25
"""How much wider than its proportions a line is shown: models of words see short ones stretched to their input."""

LEAST_WIDTH = 16
"""Columns of the narrowest line that is shown; trunks need some."""


def log_probabilities(recogniser: Recogniser, lines: Sequence[Image]) -> list[Seen]:
    """Runs a model over lines.

    Args:
        recogniser: one that `htrmodel.alignment.fitted.check_aligns` lets pass. One of words is shown them
            stretched, and padded with their last column to the width of the widest.
        lines: grey images (mode ``L``), of any size.

    Returns:
        What is seen along each; steps are evenly spaced over the line's width.
    """
    if recogniser.config.reads_lines:
        return seen_along(recogniser, lines, len(lines))
    return _along_words(recogniser, lines)


@torch.inference_mode()
def _along_words(recogniser: Recogniser, lines: Sequence[Image]) -> list[Seen]:
    config = recogniser.config
    widths = [_width(line, config.height) for line in lines]
    # A margin behind the last letter: what stands at the border of the input is read worse.
    total = max(widths) + config.height // 2
    batch = np.stack([_shown(line, width, config.height, total) for line, width in zip(lines, widths, strict=True)])
    weight = next(recogniser.parameters())
    features = recogniser.encode(torch.from_numpy(standardise(batch, config)).to(weight))
    assert isinstance(recogniser.Prediction, torch.nn.Linear)
    logits = recogniser.Prediction(features).float().log_softmax(2).cpu().numpy()
    steps = [max(1, round(logits.shape[1] * width / total)) for width in widths]
    return [Seen(found[:count], count) for found, count in zip(logits, steps, strict=True)]


def _width(line: Image, height: int) -> int:
    return max(LEAST_WIDTH, round(line.width * height / line.height * STRETCH))


def _shown(line: Image, width: int, height: int, total: int) -> NDArray[np.uint8]:
    pixels = np.asarray(line.resize((width, height), Resampling.BICUBIC))
    return np.pad(pixels, ((0, 0), (0, total - width)), mode="edge")
