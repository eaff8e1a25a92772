"""Bidirectional LSTM layer with a projection, as CRNN has two of them: Shi, Bai and Yao, arXiv 1507.05717."""

from __future__ import annotations

from torch import Tensor, nn

from htrmodel.layers.precision import at_least_float32, without_autocast


class BidirectionalLSTM(nn.Module):
    """Context from both sides for each feature of a sequence.

    On a GPU the recurrence keeps float32 under autocast: cuDNN's LSTM would be given float16 there, whatever autocast
    was asked for, and without a loss scale the gradients of a large batch are too small for it.

    Args:
        input_size: width of the input features.
        hidden_size: width of either direction, and of the output.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.rnn = nn.LSTM(input_size, hidden_size, bidirectional=True, batch_first=True)
        self.linear = nn.Linear(2 * hidden_size, hidden_size)

    def forward(self, features: Tensor) -> Tensor:
        """[N, T, input_size] to [N, T, hidden_size]."""
        if features.is_cuda:
            with without_autocast(features):
                context = self.rnn(at_least_float32(features))[0]
        else:
            context = self.rnn(features)[0]
        outputs: Tensor = self.linear(context)
        return outputs
