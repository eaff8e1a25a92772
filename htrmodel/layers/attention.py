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
            decoding = Decoding(self, at_least_float32(features))
            if targets is None:
                return self._greedy(decoding, full_steps)
            token_gates = functional.embedding(targets[:, :-1], decoding.token_table)
            state = decoding.begin()
            hidden = []
            for gates in token_gates.unbind(1):
                state = decoding.step(gates, *state)
                hidden.append(state[0])
            logits: Tensor = self.generator(torch.stack(hidden, 1))
            return logits

    def _greedy(self, decoding: Decoding, full_steps: bool) -> Tensor:
        tokens = torch.full((decoding.features.shape[0],), GO, device=decoding.features.device)
        ended = torch.zeros_like(tokens, dtype=torch.bool)
        state = decoding.begin()
        logits = []
        for step in range(1, self.num_steps + 1):
            state = decoding.step(functional.embedding(tokens, decoding.token_table), *state)
            logits.append(self.generator(state[0]))
            tokens = logits[-1].argmax(1)
            if not full_steps:
                ended |= tokens == END
                if step % CHECK_EVERY == 0 and bool(ended.all()):
                    break
        return torch.stack(logits, 1)


class Decoding:
    """What stays the same in every step over the features of a batch.

    Args:
        decoder: whose parameters are used.
        features: float [N, T, input_size].

    Attributes:
        features: as given.
        token_table: what each token adds to the gates of the LSTM cell: [num_classes, 4 * hidden].
    """

    def __init__(self, decoder: AttentionDecoder, features: Tensor) -> None:
        cell, width = decoder.attention_cell, decoder.input_size
        self.features = features
        self.token_table = cell.rnn.weight_ih[:, width:].T + (cell.rnn.bias_ih + cell.rnn.bias_hh)
        self._cell = cell
        self._keys = cell.i2h(features)
        self._context_weight = cell.rnn.weight_ih[:, :width].T
        # What the hidden state is multiplied with, for the attention and for the gates, in one product.
        self._hidden_weight = torch.cat([cell.h2h.weight, cell.rnn.weight_hh]).T
        self._hidden_bias = torch.cat([cell.h2h.bias, torch.zeros_like(cell.rnn.bias_hh)])

    def begin(self) -> tuple[Tensor, Tensor]:
        """The state before the first step: hidden and memory, [N, hidden] each."""
        hidden = self.features.new_zeros(self.features.shape[0], self._cell.rnn.hidden_size)
        return hidden, torch.zeros_like(hidden)

    def step(self, token_gates: Tensor, hidden: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Advances by a token, given its part of the LSTM's gates [N, 4 * hidden]; returns the next state."""
        size = hidden.shape[1]
        products = torch.addmm(self._hidden_bias, hidden, self._hidden_weight)
        query, recurrent = products.split_with_sizes([size, 4 * size], 1)
        energy = self._cell.score(torch.tanh(self._keys + query.unsqueeze(1)))
        context = torch.bmm(energy.softmax(1).transpose(1, 2), self.features).squeeze(1)
        return _lstm_cell(torch.addmm(token_gates, context, self._context_weight), recurrent, memory)


def _lstm_cell(inputs: Tensor, recurrent: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
    """The next state of an LSTM cell, given two parts of its gates [N, 4 * hidden] that are to be added."""
    if inputs.is_cuda:
        # What nn.LSTMCell calls there: one kernel in the place of ten, and as many again on the way back.
        state: tuple[Tensor, Tensor] = torch.ops.aten._thnn_fused_lstm_cell(inputs, recurrent, memory)[:2]
        return state
    write, keep, value, show = (inputs + recurrent).chunk(4, 1)
    memory = keep.sigmoid() * memory + write.sigmoid() * value.tanh()
    return show.sigmoid() * memory.tanh(), memory
