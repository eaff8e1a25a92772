"""Trained stages in another architecture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from htrdata.errors import UsageError
from htrdata.labels import ALNUM, PRINTABLE
from htrmodel.checkpoint.contents import Checkpoint
from htrmodel.checkpoint.stage_transfer import transfer_stages
from htrmodel.recogniser import STAGE_MODULES, Recogniser

from ..conftest import BuildRecogniser


def checkpoint_of(recogniser: Recogniser) -> Checkpoint:
    return Checkpoint(Path("trained.safetensors"), recogniser.config, recogniser.state_dict())


def of_stage(recogniser: Recogniser, stage: str) -> dict[str, Tensor]:
    return dict(getattr(recogniser, STAGE_MODULES[stage]).state_dict())


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "TPS-ResNet-BiLSTM-Attn",
            "TPS-ResNet-BiLSTM-CTC",
            "transformation, features and sequence taken; prediction new",
        ),
        (
            "None-VGG-BiLSTM-CTC",
            "TPS-VGG-BiLSTM-Attn",
            "features and sequence taken; transformation and prediction new",
        ),
        (
            "TPS-VGG-BiLSTM-CTC",
            "None-VGG-BiLSTM-CTC",
            "features, sequence and prediction taken; transformation left out",
        ),
        ("None-VGG-BiLSTM-Attn", "None-RCNN-BiLSTM-Attn", "sequence and prediction taken; features new"),
        # The prediction sees 32 features there, 24 here.
        ("TPS-RCNN-None-CTC", "TPS-RCNN-BiLSTM-CTC", "transformation and features taken; sequence and prediction new"),
        ("None-VGG-BiLSTM-CTC", "None-VGG-None-CTC", "features taken; prediction new; sequence left out"),
    ],
)
def test_stages_that_are_the_same_take_the_weights(build: BuildRecogniser, old: str, new: str, said: str) -> None:
    trained, fresh = build(old, seed=1), build(new, seed=2)
    torch.manual_seed(2)
    moved, stages = transfer_stages(checkpoint_of(trained), fresh.config)
    assert str(stages) == said
    begun = moved.build()[0]
    assert begun.config == fresh.config
    for stage in stages.taken:
        assert same(of_stage(begun, stage), of_stage(trained, stage))
    for stage in set(stages.new) - {"transformation"}:
        assert same(of_stage(begun, stage), of_stage(fresh, stage))
    assert not begun.training


@torch.no_grad()
@pytest.mark.parametrize("size", [(32, 100), (40, 64)])
def test_a_new_tps_shows_the_features_what_they_know(build: BuildRecogniser, size: tuple[int, int]) -> None:
    height, width = size
    trained = build("None-VGG-BiLSTM-CTC", height=height, width=width)
    config = replace(trained.config, architecture="TPS-VGG-BiLSTM-CTC")
    begun = transfer_stages(checkpoint_of(trained), config)[0].build()[0]
    images = torch.rand(3, 1, height, width, generator=torch.Generator().manual_seed(7)) * 2 - 1
    torch.testing.assert_close(begun.rectify(images), images, rtol=0, atol=1e-3)
    torch.testing.assert_close(begun(images), trained(images), rtol=0, atol=1e-3)


def test_a_new_tps_before_new_features_begins_as_clova_s_does(build: BuildRecogniser) -> None:
    trained, fresh = build("None-VGG-BiLSTM-CTC", seed=1), build("TPS-ResNet-BiLSTM-CTC", seed=2)
    begun = transfer_stages(checkpoint_of(trained), fresh.config)[0].build()[0]
    key = "Transformation.LocalizationNetwork.localization_fc2.bias"
    assert torch.equal(begun.state_dict()[key], fresh.state_dict()[key])


def test_another_charset_and_image_go_with_it(build: BuildRecogniser) -> None:
    trained = build("TPS-VGG-BiLSTM-Attn", charset=ALNUM, seed=1)
    kept = replace(trained.config, architecture="None-VGG-BiLSTM-Attn", charset=PRINTABLE, height=40, width=64)
    recogniser, change = transfer_stages(checkpoint_of(trained), kept)[0].build(kept)
    assert change == (ALNUM.characters, PRINTABLE.characters[36:], "")
    rows = [one.state_dict()["Prediction.generator.weight"] for one in (recogniser, trained)]
    assert torch.equal(rows[0][:38], rows[1])
    # A new head is drawn for the new characters: none of them is a copy, or the mean of others.
    new = replace(kept, architecture="TPS-VGG-BiLSTM-CTC")
    recogniser, change = transfer_stages(checkpoint_of(trained), new)[0].build(new)
    assert change == (PRINTABLE.characters, "", "")
    assert recogniser.config == new
    assert len({tuple(row.tolist()) for row in recogniser.state_dict()["Prediction.weight"]}) == 95
    fresh = Recogniser(new).state_dict()
    grid = "Transformation.GridGenerator.P_hat"
    assert torch.equal(recogniser.state_dict()[grid], fresh[grid])


def test_nothing_to_take_is_refused(build: BuildRecogniser) -> None:
    trained = build("TPS-VGG-None-CTC")
    with pytest.raises(UsageError, match=r"trained\.safetensors is a TPS-VGG-None-CTC: none of its stages can start a"):
        transfer_stages(checkpoint_of(trained), replace(trained.config, architecture="None-ResNet-BiLSTM-Attn"))


def test_a_stage_of_another_size_is_refused_as_ever(build: BuildRecogniser) -> None:
    trained = build("TPS-VGG-BiLSTM-Attn")
    config = replace(trained.config, architecture="TPS-VGG-BiLSTM-CTC", output_channel=64)
    with pytest.raises(UsageError, match="output_channel 32: it cannot start a model with 64"):
        transfer_stages(checkpoint_of(trained), config)[0].build(config)
