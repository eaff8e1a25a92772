"""htrmodel: fine-tunes, evaluates and reads words with AttentionHTR's recogniser and the four-stage family it is from.

recogniser = htrmodel.load("starter")  # or a file
recogniser.read("word.png")  # Reading(text, confidence); of several images a list
htrmodel.evaluate(recogniser, "lmdb")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from htrdata.errors import importing
from htrdata.version import __version__ as __version__

if TYPE_CHECKING:
    from htrmodel.checkpoint.files import load as load
    from htrmodel.checkpoint.hub import pull as pull
    from htrmodel.checkpoint.hub import push as push
    from htrmodel.data.loading import dataset as dataset
    from htrmodel.evaluation.evaluating import evaluate as evaluate
    from htrmodel.inputs import to_inputs as to_inputs
    from htrmodel.judging.judging import judge as judge
    from htrmodel.recogniser import Recogniser as Recogniser
    from htrmodel.runtime.predicting import predict as predict
    from htrmodel.tokenizer import Reading as Reading
    from htrmodel.training.asking import finetune as finetune

# Imported when first used: the command line's help and the ONNX runner shall not wait for torch.
_PLACES = {
    "Reading": ("htrmodel.tokenizer", "Reading"),
    "Recogniser": ("htrmodel.recogniser", "Recogniser"),
    "dataset": ("htrmodel.data.loading", "dataset"),
    "evaluate": ("htrmodel.evaluation.evaluating", "evaluate"),
    "finetune": ("htrmodel.training.asking", "finetune"),
    "judge": ("htrmodel.judging.judging", "judge"),
    "load": ("htrmodel.checkpoint.files", "load"),
    "predict": ("htrmodel.runtime.predicting", "predict"),
    "pull": ("htrmodel.checkpoint.hub", "pull"),
    "push": ("htrmodel.checkpoint.hub", "push"),
    "to_inputs": ("htrmodel.inputs", "to_inputs"),
}

__all__ = [
    "Reading",
    "Recogniser",
    "__version__",
    "dataset",
    "evaluate",
    "finetune",
    "judge",
    "load",
    "predict",
    "pull",
    "push",
    "to_inputs",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'htrmodel' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    with importing(f"htrmodel.{name}"):
        return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return list(__all__)
