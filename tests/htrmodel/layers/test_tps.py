"""Thin-plate splines: identities, the definition, and precision."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from htrmodel.layers.tps import TPS, GridGenerator, LocalisationNetwork, _edge_points

# Half a thousandth of a pixel: what clova's epsilon in the logarithm does.
TOLERANCE = 1e-5


def _pixels(height: int, width: int) -> Tensor:
    """Centres of pixels where -1 and 1 are the outer edges of the image. [height, width, 2]."""
    y, x = torch.meshgrid(
        torch.tensor([(2 * row + 1) / height - 1 for row in range(height)]),
        torch.tensor([(2 * column + 1) / width - 1 for column in range(width)]),
        indexing="ij",
    )
    return torch.stack([x, y], 2)


@pytest.mark.parametrize(("height", "width", "points"), [(32, 100, 20), (32, 100, 4), (48, 37, 12)])
def test_points_on_the_edges_give_the_pixels_themselves(height: int, width: int, points: int) -> None:
    grid = GridGenerator(height, width, points)(_edge_points(points).float().unsqueeze(0))
    assert grid.shape == (1, height, width, 2)
    torch.testing.assert_close(grid[0], _pixels(height, width), atol=TOLERANCE, rtol=0)


def test_affine_points_give_an_affine_grid() -> None:
    matrix, shift = torch.tensor([[0.7, 0.2], [-0.3, 0.9]]), torch.tensor([0.1, -0.05])
    points = _edge_points(20).float() @ matrix.T + shift
    grid = GridGenerator(32, 100, 20)(points.unsqueeze(0))[0]
    torch.testing.assert_close(grid, _pixels(32, 100) @ matrix.T + shift, atol=TOLERANCE, rtol=0)


def test_grid_is_the_spline_through_the_points() -> None:
    # The definition, solved anew with numpy: f(p) = a + B p + sum of w_i r_i^2 log r_i, sum w = 0, sum w c = 0.
    centres = _edge_points(20).numpy()
    values = centres + np.random.default_rng(0).normal(0, 0.1, centres.shape)
    distance = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    kernel = distance**2 * np.log(np.where(distance > 0, distance, 1))
    side = np.hstack([np.ones((20, 1)), centres])
    system = np.block([[kernel, side], [side.T, np.zeros((3, 3))]])
    solved = np.linalg.solve(system, np.vstack([values, np.zeros((3, 2))]))
    pixels = _pixels(32, 100).double().numpy().reshape(-1, 2)
    radius = np.linalg.norm(pixels[:, None] - centres[None], axis=2)
    expected = np.hstack([radius**2 * np.log(radius), np.ones((3200, 1)), pixels]) @ solved
    grid = GridGenerator(32, 100, 20)(torch.from_numpy(values).float().unsqueeze(0))[0]
    np.testing.assert_allclose(grid.reshape(-1, 2).numpy(), expected, atol=TOLERANCE)


def test_merged_matrix_is_as_exact_as_float32_allows() -> None:
    grid = GridGenerator(32, 100, 20)
    exact = grid.P_hat.double() @ grid.inv_delta_C.double()[:, :20]
    assert grid.basis.dtype == torch.float32
    torch.testing.assert_close(grid.basis.double(), exact, rtol=6e-8, atol=1e-9)
    grid.double()
    assert torch.equal(grid.basis, exact)
    assert set(grid.state_dict()) == {"inv_delta_C", "P_hat"}


def test_loaded_matrices_are_the_ones_that_are_used() -> None:
    grid = GridGenerator(32, 100, 20)
    grid.load_state_dict({"inv_delta_C": grid.inv_delta_C * 2, "P_hat": grid.P_hat})
    torch.testing.assert_close(grid.basis, GridGenerator(32, 100, 20).basis * 2)
    assert torch.equal(copy.deepcopy(grid).basis, grid.basis)


def test_new_weights_start_from_the_paper_figure_whatever_the_image(words: Tensor) -> None:
    torch.manual_seed(0)
    tps = TPS(32, 100, 20)
    tps.LocalizationNetwork.reset_points()
    points = tps.LocalizationNetwork(words)
    x = torch.linspace(-1, 1, 10)
    ramp = torch.linspace(0, 1, 10)
    torch.testing.assert_close(points[1, :10], torch.stack([x, -ramp], 1))
    torch.testing.assert_close(points[2, 10:], torch.stack([x, 1 - ramp], 1))


def test_identity_points_resample_without_turning_the_image(words: Tensor) -> None:
    tps = TPS(32, 100, 20)
    with torch.no_grad():
        tps.LocalizationNetwork.localization_fc2.weight.zero_()
        tps.LocalizationNetwork.localization_fc2.bias.copy_(_edge_points(20).flatten())
        smooth = functional.avg_pool2d(words, 5, 1, 2)
        rectified = tps(smooth)
    # The outermost output pixels lie half a pixel inside the image: 0.5 % wide, 1.6 % high.
    scaled = functional.grid_sample(smooth, _pixels(32, 100).expand(3, -1, -1, -1), align_corners=True)
    torch.testing.assert_close(rectified, scaled, atol=1e-4, rtol=0)


@torch.no_grad()
def test_autocast_reaches_only_the_convolutions(words: Tensor) -> None:
    torch.manual_seed(0)
    tps = TPS(32, 100, 20).eval()
    tps.LocalizationNetwork.localization_fc2.weight.normal_(std=0.05)
    pixels = torch.tensor([99 / 2, 31 / 2])
    plain = tps.LocalizationNetwork(words)
    with torch.autocast("cpu", torch.bfloat16):
        points = tps.LocalizationNetwork(words)
        rectified = tps(words)
        from_lower = tps(words.bfloat16())
    assert {points.dtype, rectified.dtype, from_lower.dtype} == {torch.float32}
    start = tps.LocalizationNetwork.localization_fc2.bias.reshape(-1, 2)
    moved, error = ((one * pixels).norm(dim=-1).mean() for one in (plain - start, points - plain))
    assert moved > 0.5
    assert 0 < error < 0.01 * moved
    outside = functional.grid_sample(
        words, tps.GridGenerator(points), mode="bilinear", padding_mode="border", align_corners=True
    )
    assert torch.equal(rectified, outside)


@torch.no_grad()
def test_a_model_in_float64_stays_so_under_autocast(words: Tensor) -> None:
    tps = TPS(32, 100, 20).double().eval()
    tps.LocalizationNetwork.localization_fc2.weight.normal_(std=0.05)
    plain = tps(words.double())
    with torch.autocast("cpu", torch.bfloat16):
        rectified = tps(words.double())
        points = tps.LocalizationNetwork(words.double())
    assert {points.dtype, rectified.dtype} == {torch.float64}
    assert torch.equal(rectified, plain)


def test_pooling_first_changes_neither_points_nor_gradients(words: Tensor) -> None:
    torch.manual_seed(0)
    ours = LocalisationNetwork(20).train()
    nn.init.normal_(ours.localization_fc2.weight)
    other = copy.deepcopy(ours)
    for place in (2, 6, 10):
        pooling, relu = other.conv[place], other.conv[place + 1]
        assert isinstance(pooling, nn.MaxPool2d)
        assert isinstance(relu, nn.ReLU)
        other.conv[place], other.conv[place + 1] = relu, pooling
    points, expected = ours(words), other(words)
    assert torch.equal(points, expected)
    for found in (points, expected):
        found.square().sum().backward()
    for mine, theirs in zip(ours.parameters(), other.parameters(), strict=True):
        assert mine.grad is not None
        assert mine.grad.abs().sum() > 0
        torch.testing.assert_close(mine.grad, theirs.grad)
