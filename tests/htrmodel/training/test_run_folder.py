"""Run folders: a run is known again by its configuration, and nothing else is overwritten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from htrdata.errors import BadDataError, CannotCreateError, LockedError
from htrmodel.training.curves import curves_beside, write_curves
from htrmodel.training.run_folder import RunFolder
from htrmodel.training.run_log import RunLog, read_log

CONFIG = {"recipe": {"lr": 1.0, "name": "a"}, "start": "scratch", "freeze": []}


def test_the_same_configuration_is_the_same_run(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "runs" / "one")
    with folder.held():
        folder.prepare(CONFIG)
        folder.log.write_text("kept")
        folder.prepare(CONFIG)
        assert folder.log.read_text() == "kept"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({**CONFIG, "start": "abc"}, r'a run with start "scratch" \(not "abc"\)'),
        ({**CONFIG, "recipe": {"lr": 0.5, "name": "a"}}, r"recipe\.lr 1\.0 \(not 0\.5\)"),
        ({**CONFIG, "more": 1}, r"more null \(not 1\)"),
        ({}, r"recipe .*, start .*, freeze .*"),
    ],
)
def test_another_configuration_is_refused_and_named(tmp_path: Path, other: dict[str, Any], said: str) -> None:
    folder = RunFolder(tmp_path)
    folder.prepare(CONFIG)
    folder.state.write_text("state")
    with pytest.raises(CannotCreateError, match=f"{said}.*--out, or --overwrite"):
        folder.prepare(other)
    assert folder.state.exists()
    folder.prepare(other, overwrite=True)
    assert not folder.state.exists()
    assert json.loads(folder.config.read_text()) == other


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_with_other_files_is_left_alone(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(CannotCreateError, match=r"is no run: it has thesis\.tex"):
        RunFolder(tmp_path).prepare(CONFIG, overwrite=overwrite)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_faults_are_named(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.config.write_text("{")
    with pytest.raises(BadDataError, match=r"config\.json, line 1, column 2: .*; start anew with --overwrite"):
        folder.prepare(CONFIG)
    for line, said in (("nonsense", "a damaged"), ("[1]", "a line without a step"), ("[" * 99_999, "a damaged")):
        folder.log.write_text(f'{{"step": 1}}\n{line}\n{{"step": 2}}\n')
        with pytest.raises(BadDataError, match=rf"log\.jsonl has {said}"):
            read_log(folder.log)
    folder.config.unlink()
    with pytest.raises(BadDataError, match=r"config\.json is missing, and without it nobody knows"):
        folder.prepare(CONFIG)
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotCreateError, match="cannot create"), RunFolder(tmp_path / "file" / "run").held():
        pass


def test_two_processes_do_not_train_in_one_folder(tmp_path: Path) -> None:
    with (
        RunFolder(tmp_path).held(),
        pytest.raises(LockedError, match="another process trains"),
        RunFolder(tmp_path).held(),
    ):
        pass


def test_a_log_loses_what_comes_again_and_what_was_cut_short(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    log = RunLog(folder, "")
    log.write({"step": 1})
    log.write({"step": 2})
    kept = log.digest
    log.close()
    with folder.log.open("a") as file:
        file.write('{"step": 3}\nnonsense\n{"st')
    log = RunLog(folder, kept)
    log.write({"step": 3, "name": "ü"})
    log.close()
    assert folder.log.read_text(encoding="utf-8") == '{"step": 1}\n{"step": 2}\n{"step": 3, "name": "ü"}\n'
    assert [record["step"] for record in log.records] == [1, 2, 3]
    assert read_log(folder.log, log.digest) == log.records


@pytest.mark.parametrize("content", ['{"step": 1}\n', '{"step": 9}\n{"step": 2}\n', "", None])
def test_a_log_that_is_another_is_set_aside(tmp_path: Path, content: str | None) -> None:
    folder = RunFolder(tmp_path)
    log = RunLog(folder, "")
    log.write({"step": 1})
    log.write({"step": 2})
    log.close()
    folder.log.unlink()
    if content is not None:
        folder.log.write_text(content)
    again = RunLog(folder, log.digest)
    assert again.records == []
    assert folder.log.read_bytes() == b""
    assert folder.log_aside.exists() == (content is not None)
    assert content is None or folder.log_aside.read_text() == content


def _validation(step: int, loss: float, cer: float) -> dict[str, Any]:
    figures = {"loss": loss, "cer": cer}
    return {"step": step, "val": {"one": figures, "two": {"loss": loss / 2, "cer": cer / 2}}, "train": figures}


def test_curves_go_where_the_numbers_are(tmp_path: Path) -> None:
    path = tmp_path / "curves.png"
    records = [_validation(0, 8.0, 1.0), {"step": 50, "loss": 4.0}, _validation(100, 8.0, 0.5)]
    write_curves(records, path)
    with Image.open(path) as image:
        pixels = np.asarray(image).astype(int)
    assert pixels.shape == (760, 1000, 3)
    # The curve of the first data set, in its own colour: level above, falling below.
    blue = (abs(pixels - (0x1F, 0x6F, 0xB4)).sum(2) < 60)[:, 80:800]
    rows = [np.flatnonzero(half.any(1)) for half in (blue[:340], blue[380:])]
    assert np.ptp(rows[0]) < 12
    assert np.ptp(rows[1]) > 100


@pytest.mark.parametrize("best", [0, 100, None])
def test_the_best_step_is_marked(tmp_path: Path, best: int | None) -> None:
    records = [_validation(step, 8.0, 1.0) | {"best": step == best, "select": "cer"} for step in (0, 100, 200)]
    write_curves(records, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as image:
        pixels = np.asarray(image.convert("L")).astype(int)
    dark = (pixels[60:320] < 150).mean(0)  # a line from top to bottom of the upper diagram
    columns = np.flatnonzero(dark[60:840] > 0.9) + 60
    assert columns.size == 0 if best is None else abs(columns.mean() - (70 + 750 * best / 200)) < 2


@pytest.mark.parametrize("records", [[], [{"step": 0, "loss": 0.0}], [_validation(0, 1e9, 30.0)]])
def test_curves_of_little_or_wild_data_are_drawn(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    write_curves(records, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as image:
        assert image.size == (1000, 760)


def test_curves_of_a_run_beside_its_checkpoint_are_drawn_with_the_chosen_step(tmp_path: Path) -> None:
    records = [_validation(step, 8.0, 1.0) | {"best": step == 100, "select": "cer"} for step in (0, 100, 200)]
    for name in ("run", "empty", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "run/log.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    (tmp_path / "empty/log.jsonl").write_text("")
    places = [tmp_path / name / "best.safetensors" for name in ("run", "empty", "other")]
    found = curves_beside([*places, places[0]])
    assert list(found) == [str(tmp_path / "run")]
    assert found == curves_beside(places)
    svg = found[str(tmp_path / "run")]
    assert all(text in svg for text in ("<svg", "chosen: step 100", "one", "two", "currentColor"))


def test_what_a_killed_process_was_writing_is_nobody_s_file(tmp_path: Path) -> None:
    for name in (".config.json.123.tmp", ".best.safetensors.9.tmp"):
        (tmp_path / name).write_text("{")
    RunFolder(tmp_path).prepare(CONFIG)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]
