"""How sure a recogniser should be: one temperature, so that of the words read with a confidence p a share p is right.

Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017), for the confidence of a whole word: its logits are
divided by the temperature. What is read stays the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from htrmodel.tokenizer import Tokenizer

_STEP = 0.5
TEMPERATURES: NDArray[np.float64] = 2.0 ** np.arange(-0.5, 2.6, _STEP)
"""Those that are tried; the best one is sought between them."""

_LEAST = 1e-6


def surprise(tokenizer: Tokenizer, logits: Tensor, texts: Sequence[str]) -> NDArray[np.float64]:
    """What the confidences of some words cost at each temperature: the sum of their binary cross-entropies.

    Args:
        tokenizer: of the recogniser.
        logits: float [N, T, C].
        texts: what the words say, N.

    Returns:
        float64 [7], of `TEMPERATURES`.
    """
    costs = []
    for temperature in TEMPERATURES.tolist():
        readings = tokenizer.decode(logits, temperature)
        right = np.array([reading.text == text for reading, text in zip(readings, texts, strict=True)])
        sure = np.clip([reading.confidence for reading in readings], _LEAST, 1 - _LEAST)
        costs.append(-float(np.log(np.where(right, sure, 1 - sure)).sum()))
    return np.array(costs)


def best_temperature(costs: NDArray[np.float64]) -> float:
    """The temperature of the least cost, between those that were tried, by a parabola through the three lowest.

    Args:
        costs: sums of `surprise`.
    """
    lowest = int(np.argmin(costs))
    place = min(max(lowest, 1), len(costs) - 2)
    before, here, after = costs[place - 1 : place + 2].tolist()
    bend = before - 2 * here + after
    if bend <= 0:
        return float(TEMPERATURES[lowest])
    shift = min(max(0.5 * (before - after) / bend, -1), 1)
    return float(TEMPERATURES[place] * 2 ** (_STEP * shift))
