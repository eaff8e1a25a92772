"""Reading words from files, folders and stores, by checkpoints of every kind."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from htrdata.errors import BadDataError, SourceMissingError, UsageError
from htrmodel.checkpoint.clova import export_clova
from htrmodel.checkpoint.files import read_checkpoint
from htrmodel.checkpoint.native import save
from htrmodel.cli.checkpoint_commands import export, info
from htrmodel.cli.predict_command import predict as command
from htrmodel.recogniser import Recogniser
from htrmodel.runtime.finding import find_images
from htrmodel.runtime.predicting import load_reader, predict_each


@pytest.fixture
def recogniser(build: Callable[..., Recogniser]) -> Recogniser:
    return build("None-VGG-BiLSTM-CTC")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three images of noise in two folders, and a file that is none."""
    rng = np.random.default_rng(0)
    (tmp_path / "words/deeper").mkdir(parents=True)
    for name in ("b.png", "a.JPG", "deeper/c.tif"):
        pixels = rng.integers(0, 256, (40, 90, 3), np.uint8)
        kind = {"png": "PNG", "JPG": "JPEG", "tif": "TIFF"}[name.rsplit(".", 1)[1]]
        Image.fromarray(pixels).save(tmp_path / "words" / name, kind)
    (tmp_path / "words/notes.txt").write_text("no image")
    return tmp_path / "words"


def run(*arguments: object, command: Any = command) -> Result:
    return CliRunner().invoke(command, list(map(str, arguments)))


def test_a_folder_gives_its_images_in_order(folder: Path) -> None:
    names = [Path(image.name).name for image in find_images(folder)]
    assert names == ["a.JPG", "b.png", "c.tif"]


def test_batches_read_what_single_images_read(recogniser: Recogniser, folder: Path) -> None:
    images = list(find_images(folder))
    together = list(predict_each(recogniser, images, batch_size=2))
    alone = [next(iter(predict_each(recogniser, [image]))) for image in images]
    assert [found.text for found in together] == [found.text for found in alone]
    readings = recogniser.read([image.name for image in images])
    assert [found.text for found in together] == [reading.text for reading in readings]
    assert [found.confidence for found in together] == pytest.approx([reading.confidence for reading in readings], 1e-4)


def test_a_bad_image_is_named_and_the_others_are_read(recogniser: Recogniser, folder: Path) -> None:
    (folder / "b.png").write_bytes((folder / "b.png").read_bytes()[:100])
    found = list(predict_each(recogniser, find_images(folder)))
    assert [prediction.problem is None for prediction in found] == [True, False, True]
    assert "b.png: the image is damaged" in str(found[1].problem)
    assert found[1].text is None


def test_places_without_images_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match="there is nothing at"):
        find_images(tmp_path / "gone")
    with pytest.raises(SourceMissingError, match=r"no image in .*\.png"):
        find_images(tmp_path)


def test_a_missing_place_is_said_before_anything_is_read(recogniser: Recogniser, folder: Path, tmp_path: Path) -> None:
    save(recogniser, tmp_path / "model.safetensors")
    done = run(folder, tmp_path / "gone", "--checkpoint", tmp_path / "model.safetensors")
    assert isinstance(done.exception, SourceMissingError)
    assert done.stdout == ""


def test_one_output_at_a_time(folder: Path) -> None:
    done = run(folder, "--checkpoint", "model.safetensors", "--json", "--csv")
    assert isinstance(done.exception, UsageError)
    assert "--json and --csv" in str(done.exception)


def test_every_kind_of_checkpoint_reads_the_same(recogniser: Recogniser, folder: Path, tmp_path: Path) -> None:
    save(recogniser, tmp_path / "model.safetensors")
    export_clova(recogniser, tmp_path / "model.pth")
    assert run(tmp_path / "model.pth", tmp_path / "model.onnx", command=export).exit_code == 0
    outputs = []
    for ending in ("safetensors", "pth", "onnx"):
        done = run(folder, "--checkpoint", tmp_path / f"model.{ending}", "--json")
        assert done.exit_code == 0, done.output
        outputs.append([(found["name"], found["text"]) for found in json.loads(done.stdout)])
    assert outputs[0] == outputs[1] == outputs[2]
    assert len(outputs[0]) == 3


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_a_runtime_for_what_torch_reads_is_refused(
    recogniser: Recogniser, folder: Path, tmp_path: Path, runtime: str
) -> None:
    save(recogniser, tmp_path / "model.safetensors")
    done = run(folder, "--checkpoint", tmp_path / "model.safetensors", "--runtime", runtime)
    assert isinstance(done.exception, UsageError)
    assert f"--runtime {runtime} reads .onnx files" in str(done.exception)
    assert "export" in str(done.exception)


def test_csv_is_quoted_and_complete(recogniser: Recogniser, folder: Path, tmp_path: Path) -> None:
    save(recogniser, tmp_path / "model.safetensors")
    done = run(folder, "--checkpoint", tmp_path / "model.safetensors", "--csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    expected = recogniser.read([image.name for image in find_images(folder)])
    assert [row["text"] for row in rows] == [text for text, _ in expected]
    assert [float(row["confidence"]) for row in rows] == pytest.approx([c for _, c in expected], abs=1e-5)


def test_parts_are_the_whole(recogniser: Recogniser, folder: Path, tmp_path: Path) -> None:
    save(recogniser, tmp_path / "model.safetensors")

    def names(*part: str) -> list[str]:
        done = run(folder, "--checkpoint", tmp_path / "model.safetensors", "--csv", *part)
        assert done.exception is None
        return [row["name"] for row in csv.DictReader(io.StringIO(done.stdout))]

    parts = [names("--part", f"{number}/3") for number in (1, 2, 3)]
    assert sorted(name for part in parts for name in part) == sorted(names())
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert isinstance(run(folder, "--part", "4/3").exception, UsageError)


def test_a_bad_image_makes_the_command_fail_after_the_others(
    recogniser: Recogniser, folder: Path, tmp_path: Path
) -> None:
    save(recogniser, tmp_path / "model.safetensors")
    (folder / "b.png").write_text("<html>")
    done = run(folder, "--checkpoint", tmp_path / "model.safetensors")
    assert isinstance(done.exception, BadDataError)
    assert "1 of 3 images could not be read" in str(done.exception)
    assert len(done.stdout.splitlines()) == 2
    assert "b.png" in done.stderr


def test_onnx_needs_no_torch_opencv_pandas_or_pyarrow(recogniser: Recogniser, folder: Path, tmp_path: Path) -> None:
    from htrmodel.runtime.onnx_export import export_onnx

    export_onnx(recogniser, tmp_path / "model.onnx")
    code = (
        "import sys, pathlib\n"
        "import htrmodel\n"
        "from htrmodel.runtime.predicting import load_reader\n"
        f"reader = load_reader(pathlib.Path({str(tmp_path / 'model.onnx')!r}))\n"
        f"texts = [found.text for found in htrmodel.predict({str(folder)!r}, reader)]\n"
        "print(len(texts), sorted({'torch', 'cv2', 'pandas', 'pyarrow', 'lmdb'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "3 []"


def test_a_checkpoint_needs_no_opencv_pandas_or_pyarrow(recogniser: Recogniser, folder: Path, tmp_path: Path) -> None:
    save(recogniser, tmp_path / "model.safetensors")
    code = (
        "import sys, pathlib\n"
        "import htrmodel\n"
        "from htrmodel.runtime.predicting import load_reader\n"
        f"reader = load_reader(pathlib.Path({str(tmp_path / 'model.safetensors')!r}))\n"
        f"texts = [found.text for found in htrmodel.predict({str(folder)!r}, reader)]\n"
        "print(len(texts), sorted({'cv2', 'pandas', 'pyarrow', 'lmdb'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "3 []"


@pytest.mark.parametrize("name", ["model.safetensors", "model.pth", "model.onnx"])
def test_a_missing_checkpoint_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceMissingError, match=name):
        load_reader(tmp_path / name)


def test_info_says_what_a_checkpoint_is(recogniser: Recogniser, tmp_path: Path) -> None:
    data = {"train": {"drawn": "ab12"}, "ratios": None, "trained_on": [{"name": "drawn", "settings": {"seed": "0"}}]}
    save(recogniser, tmp_path / "model.safetensors", metrics={"val loss": 0.5}, data=data)
    done = run(tmp_path / "model.safetensors", command=info)
    assert "None-VGG-BiLSTM-CTC" in done.stdout
    assert "charset printable of 94" in done.stdout
    lines = done.stdout.splitlines()
    expected = ["metrics val loss: 0.5", "data train drawn: ab12"]
    assert lines[-4:] == [*expected, "data trained_on 1 name: drawn", "data trained_on 1 settings seed: 0"]
    document = json.loads(run(tmp_path / "model.safetensors", "--json", command=info).stdout)
    assert document["parameters"] == sum(parameter.numel() for parameter in recogniser.parameters())


def test_export_keeps_the_record(recogniser: Recogniser, tmp_path: Path) -> None:
    save(recogniser, tmp_path / "a.safetensors", metrics={"loss": 1.0}, data={"train": {"drawn": "ab12"}})
    assert run(tmp_path / "a.safetensors", tmp_path / "b.safetensors", command=export).exit_code == 0
    first, second = (read_checkpoint(tmp_path / f"{name}.safetensors") for name in "ab")
    assert (first.metrics, first.data) == (second.metrics, second.data)


def test_export_in_half(recogniser: Recogniser, tmp_path: Path) -> None:
    save(recogniser, tmp_path / "a.safetensors", data={"synthetic_only": True})
    done = run(tmp_path / "a.safetensors", tmp_path / "b.safetensors", "--half", command=export)
    assert done.exit_code == 0, done.exception
    sizes = [(tmp_path / f"{name}.safetensors").stat().st_size for name in "ab"]
    assert sizes[1] < 0.6 * sizes[0]
    assert read_checkpoint(tmp_path / "b.safetensors").synthetic_only
    done = run(tmp_path / "a.safetensors", tmp_path / "b.pth", "--half", command=export)
    assert isinstance(done.exception, UsageError)
    assert "--half is for .safetensors and .onnx" in str(done.exception)


@pytest.mark.parametrize("command", [info, export])
def test_an_onnx_is_to_read_with_alone(recogniser: Recogniser, tmp_path: Path, command: Any) -> None:
    from htrmodel.runtime.onnx_export import export_onnx

    export_onnx(recogniser, tmp_path / "model.onnx")
    more = [tmp_path / "out.pth"] if command is export else []
    done = run(tmp_path / "model.onnx", *more, command=command)
    assert isinstance(done.exception, UsageError), done.exception
    assert "an .onnx is a graph, which `htrmodel predict`, `evaluate` and `align --xml` read with" in str(
        done.exception
    )


def test_export_is_told_by_the_ending(recogniser: Recogniser, tmp_path: Path) -> None:
    save(recogniser, tmp_path / "model.safetensors")
    done = run(tmp_path / "model.safetensors", tmp_path / "model.pkl", command=export)
    assert isinstance(done.exception, UsageError)
    assert "ends in none of .safetensors, .pth, .onnx" in str(done.exception)
