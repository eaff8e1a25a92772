"""The options for what a foreign checkpoint leaves open: the same in every command that takes one."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from htrdata.errors import UsageError
from htrdata.labels import Charset
from htrmodel.checkpoint.clova import export_clova
from htrmodel.checkpoint.files import load, read_checkpoint
from htrmodel.cli.commands import commands

from ..conftest import BuildRecogniser

SIGNS = "+-/0123456789ABCDEFGHIJKLMNOPQRSTUVW"


def call(*words: object) -> Result:
    return CliRunner().invoke(commands, list(map(str, words)))


@pytest.fixture
def path(build: BuildRecogniser, tmp_path: Path) -> Path:
    export_clova(build("None-VGG-None-CTC", output_channel=8, charset=Charset("signs", SIGNS)), tmp_path / "best.pth")
    (tmp_path / "signs.txt").write_text(SIGNS)
    Image.effect_noise((60, 30), 90).save(tmp_path / "word.png")
    return tmp_path / "best.pth"


@pytest.mark.parametrize("name", ["predict", "evaluate", "info", "export", "align", "finetune"])
def test_every_command_has_them(name: str) -> None:
    command = commands.commands[name]
    flags = {flag for option in command.params if isinstance(option, click.Option) for flag in option.opts}
    assert {"--from-charset", "--charset", "--height", "--width", "--pad", "--max-length"} <= flags


def test_predict_says_what_it_assumes_and_takes_what_it_is_told(path: Path) -> None:
    word = path.with_name("word.png")
    assumed = call("predict", word, "--checkpoint", path, "--json")
    assert "assumed: charset alnum for its 36 characters" in assumed.stderr
    told = ("--charset", path.with_name("signs.txt"), "--height", 48, "--width", 80, "--pad", "--max-length", 9)
    result = call("predict", word, "--checkpoint", path, *told, "--json")
    assert "assumed" not in result.stderr
    (found,) = json.loads(result.stdout)
    settings = {"charset": Charset("signs", SIGNS), "height": 48, "width": 80, "pad": True, "max_length": 9}
    assert found["text"] == load(path, **settings).read(word).text  # type: ignore[arg-type]
    assert found["text"] != json.loads(assumed.stdout)[0]["text"]


def test_export_settles_them(path: Path, tmp_path: Path) -> None:
    ours = tmp_path / "ours.safetensors"
    told = ("--from-charset", path.with_name("signs.txt"), "--width", 80)
    result = call("export", path, ours, *told)
    assert result.exit_code == 0, result.exception
    assert "assumed: a height of 32 pixels, images stretched" in result.stderr
    config = read_checkpoint(ours).config
    assert (config.charset.characters, config.width) == (SIGNS, 80)
    found = json.loads(call("info", ours, "--json").stdout)
    assert found["assumed"] is None
    assert "assumed" in json.loads(call("info", path, "--json").stdout)["assumed"]


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (["--charset", "all"], "--charset all: a model needs to know its characters"),
        (["--charset", "printable"], "have 36 characters, charset 'printable' has 94"),
        (["--height", "3"], "height is 3: it must be 32 to"),
        (["--width", str(2**40)], "width is 1099511627776: it must be"),
    ],
)
def test_what_does_not_fit_is_named(path: Path, told: list[str], message: str) -> None:
    result = call("predict", path.with_name("word.png"), "--checkpoint", path, *told)
    assert isinstance(result.exception, UsageError)
    assert message in str(result.exception)
