"""Whether weights are those of a recogniser, and if not, which ones are not."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from htrdata.errors import BadDataError
from htrmodel.checkpoint.clova import grid_weights
from htrmodel.config import RecogniserConfig
from htrmodel.recogniser import Recogniser


def check_fit(place: object, weights: Mapping[str, Tensor], config: RecogniserConfig) -> None:
    """Compares keys and sizes of weights with those of a recogniser.

    Args:
        place: of the weights, for the message.
        weights: a state dict.
        config: of the recogniser.

    Raises:
        BadDataError: weights are missing, of another size, or belong nowhere.
    """
    with torch.device("meta"):
        expected = Recogniser(config).state_dict()
    # The grid's matrices follow from the config: they are made anew where they are of another image size.
    derived = grid_weights(config).keys()
    wrong = {
        "missing": sorted(expected.keys() - weights.keys() - derived),
        "unexpected": sorted(weights.keys() - expected.keys()),
        "of another size": [
            f"{key} {_kind(weights[key])} for {_kind(expected[key])}"
            for key in sorted((weights.keys() & expected.keys()) - derived)
            if _kind(weights[key]) != _kind(expected[key])
        ],
    }
    if any(wrong.values()):
        lists = "; ".join(f"{len(keys)} {name}: {_some(keys)}" for name, keys in wrong.items() if keys)
        raise BadDataError(f"{place} does not fit {config.architecture}: {lists}")


def _kind(tensor: Tensor) -> str:
    kind = "" if tensor.is_floating_point() else " of integers"
    return f"{tuple(tensor.shape)}{kind}"


def _some(items: list[str]) -> str:
    """Up to four items, and how many more."""
    more = f" and {len(items) - 4} more" if len(items) > 4 else ""
    return ", ".join(items[:4]) + more
