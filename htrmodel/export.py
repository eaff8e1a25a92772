"""Recognisers as ONNX graphs, which `htrmodel.onnx_runner` and any ONNX runtime read without torch.

A graph takes ``images``, float32 [N, 1, H, W], and gives ``ids``, int64 [N, T], and ``probabilities``, float32 [N, T]:
the best class of each step and its probability. N is free. The steps of the attention decoder are unrolled, all of
them. The metadata entry ``htrmodel`` is the JSON object that our checkpoints have, with ``format`` and ``config``.
"""

from __future__ import annotations

import copy
import json
import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from htrdata.errors import UsageError
from htrmodel.checkpoint import ENTRY, FORMAT
from htrmodel.files import write_atomically
from htrmodel.recogniser import Recogniser

OPSET = 20
"""Has GridSample as torch has it; ONNX Runtime reads it from 1.17 on."""


class _BestClasses(nn.Module):
    """What the graph computes."""

    def __init__(self, recogniser: Recogniser) -> None:
        super().__init__()
        self.recogniser = recogniser

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        best, ids = self.recogniser(images, full_steps=True).softmax(2).max(2)
        return ids, best


def export_onnx(recogniser: Recogniser, path: Path | str) -> None:
    """Writes a recogniser as an ONNX file, in float32 and evaluation mode; it is left as it is itself.

    Raises:
        UsageError: the packages ``onnx`` and ``onnxscript`` are not installed.
        CannotCreateError: the file cannot be created there.
        StorageError: writing failed.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401 - torch's exporter needs it, and would say so less plainly
    except ImportError as error:
        raise UsageError(f"ONNX export needs the package {error.name!r}: pip install 'htrdata[onnx]'") from error
    model = _graph(recogniser)
    for node in model.graph.node:
        # The exporter leaves the places of its source files there.
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    record = {"format": FORMAT, "config": recogniser.config.to_dict()}
    onnx.helper.set_model_props(model, {ENTRY: json.dumps(record, ensure_ascii=False)})
    write_atomically(path, model.SerializeToString())


def _graph(recogniser: Recogniser) -> Any:
    config = recogniser.config
    module = _BestClasses(copy.deepcopy(recogniser)).cpu().float().eval()
    # Two images: torch would take a batch of one for a constant.
    images = torch.zeros(2, 1, config.height, config.width)
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # They tell of the exporter's own affairs.
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                module,
                (images,),
                input_names=["images"],
                output_names=["ids", "probabilities"],
                dynamic_shapes={"images": {0: torch.export.Dim("batch")}},
                opset_version=OPSET,
                dynamo=True,
                verbose=False,
            )
    finally:
        logger.setLevel(level)
    assert program is not None
    return program.model_proto
