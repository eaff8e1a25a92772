"""`htrmodel lm`, and reading with what it makes."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import htrdata
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.errors import BadDataError, HtrError, SourceMissingError, UsageError
from htrdata.sources.imgur5k.source import Imgur5K
from htrmodel.checkpoint.native import save
from htrmodel.cli.commands import commands
from htrmodel.language.counting import read_texts
from htrmodel.language.knowledge import read_knowledge
from htrmodel.language.model import load_model

from ..conftest import BuildRecogniser


def call(*words: object) -> Result:
    return CliRunner().invoke(commands, list(map(str, words)))


@pytest.fixture
def lm(tmp_path: Path) -> Path:
    (tmp_path / "text.txt").write_text("the other one then there the others")
    result = call("lm", tmp_path / "text.txt", "--out", tmp_path / "the.lm", "--order", 4)
    assert "n-grams of up to 4 characters, of 7 words, 6 different; 7 characters" in result.output
    return tmp_path / "the.lm"


def test_rare_n_grams_are_left_out_where_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("together " * 3 + "gathered " * 2)
    sizes = []
    for least in (1, 3, 4):
        assert call("lm", tmp_path / "text.txt", "--out", tmp_path / "it.lm", "--least", least).exit_code == 0
        sizes.append(len(load_model(tmp_path / "it.lm").symbols))
    assert sizes[0] > sizes[1] > sizes[2]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("language")
    draw_sample(folder / "imgur5k", pages=12, words_per_page=10, megapixels=(0.1, 0.2), plain=True)
    htrdata.build(Imgur5K(folder / "imgur5k"), folder / "lmdb", workers=1)
    return folder / "lmdb"


def test_evaluate_shows_both_figures_and_says_what_was_read_with(
    lm: Path, store: Path, build: BuildRecogniser, tmp_path: Path
) -> None:
    save(build("None-VGG-None-CTC"), tmp_path / "it.safetensors")
    options = ("evaluate", "--data", store, "--checkpoint", tmp_path / "it.safetensors", "--resamples", 100)
    (tmp_path / "words.txt").write_text("the\nother\t5\n")
    shown = call(*options, "--lm", lm, "--lm-weight", 0.5, "--lexicon", tmp_path / "words.txt", "--beam", 3)
    assert shown.exit_code == 0, shown.output
    assert shown.output.count("read with lm:the.lm@") == 1
    assert "it.safetensors with lm:the.lm@" in " ".join(shown.output.split())
    assert "with:lm:the.lm@" in shown.output.replace("\n", "")
    assert "unseen in train split, every word" in shown.output
    document = json.loads(call(*options, "--lm", lm, "--json").stdout)
    without, with_it = document["judgements"]
    assert without["aids"] is None
    assert with_it["aids"].startswith("lm:the.lm@")
    assert "|with:" not in without["figures"][0]["signature"]
    subsets = {one["subset"] for one in document["comparisons"][0]["differences"]}
    assert {"all", "seen", "unseen"} <= subsets


def test_variants_of_an_image_vote_where_that_is_asked_for(
    lm: Path, store: Path, build: BuildRecogniser, tmp_path: Path
) -> None:
    save(build("None-VGG-None-CTC"), tmp_path / "it.safetensors")
    options = ("evaluate", "--data", store, "--checkpoint", tmp_path / "it.safetensors", "--resamples", 100, "--json")
    for more, aids in (((), "tta:7"), (("--lm", lm, "--beam", 2), "+tta:7")):
        shown = call(*options, "--tta", *more, "--save", tmp_path / "read.csv")
        assert shown.exit_code == 0, shown.output
        without, with_it = json.loads(shown.stdout)["judgements"]
        assert without["aids"] is None
        assert with_it["aids"].endswith(aids)
    shown = call(
        "predict", store, "--checkpoint", tmp_path / "it.safetensors", "--tta", "--lm", lm, "--beam", 2, "--json"
    )
    assert {one["text"] for one in json.loads(shown.stdout)}
    with (tmp_path / "read.csv").open() as file:
        saved = {row["id"]: row["text"] for row in csv.DictReader(file)}
    read = {one["name"].rpartition("/")[2]: one["text"] for one in json.loads(shown.stdout)}
    assert saved == {word_id: read[word_id] for word_id in saved}


def test_predict_reads_with_it(lm: Path, store: Path, build: BuildRecogniser, tmp_path: Path) -> None:
    save(build("None-VGG-None-CTC"), tmp_path / "it.safetensors")
    shown = call("predict", store, "--checkpoint", tmp_path / "it.safetensors", "--lm", lm, "--lm-weight", 9, "--json")
    assert shown.exit_code == 0, shown.output
    readings = [one["text"] for one in json.loads(shown.stdout)]
    # So much weight leaves little but what stands in the text.
    assert sum(set(text) <= set("theornsr") for text in readings) > len(readings) / 2


def test_predict_says_which_letters_of_the_language_are_not_written(
    lm: Path, store: Path, build: BuildRecogniser, tmp_path: Path
) -> None:
    save(build("None-VGG-None-CTC"), tmp_path / "it.safetensors")
    (tmp_path / "text.txt").write_text("été élève clé thé " * 3 + "the other ones " * 3)
    assert call("lm", tmp_path / "text.txt", "--out", tmp_path / "cle.lm").exit_code == 0
    shown = call("predict", store, "--checkpoint", tmp_path / "it.safetensors", "--lm", tmp_path / "cle.lm")
    assert "cle.lm@" in shown.stderr
    assert "are letters that the charset printable lacks (é è …)" in shown.stderr
    assert "lacks" not in call("predict", store, "--checkpoint", tmp_path / "it.safetensors", "--lm", lm).stderr


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"lm": "none.lm"}, SourceMissingError, "htrmodel lm"),
        ({"lexicon": "none.txt"}, SourceMissingError, "no lexicon"),
        ({"lexicon": "empty.txt"}, BadDataError, "no word"),
        ({"lexicon": "latin.txt"}, BadDataError, "UTF-8"),
        ({"lexicon": "pipe"}, BadDataError, "a pipe"),
        ({"lexicon": "/dev/zero"}, BadDataError, "a device"),
        ({"lm": "pipe"}, SourceMissingError, "no language model"),
        ({"lm": "/dev/zero"}, SourceMissingError, "no language model"),
        ({"weight": 0.5}, UsageError, "--lm-weight"),
        ({"lexicon_weight": 0.5}, UsageError, "--lexicon-weight"),
        ({"beam": 5}, UsageError, "--beam"),
    ],
)
def test_options_that_do_not_fit(options: dict[str, object], error: type[HtrError], said: str, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n")
    (tmp_path / "latin.txt").write_bytes("Bücher".encode("latin-1"))
    os.mkfifo(tmp_path / "pipe")
    files = {name: tmp_path / value if isinstance(value, str) else None for name, value in options.items()}
    numbers = {name: value for name, value in options.items() if not isinstance(value, str)}
    with pytest.raises(error, match=said):
        read_knowledge(files.get("lm"), files.get("lexicon"), **numbers)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["pipe", "/dev/zero", "."])
def test_texts_are_files(text: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadDataError, match="where a file is expected"):
        read_texts([tmp_path / text])


def test_what_others_have_read_is_not_read_again(lm: Path, store: Path, tmp_path: Path) -> None:
    result = call("evaluate", "--data", store, "--predictions", tmp_path / "a.csv", "--lm", lm)
    assert isinstance(result.exception, UsageError)
    assert "--predictions" in str(result.exception)
