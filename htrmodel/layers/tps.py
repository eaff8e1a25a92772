"""Thin-plate-spline rectification: Shi et al., "Robust Scene Text Recognition with Automatic Rectification", CVPR 2016.

A small network finds control points along the upper and lower edge of the word; a thin-plate spline that takes them to
the upper and lower edge of the output gives, for each output pixel, where it lies in the input. Coordinates run from -1
to 1 between the centres of the outermost pixels (``align_corners=True``), x to the right and y downwards.

The linear layers that find the points and all that follows run in float32 (float64 in a float64 model), under autocast
too: with products in bfloat16 the grid is off by a pixel in the mean and by 16 at worst. What stands before the linear
layers follows autocast: the convolutions, a third of what a narrow recogniser computes, and the batch norms, pooling
and average of what they give.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from htrmodel.layers.precision import at_least_float32, without_autocast

EPSILON = 1e-6
"""Added to the radius in clova's P_hat, and so in ours: the matrices of old and new checkpoints shall be the same."""


GRID = "Transformation.GridGenerator."
"""Where the constant matrices of the grid stand in a state dict."""


class TPS(nn.Module):
    """Rectifies images of words.

    Args:
        height: pixel rows of the output.
        width: pixel columns of the output.
        num_fiducial: number of control points, even.
    """

    def __init__(self, height: int, width: int, num_fiducial: int) -> None:
        super().__init__()
        self.LocalizationNetwork = LocalisationNetwork(num_fiducial)
        self.GridGenerator = GridGenerator(height, width, num_fiducial)

    def forward(self, images: Tensor) -> Tensor:
        """Images [N, 1, H', W'] to rectified images [N, 1, H, W]; what lies outside repeats the border."""
        images = at_least_float32(images)
        points = self.LocalizationNetwork(images)
        with without_autocast(images):
            grid = self.GridGenerator(points)
            return functional.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=True)

    @torch.no_grad()
    def begin_as_identity(self) -> None:
        """Lets every image start as it is, for stages behind it that know unrectified words.

        The outermost pixels of an image lie at -1 and 1, those of the grid half a pixel inside. So the control points
        lie as much outside.
        """
        height, width = self.GridGenerator.size
        points = _edge_points(self.LocalizationNetwork.localization_fc2.out_features // 2)
        points *= torch.tensor([width / (width - 1), height / (height - 1)], dtype=points.dtype)
        self.LocalizationNetwork.start_from(points)


class LocalisationNetwork(nn.Module):
    """Finds the control points.

    Args:
        num_fiducial: number of control points, even.
    """

    def __init__(self, num_fiducial: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for in_channels, out_channels in ((1, 64), (64, 128), (128, 256), (256, 512)):
            # The largest of some values that ReLU has seen is ReLU of the largest, but a quarter of the work.
            layers += [
                nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
                nn.BatchNorm2d(out_channels),
                nn.MaxPool2d(2),
                nn.ReLU(inplace=True),
            ]
        layers[-2:] = [nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1)]
        self.conv = nn.Sequential(*layers)
        self.localization_fc1 = nn.Sequential(nn.Linear(512, 256), nn.ReLU(inplace=True))
        self.localization_fc2 = nn.Linear(256, 2 * num_fiducial)

    def forward(self, images: Tensor) -> Tensor:
        """Images [N, 1, H, W] to control points (x, y) [N, num_fiducial, 2], the upper ones first, from the left.

        The points are float32 (float64 in a float64 model) under autocast too.
        """
        features = self.conv(images).flatten(1)
        with without_autocast(images):
            points: Tensor = self.localization_fc2(self.localization_fc1(at_least_float32(features)))
        return points.reshape(points.shape[0], -1, 2)

    @torch.no_grad()
    def reset_points(self) -> None:
        """Lets every image start from the slanting control points of the paper's figure 6 (a)."""
        half = self.localization_fc2.out_features // 4
        ramp = torch.linspace(0.0, 1.0, half)
        x = torch.linspace(-1.0, 1.0, half)
        self.start_from(torch.cat([torch.stack([x, -ramp], 1), torch.stack([x, 1 - ramp], 1)]))

    @torch.no_grad()
    def start_from(self, points: Tensor) -> None:
        """Lets every image start from the same control points [num_fiducial, 2]."""
        self.localization_fc2.weight.zero_()
        self.localization_fc2.bias.copy_(points.flatten())


class GridGenerator(nn.Module):
    """Turns control points into a sampling grid.

    The grid is ``P_hat @ inv_delta_C @ [points; 0]``. Both matrices are constant and stand, rounded to float32, in
    clova's checkpoints, so they are buffers here. They are multiplied in float64 into one [H * W, num_fiducial] matrix,
    anew when they are loaded or converted: multiplied in float32, from the right, the grid would be off by 5e-4 pixels.

    Args:
        height: pixel rows of the grid.
        width: pixel columns of the grid.
        num_fiducial: number of control points, even.
    """

    inv_delta_C: Tensor
    P_hat: Tensor
    basis: Tensor

    def __init__(self, height: int, width: int, num_fiducial: int) -> None:
        super().__init__()
        self.size = (height, width)
        targets = _edge_points(num_fiducial)
        self.register_buffer("inv_delta_C", _spline_solver(targets).float())
        self.register_buffer("P_hat", _spline_terms(_pixel_points(height, width), targets, EPSILON).float())
        self.register_buffer("basis", torch.empty(0), persistent=False)
        self.register_load_state_dict_post_hook(_merge_after_load)  # type: ignore[no-untyped-call]
        self.merge()

    def forward(self, points: Tensor) -> Tensor:
        """Control points [N, num_fiducial, 2] to a grid of (x, y) [N, H, W, 2]."""
        return (self.basis @ points).reshape(-1, *self.size, 2)

    @torch.no_grad()
    def merge(self) -> None:
        """Multiplies the two matrices in float64, on the CPU, since not every device has float64."""
        # The last three columns of inv_delta_C would meet the zeros below the points.
        solver = self.inv_delta_C[:, :-3].to("cpu", torch.float64)
        self.basis = (self.P_hat.to("cpu", torch.float64) @ solver).to(self.P_hat)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.merge()
        return self


def _merge_after_load(module: nn.Module, incompatible_keys: Any) -> None:
    if isinstance(module, GridGenerator):
        module.merge()


def _edge_points(num_fiducial: int) -> Tensor:
    """Where the control points go: along the upper edge, then along the lower one. float64 [num_fiducial, 2]."""
    x = torch.linspace(-1.0, 1.0, num_fiducial // 2, dtype=torch.float64, device="cpu")
    return torch.cat([torch.stack([x, torch.full_like(x, y)], 1) for y in (-1.0, 1.0)])


def _pixel_points(height: int, width: int) -> Tensor:
    """The centres of the output's pixels, row by row. float64 [height * width, 2].

    These follow clova's code, where the outermost centres lie half a pixel inside -1 and 1.
    """
    x = (torch.arange(width, dtype=torch.float64, device="cpu") * 2 + 1) / width - 1
    y = (torch.arange(height, dtype=torch.float64, device="cpu") * 2 + 1) / height - 1
    return torch.stack([x.repeat(height), y.repeat_interleave(width)], 1)


def _spline_terms(points: Tensor, centres: Tensor, epsilon: float = 0.0) -> Tensor:
    """What a thin-plate spline is a weighted sum of: 1, x, y and r² log(r + epsilon) of each centre. [P, 3 + F]."""
    distance = torch.cdist(points, centres, compute_mode="donot_use_mm_for_euclid_dist")
    radial = torch.special.xlogy(distance**2, distance + epsilon)
    return torch.cat([torch.ones_like(points[:, :1]), points, radial], 1)


def _spline_solver(centres: Tensor) -> Tensor:
    """Takes values at the centres, and three zeros, to the weights of the spline through them. [3 + F, F + 3]."""
    terms = _spline_terms(centres, centres)
    side = torch.cat([terms.new_zeros(3, 3), terms[:, :3].T], 1).roll(-1, 0)
    solver: Tensor = torch.linalg.inv(torch.cat([terms, side]))
    return solver.contiguous()
