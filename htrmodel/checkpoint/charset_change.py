"""A trained classifier and decoder moved to another charset, character by character."""

from __future__ import annotations

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
    """Characters of the new charset alone: they begin as the mean of the old ones."""
    dropped: str
    """Characters of the old charset alone."""


def change_charset(
    weights: Mapping[str, Tensor], old: RecogniserConfig, new: RecogniserConfig
) -> tuple[dict[str, Tensor], CharsetChange]:
    """Moves weights to another charset.

    The special tokens and the characters of both charsets keep their rows of the classifier and, with attention, their
    columns of the decoder's input weights. A new character begins as the mean of all old ones: its logit is then the
    mean of theirs and so never the highest, and what was read is read as before until training tells the new ones
    apart. Drawn as new weights are, they would win often.

    Args:
        weights: the state dict of a recogniser, whose classifier has a row for each class; it is left as it is.
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
    for name in (f"{head}.weight", f"{head}.bias"):
        moved[name] = _move_rows(weights[name], source, special)
    if old.prediction == "Attn":
        name = "Prediction.attention_cell.rnn.weight_ih"
        context, tokens = weights[name].tensor_split([weights[name].shape[1] - old.num_classes], 1)
        moved[name] = torch.cat([context, _move_rows(tokens.T, source, special).T], 1)
    return moved, change


def _move_rows(rows: Tensor, source: Tensor, special: int) -> Tensor:
    """The rows that `source` names; for -1 the mean of those of characters, which come after `special` others."""
    moved = rows[source.clamp(min=0)]
    moved[source < 0] = rows[special:].mean(0)
    return moved
