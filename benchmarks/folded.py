"""A recogniser for reading alone whose batch norms are part of the convolutions before them."""

from __future__ import annotations

from itertools import pairwise

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from htrmodel.recogniser import Recogniser


def fold(recogniser: Recogniser) -> Recogniser:
    """A copy that reads the same but for rounding: a convolution and its batch norm are one convolution with a bias.

    Args:
        recogniser: in evaluation mode.
    """
    folded = recogniser.duplicate().eval()
    for module in folded.modules():
        # Sequences and residual blocks alike have each batch norm right behind its convolution.
        for (conv_name, conv), (norm_name, norm) in pairwise(list(module.named_children())):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(module, conv_name, fuse_conv_bn_eval(conv, norm))
                setattr(module, norm_name, nn.Identity())
    folded.use_channels_last()
    return folded
