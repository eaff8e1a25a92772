from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor

import htrmodel
from htrdata.errors import BadDataError, CannotCreateError, SourceMissingError, UsageError
from htrdata.labels import ALNUM, PRINTABLE, Charset
from htrmodel.checkpoint.files import load, read_checkpoint
from htrmodel.checkpoint.native import save
from htrmodel.recogniser import Recogniser

from ..conftest import BuildRecogniser


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def _same_weights(one: Recogniser, other: Recogniser) -> bool:
    mine, theirs = one.state_dict(), other.state_dict()
    return mine.keys() == theirs.keys() and all(
        mine[key].dtype == theirs[key].dtype and torch.equal(mine[key], theirs[key]) for key in mine
    )


def _rewrite(path: Path, weights: dict[str, Tensor] | None = None, **record: Any) -> None:
    """Changes weights or fields of the record in a checkpoint."""
    with safetensors.safe_open(path, "pt") as file:
        old = json.loads(file.metadata()["htrmodel"])
    tensors = safetensors.torch.load_file(path) if weights is None else weights
    whole = {key: value.contiguous() for key, value in tensors.items()}
    safetensors.torch.save_file(whole, path, {"htrmodel": json.dumps(old | record)})


@pytest.mark.parametrize("architecture", ["TPS-ResNet-BiLSTM-Attn", "None-RCNN-None-CTC"])
def test_what_is_saved_is_loaded(build: BuildRecogniser, path: Path, words: Tensor, architecture: str) -> None:
    charset = Charset("wide", "aé€𝔄 \"'", folds_case=True)
    recogniser = build(architecture, charset=charset, max_length=31, resize="pad", mean=0.4)
    save(recogniser, path)
    again = load(path)
    assert again.config == recogniser.config
    assert not again.training
    assert _same_weights(again, recogniser)
    with torch.no_grad():
        torch.testing.assert_close(again(words), recogniser(words))


def test_it_is_bit_for_bit_the_same(build: BuildRecogniser, path: Path, words: Tensor) -> None:
    recogniser = build()
    save(recogniser, path)
    first = path.read_bytes()
    with torch.no_grad():
        assert torch.equal(load(path)(words), recogniser(words))
    save(load(path), path)
    assert path.read_bytes() == first


def test_float64_stays_float64(build: BuildRecogniser, path: Path) -> None:
    recogniser = build().double()
    save(recogniser, path)
    assert _same_weights(load(path), recogniser)


def test_the_record_tells_all(build: BuildRecogniser, path: Path) -> None:
    save(build(), path, metrics={"val_cer": 0.05}, data={"imgur5k": "1f2e"})
    checkpoint = read_checkpoint(path)
    assert checkpoint.metrics == {"val_cer": 0.05}
    assert checkpoint.data == {"imgur5k": "1f2e"}
    assert checkpoint.versions["torch"] == torch.__version__
    assert checkpoint.config == build().config
    assert checkpoint.weights.keys() == build().state_dict().keys()


def test_a_record_may_have_any_length(build: BuildRecogniser, path: Path) -> None:
    # The file begins with its length, which may look like the beginning of another format.
    recogniser = build("None-VGG-None-CTC", output_channel=8)
    first_bytes = set()
    for length in range(0, 256, 8):
        save(recogniser, path, data={"digest": "x" * length})
        first_bytes.add(path.read_bytes()[0])
        load(path)
    assert len(first_bytes) == 32


def test_loading_leaves_the_random_numbers_alone(build: BuildRecogniser, path: Path) -> None:
    save(build(), path)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    load(path)
    assert torch.equal(torch.rand(3), expected)


def test_two_recognisers_of_a_checkpoint_share_nothing(build: BuildRecogniser, path: Path) -> None:
    save(build(), path)
    checkpoint = read_checkpoint(path)
    first, second = checkpoint.build()[0], checkpoint.build()[0]
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.zero_()
    assert _same_weights(second, build())


def test_the_package_loads_without_naming_its_modules(build: BuildRecogniser, path: Path) -> None:
    save(build(), path)
    assert isinstance(htrmodel.load(path), htrmodel.Recogniser)
    with pytest.raises(AttributeError, match="lod"):
        htrmodel.lod  # noqa: B018 - the look-up is the test


def test_another_image_size_has_another_grid(build: BuildRecogniser, path: Path) -> None:
    recogniser = build()
    save(recogniser, path)
    larger = load(path, height=48, width=160, max_length=40)
    assert (larger.config.height, larger.config.width, larger.config.max_length) == (48, 160, 40)
    fresh = Recogniser(larger.config).state_dict()
    for key, value in larger.state_dict().items():
        assert torch.equal(value, fresh[key] if "GridGenerator" in key else recogniser.state_dict()[key])
    with torch.no_grad():
        assert larger(torch.zeros(1, 1, 48, 160), full_steps=True).shape == (1, 41, 96)


def test_the_grid_of_the_file_is_kept(build: BuildRecogniser, path: Path) -> None:
    recogniser = build()
    recogniser.Transformation.GridGenerator.inv_delta_C += 1e-5  # type: ignore[union-attr, operator]
    save(recogniser, path)
    assert _same_weights(load(path), recogniser)


def test_another_charset_is_reported(build: BuildRecogniser, path: Path) -> None:
    save(build(charset=ALNUM), path)
    checkpoint = read_checkpoint(path)
    recogniser, change = checkpoint.build(replace(checkpoint.config, charset=PRINTABLE, width=128))
    assert change == (ALNUM.characters, PRINTABLE.characters[36:], "")
    assert recogniser.charset == PRINTABLE
    assert recogniser.config.width == 128
    assert not recogniser.training


def test_another_architecture_is_refused(build: BuildRecogniser, path: Path) -> None:
    save(build(), path)
    checkpoint = read_checkpoint(path)
    for change, message in (
        ({"architecture": "TPS-ResNet-BiLSTM-CTC"}, "architecture 'TPS-ResNet-BiLSTM-Attn': .*'TPS-ResNet-BiLSTM-CTC'"),
        ({"hidden_size": 32}, "hidden_size 24: it cannot start a model with 32"),
    ):
        with pytest.raises(UsageError, match=message):
            checkpoint.build(replace(checkpoint.config, **change))


def test_a_wrong_charset_names_both_sides(build: BuildRecogniser, path: Path) -> None:
    save(build(charset=ALNUM), path)
    assert load(path, charset=ALNUM).charset == ALNUM
    with pytest.raises(UsageError, match=r"charset 'alnum' \(36 characters\), not 'printable' \(94\)"):
        load(path, charset=PRINTABLE)
    # The same characters, but case is not folded: labels would differ.
    with pytest.raises(UsageError, match="not 'strict'"):
        load(path, charset=Charset("strict", ALNUM.characters))


def test_weights_that_do_not_fit_are_named(build: BuildRecogniser, path: Path) -> None:
    recogniser = build()
    for change, message in (
        ({"Prediction.generator.bias": None}, "1 missing: Prediction.generator.bias$"),
        ({"extra.weight": torch.zeros(2)}, "1 unexpected: extra.weight$"),
        (
            {"Prediction.generator.bias": torch.zeros(95)},
            r"1 of another size: Prediction.generator.bias \(95,\) for \(96,\)$",
        ),
        (
            {"Prediction.generator.bias": torch.zeros(96, dtype=torch.int64)},
            r"bias \(96,\) of integers for \(96,\)$",
        ),
    ):
        save(recogniser, path)
        weights = {key: value for key, value in (recogniser.state_dict() | change).items() if value is not None}
        _rewrite(path, weights)
        with pytest.raises(BadDataError, match=message) as error:
            load(path)
        assert "does not fit TPS-ResNet-BiLSTM-Attn" in str(error.value)


def test_many_missing_weights_are_counted(build: BuildRecogniser, path: Path) -> None:
    recogniser = build("None-VGG-BiLSTM-CTC")
    save(recogniser, path)
    weights = recogniser.state_dict()
    _rewrite(path, {f"wrong.{key}": value for key, value in weights.items()})
    with pytest.raises(BadDataError, match=f"{len(weights)} missing: .* and {len(weights) - 4} more; .* unexpected"):
        load(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty: get it again"),
        (b"\n<!DOCTYPE html><html>Not found</html>", "is a web page, not a checkpoint"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "is a Git LFS pointer"),
        (b"just some text that is neither", "is damaged, cut short or no checkpoint"),
        (b'\x10\0\0\0\0\0\0\0{"a": 1}      ', "is damaged, cut short or no checkpoint"),
    ],
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_files_that_are_something_else(tmp_path: Path, suffix: str, content: bytes, message: str) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(content)
    with pytest.raises(BadDataError, match=message):
        load(path)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pth")
    (tmp_path / "zero.pth").symlink_to("/dev/zero")
    for name in ("pipe.pth", "zero.pth"):
        with pytest.raises(BadDataError, match=f"{name} is no regular file"):
            load(tmp_path / name)
    with (tmp_path / "large.pth").open("wb") as file:
        file.truncate(5 * 2**30)  # of holes
    with pytest.raises(BadDataError, match=r"large.pth has 5,368,709,120 bytes, a recogniser"):
        load(tmp_path / "large.pth")


def test_one_changed_weight_is_found(build: BuildRecogniser, path: Path) -> None:
    recogniser = build("None-VGG-None-CTC")
    save(recogniser, path)
    _rewrite(path, recogniser.state_dict() | {"Prediction.bias": torch.full((95,), 1e-30)})
    with pytest.raises(BadDataError, match="its weights are not those of its digest"):
        load(path)
    _rewrite(path, recogniser.state_dict(), weights_sha256=None)  # as the first ones were written
    assert _same_weights(load(path), recogniser)


def test_weights_that_are_no_numbers_are_named(build: BuildRecogniser, path: Path) -> None:
    recogniser = build("None-VGG-None-CTC")
    recogniser.state_dict()["FeatureExtraction.ConvNet.12.running_var"][3] = float("inf")
    save(recogniser, path)
    with pytest.raises(BadDataError, match=r"1 of the 32 numbers of .*ConvNet\.12\.running_var are NaN or infinite"):
        load(path)


def test_numbers_that_compute_none_are_no_reading(build: BuildRecogniser, path: Path) -> None:
    recogniser = build("None-VGG-None-CTC")
    recogniser.state_dict()["FeatureExtraction.ConvNet.12.running_var"][:] = -1.0
    save(recogniser, path)
    with pytest.raises(BadDataError, match="computes no numbers"):
        load(path).read(np.zeros((32, 100), np.uint8))


def test_what_json_cannot_hold_is_not_saved(build: BuildRecogniser, path: Path) -> None:
    with pytest.raises(UsageError, match="a number that is not finite"):
        save(build("None-VGG-None-CTC"), path, metrics={"loss": float("nan")})
    assert not path.exists()


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match=r"no checkpoint at .*none"):
        load(tmp_path / "none.safetensors")
    with pytest.raises(UsageError, match="is a folder, not a checkpoint: name "):
        load(tmp_path)


@pytest.mark.parametrize("kept", [9, 100, 3000, -1])
def test_a_truncated_file(build: BuildRecogniser, path: Path, kept: int) -> None:
    save(build("None-VGG-None-CTC"), path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(BadDataError, match="is damaged, cut short or no checkpoint"):
        load(path)


def test_records_that_are_wrong(build: BuildRecogniser, path: Path) -> None:
    recogniser = build("None-VGG-None-CTC")
    for record, message in (
        ({"format": 2}, "has checkpoint format 2, this release reads 1"),
        ({"config": {}}, "missing or unknown fields: architecture, charset"),
        ({"config": None}, "cannot be read"),
        ({"config": recogniser.config.to_dict() | {"output_channel": 64}}, "of another size"),
    ):
        save(recogniser, path)
        _rewrite(path, **record)
        with pytest.raises(BadDataError, match=message):
            load(path)
    safetensors.torch.save_file({"some": torch.zeros(3)}, path)
    with pytest.raises(BadDataError, match="has no 'htrmodel' entry"):
        load(path)


def test_the_name_does_not_matter(build: BuildRecogniser, path: Path, tmp_path: Path) -> None:
    recogniser = build()
    save(recogniser, path)
    shutil.move(path, tmp_path / "renamed.pth")
    assert _same_weights(load(tmp_path / "renamed.pth"), recogniser)
    torch.save(recogniser.state_dict(), path)
    assert _same_weights(load(path, say=str), recogniser)


def test_saving_into_a_missing_folder(build: BuildRecogniser, tmp_path: Path) -> None:
    with pytest.raises(CannotCreateError, match=r"there is no folder .*none; make it"):
        save(build(), tmp_path / "none" / "model.safetensors")


def test_half_halves_the_parameters_and_nothing_else(build: BuildRecogniser, path: Path, words: Tensor) -> None:
    recogniser = build().train()
    recogniser(words)  # so that the batch statistics are no round numbers
    save(recogniser.eval(), path)
    whole = path.stat().st_size
    save(recogniser, path, metrics={"cer": 0.1}, half=True)
    assert path.stat().st_size < 0.6 * whole
    stored, mine = safetensors.torch.load_file(path), recogniser.state_dict()
    parameters = {key for key, _ in recogniser.named_parameters()}
    for key, value in stored.items():
        assert value.dtype == (torch.float16 if key in parameters else mine[key].dtype), key
        assert key in parameters or torch.equal(value, mine[key]), key
    again = read_checkpoint(path)
    assert again.metrics == {"cer": 0.1}
    assert {value.dtype for value in again.weights.values()} == {torch.float32, torch.int64}
    loaded = load(path)
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}
    # The true tokens before each step: greedy readings of random weights part where two are nearly as good.
    targets = recogniser.tokenizer.encode(["some", "words", "here"])
    with torch.no_grad():
        torch.testing.assert_close(loaded(words, targets), recogniser(words, targets), rtol=0, atol=0.05)
    save(loaded, path, metrics={"cer": 0.1}, half=True)
    assert all(torch.equal(value, stored[key]) for key, value in safetensors.torch.load_file(path).items())


def test_what_float16_cannot_hold_is_refused(build: BuildRecogniser, path: Path) -> None:
    recogniser = build("None-VGG-None-CTC")
    recogniser.state_dict()["Prediction.bias"][3] = -1e5
    with pytest.raises(UsageError, match=r"Prediction\.bias has 100000, which float16 cannot hold"):
        save(recogniser, path, half=True)
    assert not path.exists()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_of_16_bits_from_elsewhere_are_computed_with_in_32(
    build: BuildRecogniser, path: Path, words: Tensor, dtype: torch.dtype
) -> None:
    recogniser = build("None-VGG-BiLSTM-Attn", charset=ALNUM)
    weights = {
        f"module.{key}": value.to(dtype) if value.is_floating_point() else value
        for key, value in recogniser.state_dict().items()
    }
    torch.save(weights, path)
    checkpoint = read_checkpoint(path)
    wider = checkpoint.build(replace(checkpoint.config, charset=PRINTABLE))[0]
    assert {parameter.dtype for parameter in wider.parameters()} == {torch.float32}
    with torch.no_grad():
        assert wider(words).dtype == torch.float32
