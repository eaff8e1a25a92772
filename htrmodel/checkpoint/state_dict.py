"""The weights of a recogniser among what a training program saved: alone, within other things, behind prefixes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeGuard

from htrdata.errors import BadDataError
from htrmodel.checkpoint.stored_tensor import StoredTensor
from htrmodel.recogniser import STAGE_MODULES

_STAGE = re.compile(rf"(?:^|\.)(?=(?:{'|'.join(STAGE_MODULES.values())})\.)")
"""Where the name of a stage begins in a key."""


def find_weights(saved: object, name: object, size: int) -> dict[str, StoredTensor]:
    """Finds a state dict.

    Args:
        saved: what a file holds: a state dict, or a dict that has one beside other things, as ``{"model": …}`` and the
            checkpoints of Lightning do.
        name: of the file, for messages.
        size: of the file in bytes: its weights cannot take more.

    Returns:
        The tensors by clova's keys, without what stands before the stage: ``module.``, ``model.``, ``_orig_mod.``.

    Raises:
        BadDataError: there is no state dict, or several; or its keys are of several models, or of none.
    """
    weights = _unprefixed(_only_state_dict(saved, name), name)
    asked = sum(tensor.size for tensor in weights.values())
    if asked > size:
        raise BadDataError(
            f"{name} has weights of {asked:,} bytes in a file of {size:,}: some are one memory; save copies"
        )
    return weights


def _only_state_dict(saved: object, name: object) -> Mapping[str, StoredTensor]:
    if not isinstance(saved, dict) or not saved:
        raise BadDataError(f"{name} holds no weights by name, but a {type(saved).__name__}")
    if _is_state_dict(saved):
        return saved
    within = {_short(key): one for key, one in saved.items() if _is_state_dict(one)}
    of_family = {key: one for key, one in within.items() if any(_STAGE.search(name) for name in one)} or within
    if not of_family:
        for key, value in saved.items():
            if not isinstance(value, StoredTensor):
                kind = type(value).__name__
                raise BadDataError(f"{name} is no state dict: its entry {_short(key)} is a {kind}, not a tensor")
        raise BadDataError(f"{name} is no state dict: its keys are no texts")
    if len(of_family) > 1:
        raise BadDataError(
            f"{name} has several state dicts, {', '.join(of_family)}: save the one that is meant alone, "
            f"torch.save(torch.load({str(name)!r})[{next(iter(of_family))}], FILE)"
        )
    return next(iter(of_family.values()))


def _is_state_dict(value: object) -> TypeGuard[dict[str, StoredTensor]]:
    if not isinstance(value, dict) or not value:
        return False
    return all(isinstance(key, str) and isinstance(one, StoredTensor) for key, one in value.items())


def _unprefixed(weights: Mapping[str, StoredTensor], name: object) -> dict[str, StoredTensor]:
    found = {key: _STAGE.search(key) for key in weights}
    prefixes = sorted({key[: place.end()] for key, place in found.items() if place is not None})
    if not prefixes:
        return dict(weights)
    if len(prefixes) > 1:
        raise BadDataError(
            f"{name} has keys that begin with {prefixes[0][:60]!r} and with {prefixes[1][:60]!r}: they are no one model"
        )
    if strays := [key for key, place in found.items() if place is None]:
        raise BadDataError(
            f"{name} has {len(strays)} keys of no stage, such as {strays[0][:60]!r}: save the state_dict() of "
            "the recogniser alone"
        )
    return {key.removeprefix(prefixes[0]): tensor for key, tensor in weights.items()}


def _short(key: object) -> str:
    """A key for a message; others than texts may be of any depth, and are not shown."""
    return repr(key[:60]) if isinstance(key, str) else f"of a {type(key).__name__}"
