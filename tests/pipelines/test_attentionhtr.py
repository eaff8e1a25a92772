"""AttentionHTR's recipe, in miniature: the whole way, its results, and its table."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner, Result

from htrdata.errors import CannotCreateError, SourceMissingError

from .conftest import LoadPipeline


@pytest.fixture(scope="module")
def attentionhtr(load_pipeline: LoadPipeline) -> ModuleType:
    return load_pipeline("attentionhtr")


def call(attentionhtr: ModuleType, out: Path, start: Path | str, *words: object) -> Result:
    fixed = ["--sample", "--out", out, "--str-weights", start, "--device", "cpu"]
    return CliRunner().invoke(attentionhtr.main, list(map(str, [*fixed, *words])))


@pytest.fixture(scope="module")
def done(attentionhtr: ModuleType, tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The whole sample."""
    out = tmp_path_factory.mktemp("attentionhtr")
    result = call(attentionhtr, out, tiny)
    assert result.exit_code == 0, result.exception
    return out, result


def lines(result: Result) -> list[str]:
    return [line for line in result.stdout.splitlines() if re.match("imgur5k |iam_aachen ", line)]


def test_it_has_all_of_the_ablation_beside_the_paper(done: tuple[Path, Result]) -> None:
    table = lines(done[1])
    assert len(table) == 2 * (2 * 2 * 2 + 2 * 2)  # charsets x (IAM: ways x heads x splits, Imgur5K: heads x splits)
    found = {tuple(line.split()[:5]): line for line in table}
    assert len(found) == len(table)
    with_paper = {key for key, line in found.items() if "–" not in line}
    iam = [("iam_aachen", "printable", way, head, "val") for way in ("scratch", "transfer") for head in ("CTC", "Attn")]
    assert with_paper == {*iam, ("iam_aachen", "printable", "transfer", "Attn", "test")}
    line = found["iam_aachen", "printable", "transfer", "Attn", "val"]
    assert re.fullmatch(r".*val +[\d.]+ \[.*\] +4\.84 +[\d.]+ \[.*\] +11\.97 +[\d.]+ +[\d.]+", line)
    assert "no figure here means anything" in done[1].stdout
    assert (done[0] / "table.txt").read_text() in done[1].stdout


def test_the_table_is_made_of_the_results(done: tuple[Path, Result]) -> None:
    out, result = done
    figures = [
        json.loads((out / "results" / f"iam_aachen-scratch-CTC-alnum-seed{seed}.json").read_text())["figures"]["test"]
        for seed in (0, 1)
    ]
    (line,) = [line for line in lines(result) if line.split()[:5] == ["iam_aachen", "alnum", "scratch", "CTC", "test"]]
    mean = sum(100 * one["attentionhtr_norm_ed"]["value"] for one in figures) / 2
    assert float(line.split()[5]) == pytest.approx(mean, abs=0.006)


def test_the_transfer_goes_from_the_start_over_imgur5k_to_iam(done: tuple[Path, Result], tiny: Path) -> None:
    def result(name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((done[0] / "results" / f"{name}.json").read_text())
        return found

    first, second = (result(f"{name}-transfer-Attn-printable-seed0") for name in ("imgur5k", "iam_aachen"))
    alone = result("iam_aachen-scratch-Attn-printable-seed0")
    starts = [one["asked"]["start"] for one in (first, second, alone)]
    assert starts == [hashlib.sha256(tiny.read_bytes()).hexdigest(), first["sha256"], "scratch"]
    config = json.loads((done[0] / "runs/iam_aachen-transfer-Attn-printable-seed0/config.json").read_text())
    assert config["start"] == first["sha256"]
    assert config["model"]["architecture"] == "None-VGG-BiLSTM-Attn"
    assert config["model"]["output_channel"] == 16
    assert re.search(r"starting from .*tiny.safetensors: None-VGG-BiLSTM-Attn.*; .*prediction new", done[1].stderr)


def test_what_is_done_is_not_done_again(done: tuple[Path, Result], attentionhtr: ModuleType, tiny: Path) -> None:
    out, result = done
    files = {path: path.read_bytes() for path in (out / "results").iterdir()}
    gone = out / "results" / "iam_aachen-transfer-CTC-alnum-seed1.json"
    gone.unlink()
    again = call(attentionhtr, out, tiny)
    assert again.exit_code == 0, again.exception
    assert re.findall("^== (.*)$", again.stderr, re.MULTILINE) == [
        "draw the data sets",
        "train iam_aachen-transfer-CTC-alnum-seed1",
        *(f"judge iam_aachen-transfer-CTC-alnum-seed1, {split}" for split in ("val", "test")),
    ]
    assert lines(again) == lines(result)
    assert {path: path.read_bytes() for path in (out / "results").iterdir()} == files


def test_results_of_other_weights_are_refused(
    done: tuple[Path, Result], attentionhtr: ModuleType, tmp_path: Path, tiny: Path
) -> None:
    same = tmp_path / "same.safetensors"
    same.write_bytes(tiny.read_bytes())
    assert call(attentionhtr, done[0], same, "--charset", "alnum").exit_code == 0  # the content counts, not the name
    refused = call(attentionhtr, done[0], "scratch")
    assert isinstance(refused.exception, CannotCreateError)
    assert "is the result of another model" in str(refused.exception)


def test_a_missing_data_set_is_named(attentionhtr: ModuleType, tmp_path: Path, tiny: Path) -> None:
    words = ["--imgur5k", str(tmp_path / "none"), "--out", str(tmp_path / "out"), "--str-weights", str(tiny)]
    result = CliRunner().invoke(attentionhtr.main, words)
    assert isinstance(result.exception, SourceMissingError)
    assert str(tmp_path / "none") in str(result.exception)
