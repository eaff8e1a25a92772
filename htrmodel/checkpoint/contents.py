"""What a checkpoint holds, and the recogniser that it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from htrdata.errors import BadDataError, UsageError
from htrmodel.checkpoint.charset_change import CharsetChange, change_charset
from htrmodel.checkpoint.clova import grid_fits, grid_weights
from htrmodel.config import RecogniserConfig
from htrmodel.recogniser import Recogniser

# Fields of a config that say nothing of the weights, or of few of them.
_FREE = {"charset", "height", "width", "max_length", "resize", "mean", "std"}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint file holds.

    Attributes:
        path: where it was read.
        config: what its weights belong to.
        weights: the state dict of a recogniser, on the CPU, its numbers in float32 or float64, none of them NaN.
        versions: the releases that wrote it; empty for a ``.pth``, as are metrics and data.
        metrics: results, by name.
        data: digests of what it was trained and judged on, by name; ``trained_on``, see
            `htrmodel.data.divisions.trained_on`; ``synthetic_only``; and ``starter``, true of the package's weights.
        assumed: what of the config is assumed, since neither the file nor anybody says it: a sentence, or empty.
    """

    path: Path
    config: RecogniserConfig
    weights: Mapping[str, Tensor]
    versions: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    assumed: str = ""

    @property
    def synthetic_only(self) -> bool:
        """Whether it says that it was trained on drawn words alone, from new weights on."""
        return self.data.get("synthetic_only") is True

    @property
    def temperature(self) -> float:
        """What its logits are divided by for confidences, see `htrmodel.recogniser.Recogniser`.

        Raises:
            BadDataError: it says so, but gives no such number.
        """
        found = self.metrics.get("calibration", {"temperature": 1.0})
        temperature = found.get("temperature") if isinstance(found, Mapping) else None
        if not isinstance(temperature, float) or not 0.01 <= temperature <= 100:
            raise BadDataError(f"{self.path} has calibration {found!r:.60}: its temperature must be 0.01 to 100")
        return temperature

    def build(self, config: RecogniserConfig | None = None) -> tuple[Recogniser, CharsetChange]:
        """Builds the recogniser, as it is or for other images or another charset.

        Args:
            config: what to build; None for the checkpoint's own. It may differ in charset, image size, length and
                normalisation.

        Returns:
            The recogniser in evaluation mode, on the CPU, in float32 or, where the weights are, in float64; and which
            characters have copied and which new weights.

        Raises:
            UsageError: the config differs in what the weights do not allow.
        """
        config = self.config if config is None else config
        for name in {one.name for one in fields(config)} - _FREE:
            mine, other = getattr(self.config, name), getattr(config, name)
            if mine != other:
                raise UsageError(f"{self.path} has {name} {mine!r}: it cannot start a model with {other!r}")
        weights, change = change_charset(self.weights, self.config, config)
        grid = grid_weights(config)
        weights = grid | weights if grid_fits(weights, config) else weights | grid
        recogniser = _recogniser(config, weights)
        if config == self.config:
            recogniser.temperature = self.temperature
        return recogniser, change


def _recogniser(config: RecogniserConfig, weights: Mapping[str, Tensor]) -> Recogniser:
    """A recogniser with these weights, without drawing others first."""
    with torch.device("meta"):
        recogniser = Recogniser(config)
    if any(value.dtype == torch.float64 for value in weights.values()):
        recogniser.double()
    recogniser.to_empty(device="cpu")
    recogniser.load_state_dict(weights)
    recogniser.use_channels_last()
    return recogniser.eval()
