"""Files for Arrow, whose own opening refuses names that are not UTF-8."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import pyarrow as pa


def open_for_arrow(path: Path, mode: Literal["rb", "wb"] = "rb") -> pa.OSFile:
    """Opens a file, to be read or to be written anew; as fast as by its path.

    Raises:
        OSError: it cannot be opened.
    """
    return pa.OSFile(os.fsencode(path), mode)


def map_for_arrow(path: Path) -> pa.MemoryMappedFile:
    """Maps a file into memory. Raises as `open_for_arrow`."""
    return pa.memory_map(os.fsencode(path))
