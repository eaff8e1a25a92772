"""Torch's compiler for the convolutions of a recogniser: it joins their normalisations, ReLUs and poolings.

On a GPU these move more bytes than the convolutions themselves. Recurrence and attention stay as they are.
"""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager

import torch
from torch import nn

from htrmodel.layers.tps import TPS
from htrmodel.recogniser import Recogniser


def compile_convolutions(recogniser: Recogniser) -> None:
    """Has the trunk, and the network that finds the control points, compiled when first called; copies are not.

    Compiling takes a minute or so. The names of the weights stay as they are.
    """
    stages: list[nn.Module] = [recogniser.FeatureExtraction]
    if isinstance(recogniser.Transformation, TPS):
        stages.append(recogniser.Transformation.LocalizationNetwork)
    for stage in stages:
        stage.compile(dynamic=False)


def uncompiled(compiled: bool) -> AbstractContextManager[object]:
    """A context in which what is compiled runs as it was written: other batches are not worth compiling for.

    Args:
        compiled: whether there is something compiled; otherwise the compiler is not even imported.
    """
    return torch.compiler.set_stance("force_eager") if compiled else contextlib.nullcontext()
