"""The starter weights by torch.hub: `torch.hub.load(".", "starter", source="local")` in a checkout.

Each entry gives a `htrmodel.Recogniser`, an `nn.Module` in evaluation mode on the CPU; `.read(images)` reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from htrmodel import Recogniser as _Recogniser

dependencies = ["torch", "safetensors", "numpy", "PIL", "cv2", "lmdb"]


def starter() -> _Recogniser:
    """Words, 94 characters: the one that reads best; see weights/htrmodel_weights/starter.md."""
    return _load("starter")


def starter_fast() -> _Recogniser:
    """Words, several times as fast on a CPU; see weights/htrmodel_weights/starter-fast.md."""
    return _load("starter-fast")


def starter_lines() -> _Recogniser:
    """Lines, Latin letters with marks; see weights/htrmodel_weights/starter-lines.md."""
    return _load("starter-lines")


def _load(name: str) -> _Recogniser:
    import htrmodel

    return htrmodel.load(name)
