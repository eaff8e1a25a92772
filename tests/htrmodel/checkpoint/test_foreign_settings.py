"""What the weights of other programs leave open: named, noted in opt.txt, or assumed, and then said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from htrdata.errors import BadDataError, UsageError
from htrdata.labels import ALNUM, PRINTABLE, Charset
from htrmodel.checkpoint.clova import export_clova
from htrmodel.checkpoint.files import load, read_checkpoint
from htrmodel.checkpoint.settings import Settings

from ..conftest import BuildRecogniser

SIGNS = "+-/0123456789ABCDEFGHIJKLMNOPQRSTUVW"

# As clova's train.py writes it, every option on a line; shortened.
OPTIONS = """------------ Options -------------
exp_name: words: of mine
train_data: data_lmdb_release/training
batch_max_length: {length}
imgH: {height}
imgW: {width}
rgb: False
character: {characters}
sensitive: {sensitive}
PAD: {pad}
Transformation: None
FeatureExtraction: VGG
SequenceModeling: None
Prediction: CTC
num_fiducial: 20
input_channel: 1
output_channel: 8
hidden_size: 256
num_gpu: 1
num_class: {classes}
---------------------------------------
"""


def options(characters: str = SIGNS, **fields: object) -> str:
    given: dict[str, object] = {"length": 12, "height": 48, "width": 160, "sensitive": True, "pad": True}
    return OPTIONS.format(characters=characters, **{**given, "classes": len(characters) + 1, **fields})


@pytest.fixture
def path(build: BuildRecogniser, tmp_path: Path) -> Path:
    """Weights of 36 characters without TPS: their file says neither which, nor of what images."""
    export_clova(build("None-VGG-None-CTC", output_channel=8, charset=Charset("signs", SIGNS)), tmp_path / "best.pth")
    return tmp_path / "best.pth"


def test_what_is_assumed_is_said(path: Path) -> None:
    with pytest.warns(UserWarning, match="assumed: charset alnum for its 36 characters, a height of 32") as raised:
        assert load(path).charset == ALNUM
    assert Path(raised[0].filename).name == Path(__file__).name
    said: list[str] = []
    load(path, charset=Charset("signs", SIGNS), width=160, say=said.append)
    assert len(said) == 1
    assert "height of 32" in said[0]
    assert "charset alnum" not in said[0]
    assert "160" not in said[0]


def test_what_is_named_is_not_assumed(path: Path, tmp_path: Path) -> None:
    (tmp_path / "signs.txt").write_text(SIGNS)
    said: list[str] = []
    named = str(tmp_path / "signs.txt")
    found = load(path, charset=named, height=48, width=160, pad=True, max_length=12, say=said.append)
    assert said == []
    assert found.charset.characters == SIGNS
    config = found.config
    assert (config.height, config.width, config.resize, config.max_length) == (48, 160, "pad", 12)


def test_tps_tells_the_size_of_images(build: BuildRecogniser, tmp_path: Path) -> None:
    export_clova(build("TPS-VGG-None-CTC", output_channel=8, height=48, width=120), tmp_path / "a.pth")
    checkpoint = read_checkpoint(tmp_path / "a.pth")
    assert (checkpoint.config.height, checkpoint.config.width) == (48, 120)
    assert "48" not in checkpoint.assumed
    assert "charset printable for its 94 characters, images stretched" in checkpoint.assumed


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_clova_s_options_beside_it_are_read(path: Path, ending: str) -> None:
    # Another run before was added to the same file: the last one counts.
    text = options("0123456789", width=99) + options()
    (path.parent / "opt.txt").write_bytes(text.replace("\n", ending).encode())
    checkpoint = read_checkpoint(path)
    assert checkpoint.assumed == ""
    config = checkpoint.config
    assert config.charset == Charset("opt.txt", SIGNS)
    assert (config.height, config.width, config.resize, config.max_length) == (48, 160, "pad", 12)
    assert read_checkpoint(path, Settings(width=80, pad=False)).config.width == 80


@pytest.mark.parametrize(
    ("characters", "sensitive", "charset"),
    [
        (ALNUM.characters, False, ALNUM),
        (ALNUM.characters, True, Charset("opt.txt", ALNUM.characters)),
        (PRINTABLE.characters, True, PRINTABLE),
        ("abc: é", False, Charset("opt.txt", "abc: é", folds_case=True)),
        ("abcXYZ", False, Charset("opt.txt", "abcXYZ")),
    ],
)
def test_case_is_folded_where_the_options_say_so(
    build: BuildRecogniser, tmp_path: Path, characters: str, sensitive: bool, charset: Charset
) -> None:
    export_clova(build("None-VGG-None-CTC", output_channel=8, charset=charset), tmp_path / "a.pth")
    (tmp_path / "opt.txt").write_text(options(characters, sensitive=sensitive), encoding="utf-8")
    assert read_checkpoint(tmp_path / "a.pth").config.charset == charset


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (options("0123456789"), UsageError, "have 36 characters, charset 'opt.txt' has 10"),
        (
            options().replace("VGG", "ResNet"),
            BadDataError,
            "opt.txt is of other weights: it says FeatureExtraction: ResNet",
        ),
        (
            options().replace("output_channel: 8", "output_channel: 512"),
            BadDataError,
            "output_channel: 512, these have 8",
        ),
        (options(pad="maybe"), BadDataError, "PAD: maybe, which is neither True nor False"),
        (options(width="1e3"), BadDataError, "imgW: 1e3, which is no number"),
        (options(width=5), UsageError, "width is 5"),
        (options("aab"), BadDataError, "'a' more than once"),
        (options().replace("rgb: False", "rgb: True"), BadDataError, "reads colour images"),
    ],
)
def test_options_of_something_else_are_named(path: Path, text: str, error: type[Exception], message: str) -> None:
    (path.parent / "opt.txt").write_text(text)
    with pytest.raises(error, match=message):
        read_checkpoint(path)


def test_options_that_are_no_text(path: Path) -> None:
    (path.parent / "opt.txt").write_bytes(b"imgW: 100\xff")
    with pytest.raises(BadDataError, match="is not UTF-8"):
        read_checkpoint(path)
    whole: dict[str, Any] = {"height": 32, "width": 100, "pad": False, "max_length": 25}
    assert read_checkpoint(path, Settings(charset=ALNUM, **whole)).assumed == ""  # then nobody asks it


def test_our_own_files_say_all(build: BuildRecogniser, tmp_path: Path) -> None:
    from htrmodel.checkpoint.native import save

    save(build("None-VGG-None-CTC", output_channel=8, charset=ALNUM), tmp_path / "a.safetensors")
    (tmp_path / "opt.txt").write_text(options())
    checkpoint = read_checkpoint(tmp_path / "a.safetensors", Settings(pad=True))
    assert checkpoint.assumed == ""
    assert checkpoint.config.charset == ALNUM
    assert checkpoint.config.resize == "pad"
    torch.testing.assert_close(checkpoint.weights["Prediction.bias"], torch.zeros(37))
