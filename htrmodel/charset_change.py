"""A trained classifier and decoder moved to another charset, character by character."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from htrmodel.config import SPECIAL_TOKENS, RecogniserConfig


class CharsetChange(NamedTuple):
    """What became of the characters. Each string keeps the order of its charset."""

    copied: str
    """Characters of both charsets: their weights are copied."""
    new: str
    """Characters of the new charset alone: their weights are drawn anew."""
    dropped: str
    """Characters of the old charset alone."""


def change_charset(
    weights: Mapping[str, Tensor], old: RecogniserConfig, new: RecogniserConfig
) -> tuple[dict[str, Tensor], CharsetChange]:
    """Moves weights to another charset.

    The special tokens and the characters of both charsets keep their rows of the classifier and, with attention, their
    columns of the decoder's input weights. The others are drawn from torch's global generator as new weights are.

    Args:
        weights: the state dict of a recogniser; it is left as it is.
        old: its config.
        new: the config of the recogniser that shall have the weights, of the same prediction stage.

    Returns:
        The new state dict, which shares the tensors that stay the same, and what became of the characters.
    """
    before, after = old.charset.characters, new.charset.characters
    change = CharsetChange(
        copied="".join(c for c in after if c in before),
        new="".join(c for c in after if c not in before),
        dropped="".join(c for c in before if c not in after),
    )
    moved = dict(weights)
    if before == after:
        return moved, change
    special = SPECIAL_TOKENS[old.prediction]
    place = {character: special + index for index, character in enumerate(before)}
    source = torch.tensor([*range(special), *(place.get(character, -1) for character in after)])
    head = "Prediction.generator" if old.prediction == "Attn" else "Prediction"
    moved[f"{head}.weight"] = _move_rows(weights[f"{head}.weight"], source, weights[f"{head}.weight"].shape[1])
    moved[f"{head}.bias"] = _move_rows(weights[f"{head}.bias"].unsqueeze(1), source, None).squeeze(1)
    if old.prediction == "Attn":
        name = "Prediction.attention_cell.rnn.weight_ih"
        context, tokens = weights[name].tensor_split([weights[name].shape[1] - old.num_classes], 1)
        columns = _move_rows(tokens.T, source, context.shape[1] + new.num_classes)
        moved[name] = torch.cat([context, columns.T], 1)
    return moved, change


def _move_rows(rows: Tensor, source: Tensor, fan_in: int | None) -> Tensor:
    """The rows that `source` names; for -1 new ones, Kaiming-normal for a fan-in, zero for None."""
    moved = rows[source.clamp(min=0)]
    fresh = source < 0
    scale = 0.0 if fan_in is None else math.sqrt(2.0 / fan_in)
    moved[fresh] = (torch.randn(int(fresh.sum()), rows.shape[1]) * scale).to(rows.dtype)
    return moved
