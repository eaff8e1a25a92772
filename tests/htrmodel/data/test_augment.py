"""What augmentation changes, how much, and that nothing but the generator decides."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from htrmodel.data import augment as module
from htrmodel.data.augment import augment
from htrmodel.data.batches import grey_values

KINDS = {
    "_ROTATION": 0.0,
    "_SLANT": 0.0,
    "_SCALE": 0.0,
    "_SHIFT": (0.0, 0.0),
    "_CONTRAST": 0.0,
    "_BRIGHTNESS": 0.0,
    "_GAMMA": 0.0,
    "_NOISE": 0.0,
    "_ERASED": (0.0, 0.0),
    "_BEND": 0.0,
}
COUNT = 400


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> object:
    """Switches all kinds of change off but some."""

    def only(*kept: str) -> None:
        for kind, nothing in KINDS.items():
            if kind not in kept:
                monkeypatch.setattr(module, kind, nothing)

    return only


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def words(count: int = 6, seed: int = 1) -> Tensor:
    """Soft blotches: uint8 [N, 1, 32, 100]."""
    coarse = torch.rand(count, 1, 8, 25, generator=generator(seed))
    return (torch.nn.functional.interpolate(coarse, size=(32, 100), mode="bicubic").clamp(0, 1) * 255).byte()


def blob(row: float, column: float, count: int = COUNT) -> Tensor:
    """A round dark spot on white paper: float32 [N, 1, 32, 100]; places are of pixel centres."""
    rows, columns = torch.arange(32.0)[:, None], torch.arange(100.0)
    spot = torch.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 8)
    return (1 - spot).expand(count, 1, 32, 100)


def centres(images: Tensor) -> Tensor:
    """Where the dark spots are: float [N, 2], rows and columns."""
    ink = 1 - images[:, 0]
    total = ink.sum((1, 2))
    rows = (ink.sum(2) * torch.arange(32.0)).sum(1) / total
    columns = (ink.sum(1) * torch.arange(100.0)).sum(1) / total
    return torch.stack([rows, columns], 1)


def test_strength_0_changes_nothing() -> None:
    images = words()
    state = generator()
    result = augment(images, state, 0)
    assert result.dtype == torch.float32
    assert torch.equal(result, images / 255)
    assert torch.equal(augment(images / 255, state, 0), result)
    assert torch.equal(state.get_state(), generator().get_state())


def test_a_weak_augmentation_is_near_the_image() -> None:
    images = words()
    distances = [(augment(images, generator(), s) - images / 255).abs().mean().item() for s in (0.003, 0.1, 0.5, 1, 2)]
    assert distances == sorted(distances)
    assert distances[0] < 0.002
    assert 0.03 < distances[3] < 0.3


@pytest.mark.parametrize("strength", [0.5, 1, 3])
@pytest.mark.parametrize("paper", ["words", "white", "black"])
def test_results_are_grey_values(strength: float, paper: str) -> None:
    images = {
        "words": words(50),
        "white": torch.full((50, 1, 32, 100), 255).byte(),
        "black": torch.zeros(50, 1, 32, 100),
    }
    result = augment(images[paper], generator(), strength)
    assert result.shape == (50, 1, 32, 100)
    assert result.dtype == torch.float32
    assert result.isfinite().all()
    assert result.min() >= 0
    assert result.max() <= 1


def test_the_generator_alone_decides() -> None:
    images = words()
    torch.manual_seed(1)
    first = augment(images, generator(5))
    torch.manual_seed(2)
    assert torch.equal(augment(images, generator(5)), first)
    assert torch.equal(augment(images / 255, generator(5)), first)
    assert not torch.equal(augment(images, generator(6)), first)
    state = generator(5)
    assert torch.equal(augment(images, state), first)
    assert not torch.equal(augment(images, state), first)


def test_each_image_is_changed_in_its_own_way() -> None:
    result = augment(words(1).expand(20, 1, 32, 100), generator())
    assert len({image.numpy().tobytes() for image in result}) == 20


def test_the_images_given_stay_as_they_are() -> None:
    for images in (words(), words() / 255):
        kept = images.clone()
        augment(images, generator(), 2)
        assert torch.equal(images, kept)


def test_shifts_are_within_their_limits(only: object) -> None:
    assert callable(only)
    only("_SHIFT")
    moved = centres(augment(blob(15.5, 49.5), generator())) - torch.tensor([15.5, 49.5])
    limits = torch.tensor([0.06 * 32, 0.03 * 100])
    assert (moved.abs() <= limits + 0.02).all()
    assert (moved.abs().amax(0) > 0.9 * limits).all()
    assert (moved.mean(0).abs() < 0.15 * limits).all()


def test_rotation_is_about_the_centre_and_keeps_lengths_in_pixels(only: object) -> None:
    assert callable(only)
    only("_ROTATION")
    for row, column in ((15.5, 79.5), (5.5, 49.5)):
        arm = torch.tensor([row - 15.5, column - 49.5])
        turned = centres(augment(blob(row, column), generator())) - torch.tensor([15.5, 49.5])
        assert torch.allclose(turned.norm(dim=1), arm.norm(), atol=0.1)
        cross = turned[:, 1] * arm[0] - turned[:, 0] * arm[1]
        angles = torch.asin(cross / arm.norm() ** 2).rad2deg()
        assert angles.abs().max() < 3.1
        assert angles.max() > 2.7
        assert angles.min() < -2.7


def test_slant_moves_rows_against_each_other(only: object) -> None:
    assert callable(only)
    only("_SLANT")
    for row in (5.5, 25.5):
        moved = centres(augment(blob(row, 49.5), generator())) - torch.tensor([row, 49.5])
        assert moved[:, 0].abs().max() < 0.2
        assert 3.2 < moved[:, 1].abs().max() < 3.7  # 0.35 columns for each of ten rows
    assert torch.allclose(centres(augment(blob(15.5, 20.5), generator())), torch.tensor([15.5, 20.5]), atol=0.05)


def test_scale_is_about_the_centre(only: object) -> None:
    assert callable(only)
    only("_SCALE")
    moved = centres(augment(blob(9.5, 79.5), generator())) - torch.tensor([15.5, 49.5])
    factors = moved / torch.tensor([-6.0, 30.0])
    for axis in (0, 1):
        assert 0.87 < factors[:, axis].min() < 0.91
        assert 1.09 < factors[:, axis].max() < 1.14
    assert torch.corrcoef(factors.T)[0, 1].abs() < 0.2  # height and width by themselves


def test_light_keeps_the_order_of_grey_values(only: object) -> None:
    assert callable(only)
    only("_CONTRAST", "_BRIGHTNESS", "_GAMMA")
    ramp = torch.linspace(0, 1, 3200).reshape(1, 1, 32, 100).expand(COUNT, 1, 32, 100)
    lit = augment(ramp, generator()).flatten(1)
    assert (lit.diff(dim=1) >= 0).all()
    means = lit.mean(1)
    assert means.min() < 0.4 < 0.6 < means.max()
    assert (lit.std(1) > 0.15).all()  # ink and paper stay apart


def test_one_rectangle_is_erased(only: object) -> None:
    assert callable(only)
    only("_ERASED")
    images = words(1).expand(COUNT, 1, 32, 100)
    changed = ((augment(images, generator()) - grey_values(images)).abs() > 0.002)[:, 0]
    heights, widths = changed.any(2).sum(1), changed.any(1).sum(1)
    assert heights.max() <= 16
    assert widths.max() <= 12
    assert heights.max() > 12
    assert widths.max() > 9
    for mask, height, width in zip(changed, heights, widths, strict=True):
        assert mask.sum() >= 0.8 * height * width  # some pixels have that grey already


def test_noise_is_normal_and_of_its_own_deviation(only: object) -> None:
    assert callable(only)
    only("_NOISE")
    grey = torch.full((COUNT, 1, 32, 100), 0.5)
    noise = augment(grey, generator()) - grey
    deviations = noise.std((1, 2, 3))
    assert deviations.max() < 0.053
    assert deviations.max() > 0.045
    assert deviations.min() < 0.005
    assert noise.mean().abs() < 1e-3
    assert np.corrcoef(noise[0].flatten(), noise[1].flatten())[0, 1] < 0.1


def test_autocast_does_not_reach_it() -> None:
    images = words()
    expected = augment(images, generator())
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(augment(images, generator()), expected)


def test_a_negative_strength_is_refused() -> None:
    with pytest.raises(ValueError, match="a strength of -1 is not possible"):
        augment(words(), generator(), -1)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_nothing_waits_for_the_device() -> None:
    images = words().cuda()
    on_device = torch.Generator("cuda").manual_seed(0)
    torch.cuda.set_sync_debug_mode("error")
    try:
        augment(images, on_device)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_bends_move_near_things_alike_and_far_ones_each_in_its_own_way(only: Callable[..., None]) -> None:
    only("_BEND")
    ways = []
    for row, column in ((16, 20), (16, 22), (16, 80)):
        spots = centres(augment(blob(row, column), generator(), bend=1))
        ways.append(spots - torch.tensor([row, column], dtype=torch.float32))
    moved = torch.stack(ways)
    # The nodes are moved by 0.03 heights; between them the changes are smaller.
    assert 0.4 < moved.std() / (0.03 * 32) < 1
    together = [torch.corrcoef(torch.stack([moved[0, :, axis], moved[1, :, axis]]))[0, 1].item() for axis in (0, 1)]
    apart = [torch.corrcoef(torch.stack([moved[0, :, axis], moved[2, :, axis]]))[0, 1].item() for axis in (0, 1)]
    assert min(together) > 0.9
    assert max(map(abs, apart)) < 0.2


def test_what_is_not_bent_is_as_it_always_was() -> None:
    assert torch.equal(augment(words(), generator(), 1, bend=0), augment(words(), generator()))
    with pytest.raises(ValueError, match="bend of -1"):
        augment(words(), generator(), 1, bend=-1)
