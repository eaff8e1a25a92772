"""The losses of training: what the logits of a recogniser cost, given the targets that its tokenizer encodes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from htrmodel.tokenizer import BLANK, PAD


def attention_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy per character and end token, averaged over all of the batch.

    Args:
        logits: float [N, T, C] with T at least S - 1, teacher-forced or greedy; further steps are left out.
        targets: int64 [N, S] of `AttnTokenizer.encode`.

    Returns:
        A scalar.
    """
    expected = targets[:, 1:]
    return functional.cross_entropy(logits[:, : expected.shape[1]].flatten(0, 1), expected.flatten(), ignore_index=PAD)


def ctc_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """CTC loss (Graves et al., ICML 2006) per character of a label, averaged over the batch.

    A label that cannot be written in the steps costs infinity; `htrmodel.config.RecogniserConfig.label_policy` leaves
    such labels out.

    Args:
        logits: float [N, T, C].
        targets: int64 [N, S] of `CTCTokenizer.encode`.

    Returns:
        A scalar.
    """
    steps = torch.full((logits.shape[0],), logits.shape[1], dtype=torch.int64, device=logits.device)
    return functional.ctc_loss(
        logits.log_softmax(2).transpose(0, 1), targets, steps, (targets != PAD).sum(1), blank=BLANK
    )


LOSSES = {"Attn": attention_loss, "CTC": ctc_loss}
"""The loss of each prediction stage."""
