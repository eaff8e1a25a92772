"""Recognisers as ONNX graphs, which `htrmodel.runtime.onnx_runner` and any ONNX runtime read without torch.

A graph takes ``images``, float32 [N, 1, H, W], and gives ``ids``, int64 [N, T], and ``probabilities``, float32 [N, T]:
the best class of each step and its probability. N is free, and W of models of lines. The attention decoder is a loop
that stops when every row has ended; the steps that it did not take hold the end token, with a probability of 1. The
metadata entry ``htrmodel`` is the JSON object that our checkpoints have, with ``format`` and ``config``.
"""

from __future__ import annotations

import copy
import json
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from htrdata.errors import importing
from htrdata.files.writing import write_atomically
from htrmodel.config import ENTRY, FORMAT
from htrmodel.layers.attention import AttentionDecoder, Decoding
from htrmodel.recogniser import Recogniser
from htrmodel.runtime.halving import halve
from htrmodel.runtime.quantising import quantise
from htrmodel.tokenizer import END, GO

OPSET = 20
"""Has GridSample as torch has it; ONNX Runtime reads it from 1.17 on."""


class _BestClasses(nn.Module):
    """What the graph computes for CTC."""

    def __init__(self, recogniser: Recogniser) -> None:
        super().__init__()
        self.recogniser = recogniser

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        best, ids = (self.recogniser(images) / self.recogniser.temperature).softmax(2).max(2)
        return ids, best


class _GreedyTokens(nn.Module):
    """What the graph computes for attention: `AttentionDecoder`'s greedy reading as a loop within the graph."""

    def __init__(self, recogniser: Recogniser) -> None:
        super().__init__()
        self.recogniser = recogniser

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        decoder = self.recogniser.Prediction
        assert isinstance(decoder, AttentionDecoder)
        decoding = Decoding(decoder, self.recogniser.encode(images))
        steps = torch.arange(decoder.num_steps)

        def goes_on(step: Tensor, tokens: Tensor, ended: Tensor, *_: Tensor) -> Tensor:
            return (step < decoder.num_steps) & ~ended.all()

        def advance(
            step: Tensor, tokens: Tensor, ended: Tensor, ids: Tensor, best: Tensor, hidden: Tensor, memory: Tensor
        ) -> tuple[Tensor, ...]:
            token_gates = functional.embedding(tokens, decoding.token_table)
            hidden, memory = decoding.step(token_gates, hidden, memory)
            probability, tokens = (decoder.generator(hidden) / self.recogniser.temperature).softmax(1).max(1)
            ids = torch.where(steps == step, tokens[:, None], ids)
            best = torch.where(steps == step, probability[:, None], best)
            return step + 1, tokens, ended | (tokens == END), ids, best, hidden, memory

        hidden, memory = decoding.begin()
        tokens = torch.full((images.shape[0],), GO)
        ids = torch.full((images.shape[0], decoder.num_steps), END)
        start = (torch.tensor(0), tokens, tokens == END, ids, torch.ones(ids.shape), hidden, memory)
        outcome = torch.while_loop(goes_on, advance, start)  # type: ignore[no-untyped-call]
        return outcome[3], outcome[4]


def export_onnx(
    recogniser: Recogniser,
    path: Path | str,
    calibration: NDArray[np.float32] | None = None,
    *,
    half: bool = False,
) -> None:
    """Writes a recogniser as an ONNX file, in evaluation mode; it is left as it is itself.

    Args:
        recogniser: what to write.
        path: of the file.
        calibration: inputs [N, 1, H, W], some hundred, to round the trunk to 8 bits by, see
            `htrmodel.runtime.quantising`; None for float32.
        half: store what is not in 8 bits in 16, see `htrmodel.runtime.halving`.

    Raises:
        UsageError: a weight is too large for float16.
        MissingPackageError: the packages ``onnx`` and ``onnxscript``, or for 8 bits ``onnxruntime``, are not installed.
        CannotCreateError: the file cannot be created there.
        StorageError: writing failed.
    """
    with importing("ONNX export", "onnx"):
        import onnx
        import onnxscript  # noqa: F401 - torch's exporter needs it, and would say so less plainly
    model = _graph(recogniser)
    _strip(model.graph)
    if calibration is not None:
        model = quantise(model, calibration)
    if half:
        model = halve(model)
    record = {"format": FORMAT, "config": recogniser.config.to_dict(), "data": dict(recogniser.data)}
    onnx.helper.set_model_props(model, {ENTRY: json.dumps(record, ensure_ascii=False)})
    write_atomically(path, model.SerializeToString())


def _strip(graph: Any) -> None:
    """Takes out what the exporter leaves in nodes, those of loops included: the places of its source files."""
    for node in graph.node:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _strip(attribute.g)


def _graph(recogniser: Recogniser) -> Any:
    config = recogniser.config
    kind = _GreedyTokens if config.prediction == "Attn" else _BestClasses
    module = kind(copy.deepcopy(recogniser)).cpu().float().eval()
    # Two images: torch would take a batch of one for a constant.
    images = torch.zeros(2, 1, config.height, 2 * config.height if config.reads_lines else config.width)
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
    model = program.model_proto
    if config.reads_lines:
        _free_width(model.graph)
    return model


def _free_width(graph: Any) -> None:
    """Says that a graph takes inputs of any width.

    It is made for one of them, since torch takes seven minutes where that is free too; but none of its nodes holds it.
    """
    graph.input[0].type.tensor_type.shape.dim[3].dim_param = "width"
    for output in graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = "steps"
    del graph.value_info[:]
