"""A recogniser made twice as wide that reads exactly as before, to train on from.

Each unit becomes two, and what takes both of them shares its old weight between them by chance, so that the sum is what
it was and the two learn different things: Net2WiderNet of Chen, Goodfellow and Shlens, "Net2Net: Accelerating Learning
via Knowledge Transfer", ICLR 2016 (arXiv 1511.05641).
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from htrdata.errors import UsageError
from htrmodel.checkpoint.contents import Checkpoint
from htrmodel.recogniser import Recogniser

SPREAD = 0.25
"""Standard deviation of the share of an old weight that one of two units gets; 0.5 in the mean."""


def widen(start: Checkpoint, seed: int = 0) -> Recogniser:
    """Widens a VGG-BiLSTM-CTC recogniser.

    Args:
        start: what it shall read like.
        seed: of the shares.

    Returns:
        The same recogniser with `output_channel` and `hidden_size` twice as large; its readings are the same but for
        rounding.

    Raises:
        UsageError: it is of another architecture.
    """
    config = start.config
    if config.architecture != "None-VGG-BiLSTM-CTC":
        raise UsageError(f"{start.path} is {config.architecture}: only None-VGG-BiLSTM-CTC can be widened")
    narrow, _ = start.build()
    wide = Recogniser(
        replace(config, output_channel=2 * config.output_channel, hidden_size=2 * config.hidden_size)
    ).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for (name, old), (_, new) in zip(narrow.named_modules(), wide.named_modules(), strict=True):
            if isinstance(old, (nn.Conv2d, nn.BatchNorm2d, nn.Linear, nn.LSTM)):
                _fill(name, old, new, generator)
    return wide


def _fill(name: str, old: nn.Module, new: nn.Module, generator: torch.Generator) -> None:
    targets = dict(new.named_parameters(recurse=False)) | dict(new.named_buffers(recurse=False))
    sources = dict(old.named_parameters(recurse=False)) | dict(old.named_buffers(recurse=False))
    for key, value in sources.items():
        # The gates of an LSTM stand one after the other, and so do its two directions where they are taken.
        made = _doubled(value, 4 if isinstance(old, nn.LSTM) else 1) if len(value.shape) else value
        if isinstance(old, nn.Linear) and name == "Prediction":
            made = value
        if made.dim() > 1 and made.shape[1] != targets[key].shape[1]:
            made = _shared(made, 2 if isinstance(old, nn.Linear) and name != "Prediction" else 1, generator)
        targets[key].copy_(made)


def _doubled(value: Tensor, blocks: int) -> Tensor:
    """Each output twice: those of a block, then the same again."""
    parts = value.reshape(blocks, -1, *value.shape[1:])
    return torch.cat([parts, parts], 1).reshape(-1, *value.shape[1:])


def _shared(value: Tensor, blocks: int, generator: torch.Generator) -> Tensor:
    """The weight of each input shared between its two copies."""
    parts = value.reshape(len(value), blocks, -1, *value.shape[2:])
    share = 0.5 + SPREAD * torch.randn(parts.shape, generator=generator)
    return torch.cat([parts * share, parts * (1 - share)], 2).reshape(len(value), -1, *value.shape[2:])
