"""Attention decoder: Cheng et al., "Focusing Attention" (ICCV 2017), after Bahdanau et al. (ICLR 2015)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from htrmodel.layers.precision import at_least_float32, without_autocast
from htrmodel.tokenizer import END, GO

CHECK_EVERY = 4
"""Steps between two looks at whether all rows have ended: each look makes the host wait for the device."""


class AttentionCell(nn.Module):
    """The parameters of one decoding step: where to look, and the LSTM cell.

    Args:
        input_size: width of the features.
        hidden_size: width of the state.
        num_classes: number of tokens.
    """

    def __init__(self, input_size: int, hidden_size: int, num_classes: int) -> None:
        super().__init__()
        self.i2h = nn.Linear(input_size, hidden_size, bias=False)
        self.h2h = nn.Linear(hidden_size, hidden_size)
        self.score = nn.Linear(hidden_size, 1, bias=False)
        self.rnn = nn.LSTMCell(input_size + num_classes, hidden_size)


class AttentionDecoder(nn.Module):
    """Writes a text, one token per step, each time looking at the features anew.

    The token of the step before enters the LSTM cell as a one-hot vector behind the context. Its product with the
    cell's weights is a column of them, so columns are gathered instead; and what the features contribute to the
    attention is the same in every step, so they are projected once. It runs in float32 (float64 in a float64 model)
    under autocast too: next to the trunk it costs nothing, and rounding errors would add up along the text.

    Args:
        input_size: width of the features.
        hidden_size: width of the state.
        num_classes: number of tokens: start, end, characters.
        num_steps: steps of a greedy reading, the end token included.
    """

    def __init__(self, input_size: int, hidden_size: int, num_classes: int, num_steps: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.num_steps = num_steps
        self.attention_cell = AttentionCell(input_size, hidden_size, num_classes)
        self.generator = nn.Linear(hidden_size, num_classes)

    def forward(self, features: Tensor, targets: Tensor | None = None, *, full_steps: bool = False) -> Tensor:
        """Decodes features.

        Args:
            features: float [N, T, input_size].
            targets: int64 [N, S] of `AttnTokenizer.encode`: each step is given the true token before it. None to
                give it the best token of the step before.
            full_steps: without targets, take all steps, also when every row has ended before.

        Returns:
            Logits [N, S - 1, num_classes] with targets; [N, up to num_steps, num_classes] without.
        """
        with without_autocast(features):
            run = _Run(self, at_least_float32(features))
            if targets is None:
                return self._greedy(run, full_steps)
            token_gates = functional.embedding(targets[:, :-1], run.token_table)
            hidden = torch.stack([run.step(gates) for gates in token_gates.unbind(1)], 1)
            logits: Tensor = self.generator(hidden)
            return logits

    def _greedy(self, run: _Run, full_steps: bool) -> Tensor:
        tokens = torch.full((run.features.shape[0],), GO, device=run.features.device)
        ended = torch.zeros_like(tokens, dtype=torch.bool)
        logits = []
        for step in range(1, self.num_steps + 1):
            logits.append(self.generator(run.step(functional.embedding(tokens, run.token_table))))
            tokens = logits[-1].argmax(1)
            if not full_steps:
                ended |= tokens == END
                if step % CHECK_EVERY == 0 and bool(ended.all()):
                    break
        return torch.stack(logits, 1)


class _Run:
    """One pass over the features of a batch: what stays the same in every step, and the state."""

    def __init__(self, decoder: AttentionDecoder, features: Tensor) -> None:
        cell, width = decoder.attention_cell, decoder.input_size
        self.cell = cell
        self.features = features
        self.keys = cell.i2h(features)
        self.token_table = cell.rnn.weight_ih[:, width:].T + (cell.rnn.bias_ih + cell.rnn.bias_hh)
        self.weight = torch.cat([cell.rnn.weight_ih[:, :width], cell.rnn.weight_hh], 1).T
        self.hidden = features.new_zeros(features.shape[0], cell.rnn.hidden_size)
        self.memory = self.hidden

    def step(self, token_gates: Tensor) -> Tensor:
        """Advances by a token, given its part of the LSTM's gates [N, 4 * hidden]; returns the hidden state."""
        energy = self.cell.score(torch.tanh(self.keys + self.cell.h2h(self.hidden).unsqueeze(1)))
        context = torch.bmm(energy.softmax(1).transpose(1, 2), self.features).squeeze(1)
        gates = torch.addmm(token_gates, torch.cat([context, self.hidden], 1), self.weight)
        write, keep, value, show = gates.chunk(4, 1)
        self.memory = keep.sigmoid() * self.memory + write.sigmoid() * value.tanh()
        self.hidden = show.sigmoid() * self.memory.tanh()
        return self.hidden
