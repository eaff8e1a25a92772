"""VGG trunk, as CRNN has it: Shi, Bai and Yao, arXiv 1507.05717."""

from __future__ import annotations

from torch import nn


def vgg(output_channel: int) -> nn.Sequential:
    """Seven convolutions, from [N, 1, H, W] to [N, output_channel, H / 16 - 1, W / 4 - 1].

    Args:
        output_channel: a multiple of 8.
    """
    narrow, middle, wide = (output_channel // divisor for divisor in (8, 4, 2))
    return nn.Sequential(
        nn.Conv2d(1, narrow, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(narrow, middle, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(middle, wide, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(wide, wide, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d((2, 1)),
        nn.Conv2d(wide, output_channel, 3, padding=1, bias=False),
        nn.BatchNorm2d(output_channel),
        nn.ReLU(inplace=True),
        nn.Conv2d(output_channel, output_channel, 3, padding=1, bias=False),
        nn.BatchNorm2d(output_channel),
        nn.ReLU(inplace=True),
        nn.MaxPool2d((2, 1)),
        nn.Conv2d(output_channel, output_channel, 2),
        nn.ReLU(inplace=True),
    )
