"""ResNet trunk: Cheng et al., "Focusing Attention" (ICCV 2017), with the residual blocks of He et al. (CVPR 2016)."""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise

from torch import Tensor, nn


def resnet(output_channel: int) -> nn.Sequential:
    """29 convolutions, from [N, 1, H, W] to [N, output_channel, H / 16 - 1, W / 4 + 1].

    Args:
        output_channel: a multiple of 16.
    """
    first, second, third, fourth = (output_channel // divisor for divisor in (16, 8, 4, 2))
    return nn.Sequential(
        OrderedDict(
            conv0_1=_conv3(1, first),
            bn0_1=nn.BatchNorm2d(first),
            relu0_1=nn.ReLU(inplace=True),
            conv0_2=_conv3(first, second),
            bn0_2=nn.BatchNorm2d(second),
            relu0_2=nn.ReLU(inplace=True),
            maxpool1=nn.MaxPool2d(2),
            layer1=_blocks(second, third, 1),
            conv1=_conv3(third, third),
            bn1=nn.BatchNorm2d(third),
            relu1=nn.ReLU(inplace=True),
            maxpool2=nn.MaxPool2d(2),
            layer2=_blocks(third, fourth, 2),
            conv2=_conv3(fourth, fourth),
            bn2=nn.BatchNorm2d(fourth),
            relu2=nn.ReLU(inplace=True),
            maxpool3=nn.MaxPool2d(2, (2, 1), (0, 1)),
            layer3=_blocks(fourth, output_channel, 5),
            conv3=_conv3(output_channel, output_channel),
            bn3=nn.BatchNorm2d(output_channel),
            relu3=nn.ReLU(inplace=True),
            layer4=_blocks(output_channel, output_channel, 3),
            conv4_1=nn.Conv2d(output_channel, output_channel, 2, (2, 1), (0, 1), bias=False),
            bn4_1=nn.BatchNorm2d(output_channel),
            relu4_1=nn.ReLU(inplace=True),
            conv4_2=nn.Conv2d(output_channel, output_channel, 2, bias=False),
            bn4_2=nn.BatchNorm2d(output_channel),
            relu4_2=nn.ReLU(inplace=True),
        )
    )


class ResidualBlock(nn.Module):
    """Two convolutions beside a short cut; the short cut is projected where the number of channels changes.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = _conv3(in_channels, out_channels)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = _conv3(out_channels, out_channels)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module = nn.Identity()
        if in_channels != out_channels:
            projection = nn.Conv2d(in_channels, out_channels, 1, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(out_channels))

    def forward(self, inputs: Tensor) -> Tensor:
        """[N, in_channels, H, W] to [N, out_channels, H, W]."""
        residual: Tensor = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(inputs)))))
        residual += self.downsample(inputs)
        outputs: Tensor = self.relu(residual)
        return outputs


def _conv3(in_channels: int, out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)


def _blocks(in_channels: int, out_channels: int, count: int) -> nn.Sequential:
    widths = [in_channels] + [out_channels] * count
    return nn.Sequential(*[ResidualBlock(*pair) for pair in pairwise(widths)])
