"""Checkpoints of clova's benchmark and AttentionHTR: bare state dicts, pickled by DataParallel."""

from __future__ import annotations

import argparse
import os
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from htrdata.errors import BadDataError, HtrError, UsageError
from htrdata.labels import ALNUM, Charset
from htrmodel.checkpoint.clova import export_clova
from htrmodel.checkpoint.files import load, read_checkpoint
from htrmodel.recogniser import Recogniser

from ..conftest import BuildRecogniser


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.pth"


def _equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("prefix", ["module.", ""], ids=["module", "bare"])
@pytest.mark.parametrize(
    ("architecture", "fields"),
    [
        ("TPS-ResNet-BiLSTM-Attn", {"output_channel": 48, "hidden_size": 20, "num_fiducial": 8}),
        ("None-RCNN-BiLSTM-CTC", {"output_channel": 40, "hidden_size": 12, "charset": ALNUM}),
        ("None-VGG-None-CTC", {"output_channel": 24, "hidden_size": 256}),
        ("TPS-VGG-None-Attn", {"output_channel": 8, "charset": ALNUM}),
    ],
)
def test_the_file_tells_what_it_holds(
    build: BuildRecogniser, path: Path, architecture: str, fields: dict[str, Any], prefix: str, legacy: bool
) -> None:
    recogniser = build(architecture, **fields)
    weights = {prefix + key: value for key, value in recogniser.state_dict().items()}
    torch.save(weights, path, _use_new_zipfile_serialization=not legacy)
    again = load(path, say=str)
    assert again.config == recogniser.config
    assert not again.training
    assert _equal(again.state_dict(), recogniser.state_dict())


def test_a_charset_of_another_size_must_be_named(build: BuildRecogniser, path: Path) -> None:
    charset = Charset("vowels", "aeiou")
    export_clova(build(charset=charset), path)
    with pytest.raises(UsageError, match="have 5 characters, which is no known charset: name theirs"):
        load(path, say=str)
    with pytest.raises(UsageError, match="have 5 characters, charset 'alnum' has 36"):
        load(path, charset=ALNUM, say=str)
    assert load(path, charset=charset, say=str).charset == charset


def test_another_image_size(build: BuildRecogniser, path: Path) -> None:
    # 40 x 80 has as many pixels as 32 x 100, but another grid.
    for height, width in ((32, 128), (40, 80), (33, 9), (64, 256)):
        recogniser = build(height=height, width=width, num_fiducial=4)
        export_clova(recogniser, path)
        again = load(path, say=str)
        assert (again.config.height, again.config.width) == (height, width)
        assert _equal(again.state_dict(), recogniser.state_dict())
    usual = load(path, height=32, width=100, say=str).state_dict()
    assert torch.equal(usual["Transformation.GridGenerator.P_hat"], _grid(build(num_fiducial=4))["P_hat"])
    weights = build().state_dict()
    weights["Transformation.GridGenerator.P_hat"][0, 1] = 0.5
    torch.save(weights, path)
    with pytest.raises(UsageError, match="P_hat of no image size: name height and width"):
        load(path, say=str)
    assert load(path, height=32, width=100, say=str).config.width == 100


def _grid(recogniser: Recogniser) -> dict[str, Tensor]:
    return {key.rpartition(".")[2]: value for key, value in recogniser.state_dict().items() if ".GridGenerator." in key}


def test_a_file_without_the_grid_is_complete(build: BuildRecogniser, path: Path) -> None:
    recogniser = build()
    torch.save({key: value for key, value in recogniser.state_dict().items() if "GridGenerator" not in key}, path)
    assert _equal(load(path, say=str).state_dict(), recogniser.state_dict())


def test_the_export_is_what_data_parallel_saves(build: BuildRecogniser, path: Path, words: Tensor) -> None:
    recogniser = build()
    export_clova(recogniser, path)
    theirs = nn.DataParallel(build(seed=9))
    theirs.load_state_dict(torch.load(path, weights_only=True))
    assert {key for key in theirs.state_dict() if "GridGenerator" in key} == {
        "module.Transformation.GridGenerator.inv_delta_C",
        "module.Transformation.GridGenerator.P_hat",
    }
    with torch.no_grad():
        assert torch.equal(theirs.module(words), recogniser(words))
        assert torch.equal(load(path, say=str)(words), recogniser(words))


def test_the_export_of_a_golden_file_is_the_file(shared: Path, path: Path) -> None:
    source = shared / "golden" / "TPS-ResNet-BiLSTM-Attn.pth"
    export_clova(load(source, say=str), path)
    theirs = torch.load(source, weights_only=True)
    ours = torch.load(path, weights_only=True)
    assert list(ours) == list(theirs)
    assert _equal(ours, theirs)


class _Malice:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch executed",)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_code_is_never_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, legacy: bool) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"module.a": torch.zeros(1), "b": _Malice()}, path, _use_new_zipfile_serialization=not legacy)
    # The file is as dangerous as it should be.
    torch.load(path, weights_only=False)
    (tmp_path / "executed").unlink()
    with pytest.raises(BadDataError, match=r"holds more than tensors \((posix|nt)\.system\), which could run code"):
        load(path, say=str)
    assert not (tmp_path / "executed").exists()


def test_a_bare_pickle_is_refused(path: Path) -> None:
    path.write_bytes(pickle.dumps(_Malice(), protocol=2))
    with pytest.raises(BadDataError):
        load(path, say=str)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([torch.zeros(1)], "holds no weights by name, but a list"),
        ({}, "holds no weights by name"),
        ({"state_dict": {"a": 1}}, "its entry 'state_dict' is a dict, not a tensor"),
        ({"state_dict": {"a": torch.zeros(1)}}, "not of the four-stage family"),
        ({"a": torch.zeros(1), "epoch": 3}, "its entry 'epoch' is a int"),
        ({"encoder.weight": torch.zeros(1)}, "not of the four-stage family: their features should have one of"),
    ],
)
def test_other_contents(path: Path, content: object, message: str) -> None:
    torch.save(content, path)
    with pytest.raises(BadDataError, match=message):
        load(path, say=str)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda weights: {"model": weights, "epoch": 3, "optimizer": {"state": {}, "param_groups": [{"lr": 0.1}]}},
        lambda weights: {"state_dict": weights, "hyper_parameters": {"lr": 1.0}, "callbacks": {}, "best": None},
        lambda weights: {f"module.module.{key}": value for key, value in weights.items()},
        lambda weights: {f"_orig_mod.{key}": value for key, value in weights.items()},
        lambda weights: {"state_dict": {f"model.module.{key}": nn.Parameter(v, False) for key, v in weights.items()}},
        lambda weights: {"net": weights, "discriminator": {"layer.weight": torch.zeros(3)}},
    ],
    ids=["model", "lightning", "module-module", "compiled", "parameters", "net"],
)
@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_weights_are_found_among_other_things(
    build: BuildRecogniser, path: Path, wrap: Callable[[dict[str, Tensor]], object], legacy: bool
) -> None:
    recogniser = build("None-VGG-BiLSTM-CTC", output_channel=8)
    torch.save(wrap(recogniser.state_dict()), path, _use_new_zipfile_serialization=not legacy)
    assert _equal(load(path, say=str).state_dict(), recogniser.state_dict())


@pytest.mark.parametrize(
    ("wrap", "message"),
    [
        (lambda weights: {"model": weights, "ema": dict(weights)}, "several state dicts, 'model', 'ema': save the one"),
        (
            lambda weights: {f"a.{key}": one for key, one in weights.items()} | weights,
            "begin with '' and with 'a.'",
        ),
        (lambda weights: {**weights, "loss.weight": torch.zeros(3)}, "1 keys of no stage, such as 'loss.weight'"),
        (
            lambda weights: {"net": weights, "opt": argparse.Namespace(a=1)},
            r"argparse\.Namespace.*state_dict\(\)",
        ),
        (lambda weights: {"state_dict": weights, "best": np.float64(0.5)}, r"numpy\..*save its weights alone"),
    ],
    ids=["two", "prefixes", "strays", "namespace", "numpy"],
)
def test_what_to_do_is_said_where_they_are_not(
    build: BuildRecogniser, path: Path, wrap: Callable[[dict[str, Tensor]], object], message: str
) -> None:
    torch.save(wrap(dict(build("None-VGG-None-CTC", output_channel=8).state_dict())), path)
    with pytest.raises(BadDataError, match=message):
        load(path)


def test_weights_of_colour_images_do_not_fit(build: BuildRecogniser, path: Path) -> None:
    weights = build("None-VGG-None-CTC").state_dict()
    weights["FeatureExtraction.ConvNet.0.weight"] = torch.zeros(4, 3, 3, 3)
    torch.save(weights, path)
    with pytest.raises(BadDataError, match=r"ConvNet.0.weight \(4, 3, 3, 3\) for \(4, 1, 3, 3\)"):
        load(path, say=str)


def test_missing_weights_are_named(build: BuildRecogniser, path: Path) -> None:
    weights = build().state_dict()
    del weights["Prediction.attention_cell.score.weight"]
    torch.save(weights, path)
    with pytest.raises(BadDataError, match=r"1 missing: Prediction\.attention_cell\.score\.weight"):
        load(path, say=str)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_damage_is_always_one_clear_error(build: BuildRecogniser, path: Path, legacy: bool) -> None:
    torch.save(build("None-VGG-None-CTC").state_dict(), path, _use_new_zipfile_serialization=not legacy)
    whole = path.read_bytes()
    chance = random.Random(0)
    cuts = [whole[: chance.randrange(1, len(whole) - 1)] for _ in range(15)]
    for _ in range(60):
        spoiled = bytearray(whole)
        # The first kilobytes hold the pickle, the rest mostly weights.
        spoiled[chance.randrange(2000)] ^= 1 << chance.randrange(8)
        cuts.append(bytes(spoiled))
    outcomes = [_outcome(path, content) for content in cuts]
    assert [message for message in outcomes if message and not message.startswith(str(path))] == []
    assert all(outcomes[:15])


def _outcome(path: Path, content: bytes) -> str:
    """The message with which a file of that content is refused; empty where it is read."""
    path.write_bytes(content)
    try:
        read_checkpoint(path)
    except HtrError as error:
        return str(error)
    return ""
