"""Where torch computes."""

from __future__ import annotations

import torch

from htrdata.errors import UsageError


def find_device(name: str = "auto") -> torch.device:
    """Finds a device by its name.

    Args:
        name: ``auto`` for the best that is there, or ``cpu``, ``cuda``, ``cuda:1``, ``mps``.

    Raises:
        UsageError: this machine has no such device.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, found in there.items() if found))
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UsageError(f"{name!r} is no device: give auto, cpu, cuda, cuda:N or mps") from None
    if not there.get(device.type, False):
        found = ", ".join(kind for kind, is_there in there.items() if is_there)
        raise UsageError(f"this machine has no {name} that torch can use: it has {found}; give --device {found}")
    if device.type == "cuda" and device.index is not None and device.index >= torch.cuda.device_count():
        raise UsageError(f"there is no {name}: this machine has {torch.cuda.device_count()} CUDA devices")
    return device
