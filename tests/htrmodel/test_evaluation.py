"""Recognisers judged on a store, alone, together and beside other systems."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import htrdata
import htrmodel
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.errors import BadDataError, HtrError, UsageError
from htrdata.labels import ALNUM, least_steps
from htrdata.sources.imgur5k.source import Imgur5K
from htrdata.store.reading import Dataset
from htrmodel import starter
from htrmodel.checkpoint.native import save
from htrmodel.cli.evaluate_command import evaluate
from htrmodel.cli.finetune_command import finetune
from htrmodel.cli.predict_command import predict
from htrmodel.data.cache import decoded_words
from htrmodel.data.divisions import divided
from htrmodel.data.origins import StoredSplit
from htrmodel.data.samples import open_samples
from htrmodel.evaluation.ensembles import vote
from htrmodel.evaluation.reading import read_split
from htrmodel.judging.predictions import Predictions
from htrmodel.recogniser import Recogniser

from ..stores import read_document, without, write_document


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluate")
    draw_sample(folder / "imgur5k", pages=12, words_per_page=10, megapixels=(0.1, 0.2), plain=True)
    htrdata.build(Imgur5K(folder / "imgur5k"), folder / "lmdb", workers=1)
    return folder / "lmdb"


@pytest.fixture
def dataset(store: Path) -> Dataset:
    return htrdata.open(store).dataset("imgur5k")


def run(*arguments: object, command: click.Command = evaluate) -> Result:
    return CliRunner().invoke(command, list(map(str, arguments)))


def test_a_split_is_read_as_its_images_are_read(build: Callable[..., Recogniser], dataset: Dataset) -> None:
    recogniser = build("None-VGG-None-CTC", charset=ALNUM)
    predictions = read_split(recogniser, dataset, "test", batch_size=4)
    words = dataset.words("test")
    readings = recogniser.read([word.image for word in words])
    assert predictions.texts == {word.id: text for word, (text, _) in zip(words, readings, strict=True)}
    unspelt = {word.id for word in words if ALNUM.missing(word.text)}
    assert set(predictions.left_out) == unspelt
    assert unspelt


def test_as_many_processes_decode_as_pay(
    build: Callable[..., Recogniser], dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def decoded(*given: object, workers: int) -> object:
        asked.append(workers)
        return decoded_words(*given, workers=1)  # type: ignore[arg-type]

    monkeypatch.setattr("htrmodel.evaluation.reading.decoded_words", decoded)
    monkeypatch.setattr("htrmodel.evaluation.reading.usable_cores", lambda: 3)
    recogniser, words = build("None-VGG-None-CTC"), len(dataset.words("test"))
    for enough in (words + 1, words // 2, 1):
        monkeypatch.setattr("htrmodel.evaluation.reading._WORDS_PER_WORKER", enough)
        read_split(recogniser, dataset, "test")
    read_split(recogniser, dataset, "test", workers=5)
    assert asked == [1, 2, 3, 5]


def test_words_that_ctc_has_no_steps_for_are_left_out(build: Callable[..., Recogniser], dataset: Dataset) -> None:
    recogniser = build("None-VGG-None-CTC", width=24)
    assert recogniser.config.steps == 5
    left_out = read_split(recogniser, dataset, "test").left_out
    expected = {word.id for word in dataset.words("test") if least_steps(word.text) > 5}
    assert {word for word, reason in left_out.items() if reason == "too_long"} == expected
    assert any(len(word.text) <= 5 for word in dataset.words("test") if word.id in expected)
    assert 0 < len(expected) < len(dataset.words("test"))


def test_the_surest_text_wins_a_vote() -> None:
    members = [
        Predictions({"a": "x", "b": "same"}, {"a": "too_long"}, {"a": 0.4, "b": 0.1}),
        Predictions({"a": "y", "b": "same"}, {"a": "too_long", "b": "too_long"}, {"a": 0.3, "b": 0.2}),
        Predictions({"a": "y", "b": "other"}, {"a": "too_long"}, {"a": 0.2, "b": 0.25}),
    ]
    voted = vote(members)
    assert voted.texts == {"a": "y", "b": "same"}
    assert voted.confidences == {"a": pytest.approx(0.5 / 3), "b": pytest.approx(0.1)}
    assert voted.left_out == {"a": "too_long"}
    with pytest.raises(ValueError, match="the same words"):
        vote([members[0], Predictions({"a": "x"}, {}, {"a": 1.0})])


def test_a_checkpoint_an_ensemble_and_a_file_are_judged(
    build: Callable[..., Recogniser], store: Path, dataset: Dataset, tmp_path: Path
) -> None:
    for seed in (0, 1):
        save(build("None-VGG-None-CTC", seed=seed), tmp_path / f"{seed}.safetensors")
    perfect = tmp_path / "perfect.csv"
    with perfect.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["id", "text"])
        table.writerows((word.id, word.text) for word in dataset.words("test"))
    checkpoints = ["--checkpoint", tmp_path / "0.safetensors", "--checkpoint", tmp_path / "1.safetensors"]
    done = run("--data", store, *checkpoints, "--predictions", perfect, "--save", tmp_path / "read.parquet", "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    ensemble, file = document["judgements"]
    assert file["figures"][0]["metrics"]["micro_cer"]["value"] == 0
    assert ensemble["figures"][0]["metrics"]["accuracy"]["value"] < 0.1  # random weights read nothing
    assert len(document["comparisons"]) == 1
    # What was saved is judged as the ensemble itself was.
    again = json.loads(run("--data", store, "--predictions", tmp_path / "read.parquet", "--json").stdout)
    first = [figures["metrics"]["micro_cer"]["value"] for figures in ensemble["figures"]]
    second = [figures["metrics"]["micro_cer"]["value"] for figures in again["judgements"][0]["figures"]]
    assert first == second


def test_the_table_fits_a_terminal_and_knows_training_words(
    build: Callable[..., Recogniser], store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(build("None-VGG-None-CTC"), tmp_path / "model.safetensors")
    (tmp_path / "lmdb").symlink_to(store)
    monkeypatch.chdir(tmp_path)  # a path that is printed is as long as it is
    done = run("--data", "lmdb", "--checkpoint", "model.safetensors")
    assert done.exit_code == 0, done.output
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert " seen in train split" in done.stdout
    assert "unseen in train split" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], f"this installation lacks the starter weights '{starter.DEFAULT}'"),
        (["--checkpoint", "gone.pth"], "no checkpoint at gone.pth"),
        (["--predictions", "gone.csv"], "no predictions at gone.csv"),
        (["--predictions", "gone.csv", "--name", "iam"], "no data set 'iam'"),
        (["--checkpoint", "MODEL", "--split", "dev"], "no dev words"),
        (["--checkpoint", "MODEL", "--device", "cuda:99"], "no cuda:99"),
        (["--checkpoint", "MODEL", "--device", "tpu"], "'tpu' is no device"),
    ],
)
def test_errors_are_one_sentence(
    build: Callable[..., Recogniser],
    store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.setattr(starter, "FOLDER", tmp_path)
    save(build("None-VGG-None-CTC"), tmp_path / "model.safetensors")
    done = run("--data", store, *(str(tmp_path / "model.safetensors") if a == "MODEL" else a for a in arguments))
    assert done.exit_code == 1
    assert message in str(done.exception)


@pytest.mark.parametrize(
    ("changed", "accepted"),
    [
        ({}, True),
        ({"corpus": "Another"}, True),
        ({"scheme": "other"}, False),
        ({"scheme": "fold", "parameters": {"fold": "1/5", "seed": "0"}}, False),
    ],
)
def test_a_checkpoint_of_another_split_is_refused(
    build: Callable[..., Recogniser],
    store: Path,
    dataset: Dataset,
    tmp_path: Path,
    changed: dict[str, Any],
    accepted: bool,
) -> None:
    known = divided(dataset)
    known = dataclasses.replace(known, name="mine", division=dataclasses.replace(known.division, **changed))
    data = {"trained_on": [known.to_json()]}
    save(build("None-VGG-None-CTC"), tmp_path / "model.safetensors", data=data)
    done = run("--data", store, "--checkpoint", tmp_path / "model.safetensors", "--resamples", 100)
    if accepted:
        assert done.exit_code == 0, done.exception
    else:
        assert isinstance(done.exception, UsageError)
        assert "was trained on mine (" in str(done.exception)
        assert "otherwise than imgur5k (published)" in str(done.exception)


def test_the_starter_is_judged_where_nothing_is_named(
    build: Callable[..., Recogniser], store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starter, "FOLDER", tmp_path)
    drawn = {"name": "synth", "title": "Drawn", "source": "synth", "settings": {"seed": "0"}}
    save(
        build("None-VGG-None-CTC"),
        tmp_path / starter.STARTERS[str(starter.DEFAULT)],
        data={"trained_on": [drawn]},
        half=True,
    )
    done = run("--data", store, "--resamples", 100)
    assert done.exit_code == 0, done.exception
    assert (
        f"{starter.DEFAULT} weights: trained on real and drawn handwriting; --checkpoint FILE takes others"
        in done.stderr
    )
    assert done.stdout.startswith(f"{starter.DEFAULT} on imgur5k test")
    (tmp_path / "read.csv").write_text("id,text\n")
    done = run("--data", store, "--predictions", tmp_path / "read.csv", "--missing-is-wrong", "--resamples", 100)
    assert done.exit_code == 0, done.exception
    assert done.stderr == ""


@pytest.mark.skipif(os.name != "posix", reason="names of bytes")
def test_a_path_that_is_no_text_is_as_good_as_any(
    build: Callable[..., Recogniser], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sample, a store, a checkpoint, a training and what was read: all in a folder whose name is of bytes."""
    root = tmp_path / os.fsdecode(b"caf\xe9 \x1b[31m")
    try:
        root.mkdir()
    except OSError as error:
        pytest.skip(f"this file system wants names in Unicode: {error}")
    draw_sample(root / "imgur5k", pages=6, words_per_page=5, megapixels=(0.1, 0.2), plain=True)
    htrdata.build(Imgur5K(root / "imgur5k"), root / "lmdb", workers=1)
    assert all(not dataset.problems for dataset in htrdata.verify(root / "lmdb"))
    save(build("None-VGG-None-CTC"), root / "start.safetensors")
    words = ["--from", root / "start.safetensors", "--data", root / "lmdb", "--out", root / "run", "--steps", 1]
    trained = run(*words, "--batch-size", 4, "--workers", 1, "--device", "cpu", "--json", command=finetune)
    assert trained.exit_code == 0, trained.exception
    shown = f"{tmp_path}/caf\\udce9 "
    assert json.loads(trained.stdout_bytes.decode())["run"] == f"{shown}\x1b[31m/run"
    judged = run(
        *("--data", root / "lmdb", "--checkpoint", root / "run/last.safetensors", "--split", "train"),
        *("--resamples", 100, "--json", "--save", root / "read.parquet"),
    )
    assert judged.exit_code == 0, judged.exception
    assert json.loads(judged.stdout_bytes.decode())["judgements"][0]["system"].startswith(shown)
    again = run("--data", root / "lmdb", "--predictions", root / "read.parquet", "--split", "train", "--resamples", 100)
    assert again.exit_code == 0, again.exception
    assert "\x1b" not in trained.output + judged.output + again.output
    plain = root / os.fsdecode(b"\xe9")
    for split in ("train", "val"):
        shutil.copytree(root / "lmdb" / split / "imgur5k", plain / split)
    monkeypatch.chdir(root)
    trained = run("--small", "--data", plain, "--steps", 1, "--workers", 1, "--cache", root / "cache", command=finetune)
    assert trained.exit_code == 0, trained.exception
    assert Path("runs/\\udce9-small/best.safetensors").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--resamples", 10], "10 resamples are too few"),
        (["--save", "x.txt"], "x.txt does not end in"),
        (["--save", "nowhere/x.csv"], "there is no folder nowhere"),
        (["--split", "tset"], "has no tset words"),
        (["--predictions", "gone.csv"], "there are no predictions at gone.csv"),
    ],
)
def test_what_cannot_be_is_said_before_a_word_is_read(
    build: Callable[..., Recogniser],
    store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[object],
    said: str,
) -> None:
    save(build("None-VGG-None-CTC"), tmp_path / "model.safetensors")
    monkeypatch.setattr("htrmodel.evaluation.reading.read_split", lambda *_, **__: pytest.fail("words are read"))
    done = run("--data", store, "--checkpoint", tmp_path / "model.safetensors", *words)
    assert isinstance(done.exception, HtrError), done.exception
    assert said in str(done.exception)
    if "--resamples" in words:
        with pytest.raises(UsageError, match=said):
            htrmodel.evaluate(tmp_path / "model.safetensors", store, resamples=10)


def test_what_predict_prints_of_a_store_is_judged(
    build: Callable[..., Recogniser], store: Path, tmp_path: Path
) -> None:
    save(build("None-VGG-None-CTC"), tmp_path / "model.safetensors")
    printed = CliRunner().invoke(predict, [str(store), "--checkpoint", str(tmp_path / "model.safetensors"), "--csv"])
    (tmp_path / "read.csv").write_text(printed.stdout)
    done = run("--data", store, "--predictions", tmp_path / "read.csv", "--resamples", 100, "--json")
    assert done.exit_code == 0, done.exception
    read = run("--data", store, "--checkpoint", tmp_path / "model.safetensors", "--resamples", 100, "--json")
    theirs, ours = (json.loads(one.stdout)["judgements"][0]["figures"] for one in (done, read))
    assert theirs[0]["metrics"] == ours[0]["metrics"]


def test_checkpoints_of_unlike_charsets_cannot_vote(
    build: Callable[..., Recogniser], store: Path, tmp_path: Path
) -> None:
    save(build("None-VGG-None-CTC"), tmp_path / "94.safetensors")
    save(build("None-VGG-None-CTC", charset=ALNUM), tmp_path / "36.safetensors")
    done = run(
        "--data", store, "--checkpoint", tmp_path / "94.safetensors", "--checkpoint", tmp_path / "36.safetensors"
    )
    assert "different charsets" in str(done.exception)


@pytest.mark.parametrize("place", [("leaks",), ("options", "charset"), ("shards", "test/imgur5k", "split"), ("kept",)])
def test_a_damaged_description_ends_each_command_in_one_sentence(
    store: Path, tmp_path: Path, place: tuple[str, ...]
) -> None:
    copy = Path(shutil.copytree(store, tmp_path / "lmdb"))
    write_document(copy, without(read_document(copy, "imgur5k"), place), "imgur5k")
    (tmp_path / "read.csv").write_text("id,text\n")
    for command, arguments in (
        (evaluate, ["--predictions", tmp_path / "read.csv", "--missing-is-wrong"]),
        (finetune, ["--small", "--out", tmp_path / "run"]),
    ):
        done = CliRunner().invoke(command, ["--data", str(copy), *map(str, arguments)])
        assert isinstance(done.exception, BadDataError), done.output
        assert f"dataset.json is damaged: the field {'.'.join(place[:1])}" in str(done.exception)
        assert place[-1] in str(done.exception)
    with pytest.raises(BadDataError, match=r"dataset\.json is damaged"):
        htrdata.verify(copy)


@pytest.mark.parametrize(
    ("split", "told"),
    [("train", "was trained on these very words"), ("val", "was chosen by these very words"), ("test", None)],
)
def test_words_that_a_training_had_are_told(
    build: Callable[..., Recogniser], dataset: Dataset, split: str, told: str | None
) -> None:
    recogniser = build("None-VGG-None-CTC", charset=ALNUM)
    digests = {
        one: open_samples(StoredSplit(dataset, one), recogniser.config.label_policy).digest for one in dataset.splits
    }
    recogniser.data = {one: {"under another name": digests[one], "other": "ab" * 32} for one in ("train", "val")}
    said: list[str] = []
    htrmodel.evaluate(recogniser, dataset, split=split, say=said.append, resamples=100)
    assert [one for one in said if "these very words" in one] == ([] if told is None else said)
    assert told is None or (len(said) == 1 and told in said[0])
    # Of val words it may have had a sample: then it is the train words that tell.
    recogniser.data = {"train": {dataset.name: digests["train"]}, "val": {dataset.name: "ab" * 32}}
    said.clear()
    htrmodel.evaluate(recogniser, dataset, split=split, say=said.append, resamples=100)
    assert len(said) == (told is not None)
    # Of others, of the same name and number, it says nothing.
    recogniser.data = {one: {dataset.name: "ab" * 32} for one in ("train", "val")}
    said.clear()
    htrmodel.evaluate(recogniser, dataset, split=split, say=said.append, resamples=100)
    assert not said
