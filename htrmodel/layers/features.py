"""The visual stage: a convolutional trunk, and the rows of its feature map joined to one."""

from __future__ import annotations

from torch import Tensor, nn

from htrmodel.layers.rcnn import rcnn
from htrmodel.layers.resnet import resnet
from htrmodel.layers.vgg import vgg

TRUNKS = {"VGG": vgg, "RCNN": rcnn, "ResNet": resnet}


class FeatureExtractor(nn.Module):
    """An image as a sequence of visual features, from left to right.

    Args:
        name: ``VGG``, ``RCNN`` or ``ResNet``.
        output_channel: channels of the features.
    """

    def __init__(self, name: str, output_channel: int) -> None:
        super().__init__()
        self.ConvNet = TRUNKS[name](output_channel)

    def forward(self, images: Tensor) -> Tensor:
        """Images [N, 1, H, W] to features [N, T, output_channel]; T is about a quarter of W."""
        maps: Tensor = self.ConvNet(images)
        # At a height of 32 one row is left, and the mean over it changes nothing.
        return maps.mean(2).transpose(1, 2)
