"""Changes images of words as writers, pens, paper and scanners do: a whole batch at once, on its device.

The kinds are those that were measured to pay for handwritten words: small affine changes, light and contrast, noise and
erased spots; where it is asked for, bends too. Strong rotation, erosion, dilation and blur were measured to harm and
are left out.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from htrmodel.data.batches import grey_values
from htrmodel.layers.precision import without_autocast

# The largest changes at strength 1; each is drawn uniformly between its negative (or none) and it. Lengths are in
# fractions of the image, for a word that fills an input of 32 x 100 pixels.
_PROPORTION = 100 / 32
_ROTATION = math.radians(3)
_SLANT = 0.35  # columns per row
_SCALE = 0.12
_SHIFT = (0.03, 0.06)  # across, down
_CONTRAST = 0.3
_BRIGHTNESS = 0.12
_GAMMA = math.log(1.5)
_NOISE = 0.05
_ERASED = (0.12, 0.5)  # width, height
_BEND = 0.03  # standard deviation of what a node is moved by across and down, in heights of the input
_NODES = 0.4  # from one node to the next, in heights


def augment(images: Tensor, generator: torch.Generator, strength: float = 1.0, bend: float = 0.0) -> Tensor:
    """Changes each image in its own way. Nothing waits for the device.

    Args:
        images: uint8 [N, 1, H, W] in 0 to 255, or floating point in 0 to 1.
        generator: of random numbers, on the device of the images. Its state alone decides what happens.
        strength: 0 changes nothing; 1 is mild, a word stays easy to read; the changes grow in proportion.
        bend: how strongly letters are bent, times the strength: nodes of a coarse grid are moved at random, and what is
            between them follows smoothly (Wigington et al., ICDAR 2017). 0 for not at all, 1 for what lines take.

    Returns:
        float32 [N, 1, H, W] in 0 to 1.

    Raises:
        ValueError: the strength or the bend is negative.
    """
    for name, value in (("strength", strength), ("bend", bend)):
        if value < 0:
            raise ValueError(f"a {name} of {value} is not possible: give 0 or more")
    values = grey_values(images)
    if strength == 0:
        return values
    with without_autocast(values):
        values = _move(values, generator, strength, bend * strength)
        values = _relight(values, generator, strength)
        values = _erase(values, generator, strength)
        return _add_noise(values, generator, strength)


def _draw(images: Tensor, generator: torch.Generator, limit: float) -> Tensor:
    """A number from -limit to limit for each image: [N]."""
    return (torch.rand(len(images), generator=generator, device=images.device) * 2 - 1) * limit


def _move(images: Tensor, generator: torch.Generator, strength: float, bend: float) -> Tensor:
    """Rotates, slants, scales, shifts and bends; beyond its edges an image goes on as it ends.

    A line that is longer than a word is rotated and shifted by less in proportion, and only made narrower, since its
    ends would be gone otherwise.
    """
    height, width = images.shape[2:]
    part = min(1.0, _PROPORTION * height / width)
    angle = _draw(images, generator, _ROTATION * strength * part)
    slant = _draw(images, generator, _SLANT * strength)
    stretch = _draw(images, generator, _SCALE * strength)
    scale_x = (stretch if part == 1 else stretch.abs()).exp()
    scale_y = _draw(images, generator, _SCALE * strength).exp()
    shift_x = _draw(images, generator, 2 * _SHIFT[0] * strength * part)
    shift_y = _draw(images, generator, 2 * _SHIFT[1] * strength)
    cosine, sine = angle.cos(), angle.sin()
    # From output to input: rotation times slant times scale in pixels, then in affine_grid's units, half an image.
    across = torch.stack([cosine * scale_x, (cosine * slant - sine) * scale_y * (height / width), shift_x], 1)
    down = torch.stack([sine * scale_x * (width / height), (sine * slant + cosine) * scale_y, shift_y], 1)
    grid = functional.affine_grid(torch.stack([across, down], 1), list(images.shape), align_corners=False)
    if bend:
        grid = grid + _bends(images, generator, bend)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _bends(images: Tensor, generator: torch.Generator, bend: float) -> Tensor:
    """Where each pixel is taken from beside its place: [N, H, W, 2], across and down, in half images."""
    height, width = images.shape[2:]
    nodes = [round(size / (_NODES * height)) + 1 for size in (height, width)]
    moved = torch.randn(len(images), 2, *nodes, generator=generator, device=images.device) * (_BEND * bend)
    smooth = functional.interpolate(moved, size=(height, width), mode="bicubic", align_corners=True)
    return torch.stack([smooth[:, 0] * (2 * height / width), smooth[:, 1] * 2], 3)


def _relight(images: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """Changes gamma, contrast about the mean, and brightness."""
    gamma, contrast, brightness = (
        _draw(images, generator, limit * strength)[:, None, None, None] for limit in (_GAMMA, _CONTRAST, _BRIGHTNESS)
    )
    images = images.clamp(1e-3, 1) ** gamma.exp()
    mean = images.mean((1, 2, 3), keepdim=True)
    return ((images - mean) * (1 + contrast) + mean + brightness).clamp_(0, 1)


def _erase(images: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """Paints one rectangle of any size up to the largest, anywhere, in any grey."""
    height, width = images.shape[2:]
    drawn = torch.rand(len(images), 5, generator=generator, device=images.device)[:, :, None]
    columns = (torch.arange(width, device=images.device) + 0.5) / width
    rows = (torch.arange(height, device=images.device) + 0.5) / height
    across = (columns - drawn[:, 0]).abs() < drawn[:, 1] * _ERASED[0] * strength / 2
    down = (rows - drawn[:, 2]).abs() < drawn[:, 3] * _ERASED[1] * strength / 2
    return torch.where((down[:, :, None] & across[:, None])[:, None], drawn[:, 4, None, None], images)


def _add_noise(images: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """Adds normal noise, of another deviation for each image."""
    deviation = _draw(images, generator, _NOISE * strength)[:, None, None, None]  # its sign does not matter
    noise = torch.randn(images.shape, generator=generator, device=images.device)
    return (images + noise * deviation).clamp_(0, 1)
