"""Whether what was read has the form of what was to be read: the same keys, kinds and sizes, throughout."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from torch import Tensor

from htrmodel.checkpoint.stored_tensor import StoredTensor

_MOST = 2**53


def alike(found: object, expected: object) -> bool:
    """Whether a value that was read is one of the same form.

    Args:
        found: plain values, dicts, lists and tuples, with a `StoredTensor` for each tensor.
        expected: the same, with tensors. Numbers may be others, but are finite where these are; texts, truths and sizes
            are the same.
    """
    if isinstance(expected, Tensor):
        if not isinstance(found, StoredTensor):
            return False
        return found.shape == tuple(expected.shape) and found.dtype == expected.dtype
    if isinstance(expected, Mapping):
        if not isinstance(found, Mapping) or found.keys() != expected.keys():
            return False
        return all(alike(found[key], value) for key, value in expected.items())
    if isinstance(expected, list | tuple):
        if not isinstance(found, list | tuple) or isinstance(found, StoredTensor) or len(found) != len(expected):
            return False
        return all(alike(one, other) for one, other in zip(found, expected, strict=True))
    if isinstance(expected, bool | str) or expected is None:
        return type(found) is type(expected) and found == expected
    return is_number(found) if isinstance(expected, float) else is_count(found)


def is_number(value: object) -> bool:
    """Whether this is a finite number."""
    return is_count(value) or (type(value) is float and math.isfinite(value))


def is_count(value: object) -> bool:
    """Whether this is a whole number of some size, or -1 for none."""
    return type(value) is int and -1 <= value <= _MOST


def are_figures(value: object, names: Sequence[str], perhaps: str) -> bool:
    """Whether these are numbers by the names wanted, and perhaps one more, for each of any number of data sets."""
    if not isinstance(value, Mapping):
        return False
    return all(
        isinstance(dataset, str)
        and isinstance(figures, Mapping)
        and list(figures) in ([*names], [*names, perhaps])
        and all(map(is_number, figures.values()))
        for dataset, figures in value.items()
    )
