"""Gated recurrent convolutional trunk: Wang and Hu, "Gated Recurrent Convolution Neural Network for OCR", NIPS 2017."""

from __future__ import annotations

import torch
from torch import Tensor, nn

ITERATIONS = 5


def rcnn(output_channel: int) -> nn.Sequential:
    """A convolution, three gated recurrent layers and a last convolution.

    From [N, 1, H, W] to [N, output_channel, H / 16 - 1, W / 4 + 1].

    Args:
        output_channel: a multiple of 8.
    """
    narrow, middle, wide = (output_channel // divisor for divisor in (8, 4, 2))
    return nn.Sequential(
        nn.Conv2d(1, narrow, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        GatedRecurrentConv(narrow, narrow),
        nn.MaxPool2d(2),
        GatedRecurrentConv(narrow, middle),
        nn.MaxPool2d(2, (2, 1), (0, 1)),
        GatedRecurrentConv(middle, wide),
        nn.MaxPool2d(2, (2, 1), (0, 1)),
        nn.Conv2d(wide, output_channel, 2, bias=False),
        nn.BatchNorm2d(output_channel),
        nn.ReLU(inplace=True),
    )


class GatedRecurrentConv(nn.Module):
    """A convolutional layer that feeds its own output back, through a gate, with shared weights.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.wgf_u = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.wgr_x = nn.Conv2d(out_channels, out_channels, 1, bias=False)
        self.wf_u = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
        self.wr_x = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.BN_x_init = nn.BatchNorm2d(out_channels)
        self.GRCL = nn.Sequential(*[GatedUnit(out_channels) for _ in range(ITERATIONS)])

    def forward(self, inputs: Tensor) -> Tensor:
        """[N, in_channels, H, W] to [N, out_channels, H, W]."""
        gate_input, fed = self.wgf_u(inputs), self.wf_u(inputs)
        state = torch.relu(self.BN_x_init(fed))
        for unit in self.GRCL:
            state = unit(gate_input, self.wgr_x(state), fed, self.wr_x(state))
        return state


class GatedUnit(nn.Module):
    """One round of a gated recurrent layer: only its normalisations are its own.

    Args:
        channels: channels of the layer.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.BN_gfu = nn.BatchNorm2d(channels)
        self.BN_grx = nn.BatchNorm2d(channels)
        self.BN_fu = nn.BatchNorm2d(channels)
        self.BN_rx = nn.BatchNorm2d(channels)
        self.BN_Gx = nn.BatchNorm2d(channels)

    def forward(self, gate_input: Tensor, gate_state: Tensor, fed: Tensor, recurrent: Tensor) -> Tensor:
        """Four maps [N, channels, H, W] to the layer's next state, of the same shape."""
        gate = torch.sigmoid(self.BN_gfu(gate_input) + self.BN_grx(gate_state))
        return torch.relu(self.BN_fu(fed) + self.BN_Gx(self.BN_rx(recurrent) * gate))
