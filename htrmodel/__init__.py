"""htrmodel: fine-tunes, evaluates and reads words with AttentionHTR's recogniser and the four-stage family it is from.

recogniser = htrmodel.load("starter")  # or a file
readings = recogniser.read(["word.png"])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from htrmodel.checkpoint.files import load
    from htrmodel.recogniser import Recogniser

__all__ = ["Recogniser", "load"]


def __getattr__(name: str) -> Any:
    # Imported when first used: the command line's help and the ONNX runner shall not wait for torch.
    if name == "load":
        from htrmodel.checkpoint.files import load

        return load
    if name == "Recogniser":
        from htrmodel.recogniser import Recogniser

        return Recogniser
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
