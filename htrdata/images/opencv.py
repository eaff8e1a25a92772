"""OpenCV, which is imported where it is first used: reading a word of a store needs none."""

from __future__ import annotations

import mmap
import os
import sys
from types import ModuleType

from htrdata.errors import NotEnoughMemoryError, UsageError, lacks_memory

_OPENCV = 400 << 20  # bytes of addresses that it takes with its libraries


def opencv() -> ModuleType:
    """Imports OpenCV, for every module that uses it.

    Returns:
        The module ``cv2``.

    Raises:
        UsageError: it is not installed, or the system lacks a library that it needs.
        NotEnoughMemoryError: there is no room for it.
    """
    try:
        if "cv2" not in sys.modules and os.name == "posix":
            # With less its import ends the process.
            mmap.mmap(-1, _OPENCV, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ).close()
        import cv2
    except (ImportError, OSError) as error:
        if lacks_memory(error):  # for its libraries
            raise NotEnoughMemoryError.of(error) from error
        remedy = "`pip install opencv-python-headless`, or `apt-get install libgl1` where libGL is missing"
        raise UsageError(f"OpenCV cannot be imported ({error}): {remedy}") from error
    return cv2
