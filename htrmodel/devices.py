"""Where torch computes."""

from __future__ import annotations

import os

import torch

from htrdata.errors import UsageError
from htrdata.files.cores import thread_limit


def find_device(name: str = "auto") -> torch.device:
    """Finds a device by its name. On a CPU torch then has no more threads than this process may use cores.

    Args:
        name: ``auto`` for the best that is there, or ``cpu``, ``cuda``, ``cuda:1``, ``mps``.

    Raises:
        UsageError: this machine has no such device.
    """
    device = _found(name)
    # Torch knows of affinity, but of no quota: on 64 cores of which 4 are ours, 64 threads would wait for each other.
    limit = thread_limit()
    if device.type == "cpu" and 0 < limit < torch.get_num_threads() and "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(limit)
    return device


def _found(name: str) -> torch.device:
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


def uses_bfloat16(precision: str, device: torch.device) -> bool:
    """Whether a training computes under bfloat16 autocast.

    Args:
        precision: one of `htrmodel.training.recipes.PRECISIONS`: ``float32`` never does, ``auto`` where a CUDA device
            has bfloat16 itself, and ``bfloat16`` on every device.
        device: where it computes.

    Raises:
        UsageError: it shall be bfloat16, and the CUDA device has none.
    """
    if precision == "float32" or (precision == "auto" and device.type != "cuda"):
        return False
    if device.type != "cuda":
        return True
    with torch.cuda.device(device):
        # Older devices emulate it, more slowly than they compute in float32.
        supported: bool = torch.cuda.is_bf16_supported(including_emulation=False)
    if precision == "bfloat16" and not supported:
        raise UsageError(f"{torch.cuda.get_device_name(device)} has no bfloat16: give --precision float32 or auto")
    return supported
