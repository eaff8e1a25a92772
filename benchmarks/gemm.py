"""The limit of the recogniser: what the machine multiplies matrices with."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

GFLOP_PER_IMAGE = 10.7
"""Of reading with the full-size TPS-ResNet-BiLSTM-Attn, 32 x 100 pixels, counted; training takes three times that."""

_SIZES = (512, 1024, 2048)


def shown_limit(dtype: torch.dtype, passes: int = 1) -> str:
    """A line on what the CPU could do if the recogniser were nothing but products.

    Args:
        dtype: of the products.
        passes: how many times the work of reading: 3 in training.
    """
    rate = gemm_rate(dtype, clock=time.process_time if torch.get_num_threads() == 1 else time.perf_counter)
    images = rate / (passes * GFLOP_PER_IMAGE)
    return f"limit: products of {dtype}, {rate:,.0f} × 10^9 operations a second, {images:.1f} images a second"


def gemm_rate(
    dtype: torch.dtype,
    device: torch.device | str = "cpu",
    seconds: float = 1.0,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """The best rate of square products over some sizes and repetitions, in 10^9 operations a second.

    Args:
        dtype: of the matrices; int8 gives int32 products.
        device: where.
        seconds: how long to try each size.
        clock: seconds.
    """
    return max(_rate(size, dtype, torch.device(device), seconds, clock) for size in _SIZES)


def _rate(size: int, dtype: torch.dtype, device: torch.device, seconds: float, clock: Callable[[], float]) -> float:
    if dtype == torch.int8:
        a, b = (torch.randint(-127, 127, (size, size), dtype=dtype, device=device) for _ in range(2))
        multiply = torch._int_mm
    else:
        a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
        multiply = torch.mm
    best, end = float("inf"), clock() + seconds
    while clock() < end:
        _wait(device)
        begin = clock()
        for _ in range(4):
            multiply(a, b)
        _wait(device)
        best = min(best, clock() - begin)
    return 4 * 2 * size**3 / best / 1e9


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
