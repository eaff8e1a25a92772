"""The quickstart, smaller."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner, Result

import htrdata

from .conftest import PIPELINES, LoadPipeline


@pytest.fixture(scope="module")
def quickstart(load_pipeline: LoadPipeline) -> ModuleType:
    return load_pipeline("quickstart")


def call(quickstart: ModuleType, out: Path, start: Path | str) -> Result:
    words = ["--out", out, "--start", start, "--pages", 10, "--epochs", 1, "--device", "cpu"]
    return CliRunner().invoke(quickstart.main, list(map(str, words)))


def test_it_goes_from_nothing_to_a_table_and_on_from_what_is_there(
    quickstart: ModuleType, tiny: Path, tmp_path: Path
) -> None:
    result = call(quickstart, tmp_path, tiny)
    assert result.exit_code == 0, result.exception
    words = len(htrdata.open(tmp_path / "lmdb")["test", "quickstart"])
    assert result.stdout.startswith(f"quickstart test: {words} words of 1 pages")
    rows = re.findall(r"^  (before|after) +([\d.]+) .* +([\d.]+) ", result.stdout, re.MULTILINE)
    assert [row[0] for row in rows] == ["before", "after"]
    assert all(float(cer) > 0 and float(accuracy) <= 100 for _, cer, accuracy in rows)
    (change,) = re.findall(r"^  change +([+-][\d.]+) \[", result.stdout, re.MULTILINE)
    assert float(change) == pytest.approx(float(rows[1][1]) - float(rows[0][1]), abs=0.11)
    places = re.findall(rf"^  .*  ({re.escape(str(tmp_path))}\S+)$", result.stdout, re.MULTILINE)
    assert len(places) == 5
    assert all(Path(place).stat().st_size for place in places)
    evaluation = " ".join((tmp_path / "evaluation.txt").read_text().split())
    assert evaluation.index(f"{tiny} on") < evaluation.index("best.safetensors on") < evaluation.index("first:")
    again = call(quickstart, tmp_path, tiny)
    assert again.exit_code == 0, again.exception
    assert "is there already" in again.stderr
    assert "is finished already" in again.stderr
    assert without_seconds(again.stdout) == without_seconds(result.stdout)
    page = (tmp_path / "evaluation/report.html").read_text("utf-8")
    assert all(str(one) in page for one in (tiny, tmp_path / "run/best.safetensors"))


def test_what_was_made_by_hand_beneath_it_stays_and_is_no_error(
    quickstart: ModuleType, tiny: Path, tmp_path: Path
) -> None:
    assert call(quickstart, tmp_path, tiny).exit_code == 0
    source = htrdata.sources.imgur5k.Imgur5K(tmp_path / "imgur5k-10-pages")
    htrdata.build(source, tmp_path / "lmdb", htrdata.BuildOptions(height=0), workers=1)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "run/config.json").write_text("{}")  # of another version, say
    next((tmp_path / "imgur5k-10-pages/images").glob("*.jpg")).unlink()  # so that its store is another one, too
    kept = {name: (tmp_path / name).read_bytes() for name in ("notes.txt", "run/config.json", "run/best.safetensors")}
    kept |= {str(one): one.read_bytes() for one in (tmp_path / "lmdb").rglob("imgur5k/data.mdb")}
    again = call(quickstart, tmp_path, tiny)
    assert again.exit_code == 0, again.exception
    assert str(tmp_path / "run-2/best.safetensors") in again.stdout
    assert all((tmp_path / name).read_bytes() == data for name, data in kept.items())
    assert set(htrdata.open(tmp_path / "lmdb").datasets) == {"imgur5k", "quickstart"}


def without_seconds(text: str) -> str:
    return re.sub(r" +[\d.]+$", "", text, flags=re.MULTILINE)


def test_make_quickstart_runs_it() -> None:
    recipe = (PIPELINES.parent / "Makefile").read_text().partition("\nquickstart:")[2].partition("\n\n")[0]
    assert "pipelines/quickstart.py --out quickstart" in recipe
    assert "rm " not in recipe
