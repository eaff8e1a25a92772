"""Whether weights are those of a recogniser, and if not, which ones are not: before they take memory, and after."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from htrdata.errors import BadDataError
from htrdata.labels import visible
from htrmodel.checkpoint.clova import grid_weights
from htrmodel.checkpoint.stored_tensor import StoredTensor
from htrmodel.config import RecogniserConfig
from htrmodel.recogniser import Recogniser

_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def check_fit(place: object, weights: Mapping[str, StoredTensor], config: RecogniserConfig) -> None:
    """Compares keys, sizes and types of weights with those of a recogniser; none is read for it.

    Args:
        place: of the weights, for the message.
        weights: a state dict.
        config: of the recogniser.

    Raises:
        BadDataError: weights are missing, of another size or type, or belong nowhere.
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
            for key in sorted(weights.keys() & expected.keys())
            if not _alike(weights[key], expected[key], sized=key not in derived)
        ],
    }
    if any(wrong.values()):
        lists = "; ".join(f"{len(keys)} {name}: {_some(keys)}" for name, keys in wrong.items() if keys)
        raise BadDataError(f"{place} does not fit {config.architecture}: {lists}")


def check_numbers(place: object, weights: Mapping[str, Tensor]) -> None:
    """Makes sure that all weights are numbers.

    Raises:
        BadDataError: one is NaN or infinite.
    """
    for key, value in weights.items():
        # A sum of which a part is NaN or infinite is so, too, and quicker found than the part.
        if value.is_floating_point() and not bool(value.sum().isfinite() or value.isfinite().all()):
            count = int((~value.isfinite()).sum())
            raise BadDataError(
                f"{place}: {count:,} of the {value.numel():,} numbers of {key} are NaN or infinite: its training "
                "diverged, or it is damaged; take another checkpoint"
            )


def _alike(found: StoredTensor, expected: Tensor, *, sized: bool) -> bool:
    return _numbers(found.dtype) == _numbers(expected.dtype) and (not sized or found.shape == tuple(expected.shape))


def _numbers(dtype: torch.dtype) -> str:
    if dtype in _FLOATS:
        return ""
    return f" of {dtype}" if dtype.is_floating_point or dtype.is_complex else " of integers"


def _kind(tensor: StoredTensor | Tensor) -> str:
    return f"{tuple(tensor.shape)}{_numbers(tensor.dtype)}"


def _some(items: list[str]) -> str:
    """Up to four items, and how many more."""
    more = f" and {len(items) - 4} more" if len(items) > 4 else ""
    return ", ".join(visible(item if len(item) <= 200 else f"{item[:197]}…") for item in items[:4]) + more
