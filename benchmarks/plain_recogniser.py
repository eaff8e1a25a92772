"""The recogniser as the field's code runs it, written anew from its description, with the weights of one of ours.

The trunk is a plain module in torch's default layout, and TPS's localisation network pools what ReLU has seen, not the
other way round. Each step of the attention decoder projects the features anew
and gives the LSTM cell a one-hot vector of the last token; reading takes all steps, whatever was read.
"""

from __future__ import annotations

import copy
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from htrmodel.layers.attention import AttentionDecoder
from htrmodel.layers.tps import TPS
from htrmodel.recogniser import Recogniser


class PlainRecogniser(nn.Module):
    """Same weights, same results, none of the short cuts.

    Args:
        recogniser: with an attention decoder; it is copied.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        super().__init__()
        self.recogniser = copy.deepcopy(recogniser).to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        if isinstance(self.recogniser.Transformation, TPS):
            pool_after_relu(self.recogniser.Transformation.LocalizationNetwork.conv)

    def forward(self, images: Tensor, targets: Tensor | None = None) -> Tensor:
        """Images [N, 1, H, W], and int64 targets [N, S] in training, to logits [N, T, num_classes]."""
        features = self.recogniser.encode(images)
        decoder = self.recogniser.Prediction
        assert isinstance(decoder, AttentionDecoder)
        cell = decoder.attention_cell
        hidden = memory = features.new_zeros(len(features), cell.rnn.hidden_size)
        tokens = torch.zeros(len(features), dtype=torch.int64, device=features.device)
        logits = []
        for step in range(decoder.num_steps if targets is None else targets.shape[1] - 1):
            if targets is not None:
                tokens = targets[:, step]
            one_hot = torch.zeros(len(features), decoder.generator.out_features, device=features.device)
            one_hot.scatter_(1, tokens.unsqueeze(1), 1)
            energy = cell.score(torch.tanh(cell.i2h(features) + cell.h2h(hidden).unsqueeze(1)))
            context = torch.bmm(functional.softmax(energy, 1).permute(0, 2, 1), features).squeeze(1)
            hidden, memory = cell.rnn(torch.cat([context, one_hot], 1), (hidden, memory))
            logits.append(decoder.generator(hidden))
            tokens = logits[-1].argmax(1)
        return torch.stack(logits, 1)


def pool_after_relu(layers: nn.Sequential) -> None:
    """Swaps each pooling with the ReLU right behind it; the results are the same."""
    for place, (first, second) in enumerate(list(pairwise(layers))):
        if isinstance(first, nn.MaxPool2d) and isinstance(second, nn.ReLU):
            layers[place], layers[place + 1] = second, first
