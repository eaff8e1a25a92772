"""Gives memory back to the system: of many processes, what each keeps for later adds up."""

from __future__ import annotations

import ctypes
import sys

import pyarrow as pa


def release_freed_memory() -> None:
    """Returns what was freed, which glibc and Arrow keep for the next time; elsewhere only what Arrow keeps.

    After a part of large pages that is half of what a worker holds, and it takes no time that can be measured.
    """
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)
