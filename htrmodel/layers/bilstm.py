"""Bidirectional LSTM layer with a projection, as CRNN has two of them: Shi, Bai and Yao, arXiv 1507.05717."""

from __future__ import annotations

from torch import Tensor, nn


class BidirectionalLSTM(nn.Module):
    """Context from both sides for each feature of a sequence.

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
        outputs: Tensor = self.linear(self.rnn(features)[0])
        return outputs
