from __future__ import annotations

import copy
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from htrdata.errors import SourceMissingError
from htrdata.labels import ALNUM
from htrdata.records import Reason
from htrmodel.config import STAGES
from htrmodel.layers.tps import GridGenerator

from .conftest import BuildRecogniser

FAMILY = ["-".join(stages) for stages in itertools.product(*STAGES.values())]


@pytest.mark.parametrize("architecture", FAMILY)
@torch.no_grad()
def test_every_member_of_the_family_reads(build: BuildRecogniser, words: Tensor, architecture: str) -> None:
    recogniser = build(architecture, charset=ALNUM)
    before = words.clone()
    logits = recogniser(words, full_steps=True)
    steps = 26 if architecture.endswith("Attn") or "VGG" not in architecture else 24
    assert logits.shape == (3, steps, recogniser.config.num_classes)
    assert logits.dtype == torch.float32
    assert torch.equal(words, before), "the input was changed"
    assert len(recogniser.tokenizer.decode(recogniser(words))) == 3


@pytest.mark.parametrize(("height", "width"), [(32, 64), (48, 100), (64, 257)])
@pytest.mark.parametrize("features", STAGES["features"])
@torch.no_grad()
def test_other_image_sizes(build: BuildRecogniser, features: str, height: int, width: int) -> None:
    recogniser = build(f"TPS-{features}-None-CTC", height=height, width=width)
    logits = recogniser(torch.zeros(2, 1, height, width))
    assert logits.shape == (2, width // 4 - 1 if features == "VGG" else width // 4 + 1, 95)


@pytest.mark.parametrize("shape", [(3, 32, 100), (1, 3, 32, 100), (1, 1, 32, 99), (1, 1, 64, 200)])
def test_images_of_another_shape_are_refused(build: BuildRecogniser, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"do not fit a model for \[N, 1, 32, 100\]"):
        build("None-VGG-None-CTC")(torch.zeros(shape))


def test_new_weights_follow_the_seed_and_the_recipe(build: BuildRecogniser) -> None:
    first, again, other = build(seed=1), build(seed=1), build(seed=2)
    for (name, one), two, three in zip(first.named_parameters(), again.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)
        if one.dim() > 1 and "localization_fc2" not in name:
            assert not torch.equal(one, three)
            fan_in = one[0].numel()
            assert one.std().item() == pytest.approx((2 / fan_in) ** 0.5, rel=0.5), name
        elif "localization_fc2" not in name:
            assert torch.equal(one, torch.full_like(one, 0.0 if "bias" in name else 1.0)), name


@torch.no_grad()
def test_reading_stops_early_without_another_text(build: BuildRecogniser, words: Tensor) -> None:
    recogniser = build()
    recogniser.state_dict()["Prediction.generator.bias"][1] += 3.0
    short, full = recogniser(words), recogniser(words, full_steps=True)
    assert short.shape[1] < full.shape[1] == 26
    assert recogniser.tokenizer.decode(short) == recogniser.tokenizer.decode(full)


@torch.no_grad()
def test_bfloat16_autocast_spares_the_grid_and_the_output(build: BuildRecogniser, words: Tensor) -> None:
    recogniser = build()
    seen: dict[tuple[str, str], set[torch.dtype]] = {}

    def watch(name: str, module: nn.Module) -> None:
        kind = (name.split(".")[0], type(module).__name__)
        module.register_forward_hook(lambda _m, _i, out: seen.setdefault(kind, set()).add(out.dtype))

    for name, module in recogniser.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear, GridGenerator)):
            watch(name, module)
    with torch.autocast("cpu", torch.bfloat16):
        logits = recogniser(words, full_steps=True)
    assert logits.dtype == torch.float32
    assert seen == {
        ("Transformation", "Conv2d"): {torch.bfloat16},
        ("Transformation", "Linear"): {torch.float32},
        ("Transformation", "GridGenerator"): {torch.float32},
        ("FeatureExtraction", "Conv2d"): {torch.bfloat16},
        ("SequenceModeling", "Linear"): {torch.bfloat16},
        ("Prediction", "Linear"): {torch.float32},
    }


@torch.no_grad()
def test_double_is_float64_throughout(build: BuildRecogniser, words: Tensor) -> None:
    recogniser = build()
    single = recogniser(words, full_steps=True)
    double = copy.deepcopy(recogniser).double()(words.double(), full_steps=True)
    assert double.dtype == torch.float64
    torch.testing.assert_close(single, double.float(), rtol=1e-3, atol=1e-3)


def test_all_parameters_learn(build: BuildRecogniser, words: Tensor) -> None:
    recogniser = build().train()
    targets = recogniser.tokenizer.encode(["some", "words", "here"])
    recogniser(words, targets).logsumexp(2).sum().backward()
    # The start weights of the control points are zero, so nothing before them learns in the first step.
    silent = {name for name, parameter in recogniser.named_parameters() if parameter.grad is None}
    assert silent == set()


def test_reading_takes_images_and_paths(build: BuildRecogniser, tmp_path: Path) -> None:
    recogniser = build("None-ResNet-BiLSTM-Attn")
    pixels = np.random.default_rng(0).integers(0, 256, (5, 40, 90), np.uint8)
    images = [Image.fromarray(page) for page in pixels]
    paths = [tmp_path / f"{index}.png" for index in range(5)]
    for image, path in zip(images, paths, strict=True):
        image.save(path)
    readings = recogniser.read(images)
    assert len(readings) == 5
    again = recogniser.read(paths, batch_size=2)
    assert [reading.text for reading in again] == [reading.text for reading in readings]
    assert [reading.confidence for reading in again] == pytest.approx([reading.confidence for reading in readings])
    assert recogniser.read([]) == []
    with pytest.raises(SourceMissingError, match="nowhere"):
        recogniser.read([tmp_path / "nowhere.png"])


@pytest.mark.parametrize("features", ["VGG", "RCNN", "ResNet"])
@pytest.mark.parametrize("prediction", ["CTC", "Attn"])
def test_the_config_knows_the_steps(build: BuildRecogniser, features: str, prediction: str) -> None:
    for width in (8, 31, 60, 100, 101, 102, 103):
        recogniser = build(f"None-{features}-None-{prediction}", output_channel=16, width=width, max_length=7)
        with torch.no_grad():
            logits = recogniser(torch.zeros(1, 1, 32, width), full_steps=True)
        assert logits.shape[1] == recogniser.config.steps


def test_ctc_s_policy_is_what_its_steps_can_write(build: BuildRecogniser) -> None:
    # 60 columns give 14 steps; attention writes each character in one.
    labels = ["abcdefghijklmn", "abcdefghijklmno", "aabbccddee", "aabbccdde", "aaaaaaaa"]
    of_ctc = build("None-VGG-None-CTC", width=60).config.label_policy
    assert [of_ctc.fault(label) for label in labels] == [None, Reason.TOO_LONG, Reason.TOO_LONG, None, Reason.TOO_LONG]
    assert not any(build("None-VGG-None-Attn", width=60).config.label_policy.fault(label) for label in labels)
