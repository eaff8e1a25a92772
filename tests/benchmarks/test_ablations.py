"""The table of ablations: what it counts, what it compares, and that a run is made once."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("torch", reason="needs the extra 'model'")

from htrdata.cli.commands import commands
from htrdata.errors import UsageError

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

ablations = importlib.import_module("ablations")
TITLES = {"start": "the start itself", **{name: change.title for name, change in ablations.CHANGES.items()}}


def run(name: str, seed: int, edits: float, wrong: float) -> object:
    """A run that counted as much of each of three writers, words of ten characters in tens."""
    sums = {f"writer {number}": [10.0, 100.0, edits, wrong] for number in range(3)}
    return ablations.Measured(name, seed, 100, 6.4, 60.0, dict.fromkeys(ablations.SETS, sums))


def rows(*runs: object) -> list[list[str]]:
    """The cells of the rows of the table."""
    return [line.strip("| ").split(" | ") for line in list(ablations.table(runs, TITLES))[2:]]


def test_a_difference_is_from_the_same_seeds_of_the_reference() -> None:
    found = rows(run("modern", 0, 20, 5), run("modern", 1, 40, 7), run("lr-2", 1, 30, 6), run("start", 0, 60, 9))
    assert [row[0] for row in found] == ["the start itself", "`modern` in bfloat16", "rate 0.0014"]
    assert found[1][1:5] == ["2", "6", "30.0, 60.0", "30.0, 60.0"]
    assert found[2][1:] == ["1", "6", "30.0, 60.0", "30.0, 60.0", "-10.00 [-10.00, -10.00]", "-10.00 [-10.00, -10.00]"]
    assert found[0][5] == "+40.00 [+40.00, +40.00]"


def test_without_the_reference_nothing_is_compared() -> None:
    assert rows(run("lr-2", 3, 30, 6)) == [["rate 0.0014", "1", "6", "30.0, 60.0", "30.0, 60.0"]]


def test_what_costs_the_same_is_of_one_kind() -> None:
    kinds = {name: change.kind for name, change in ablations.CHANGES.items()}
    same = {name for name, kind in kinds.items() if kind == kinds["modern"]}
    assert {"lr-2", "lr-8", "augment-0.5", "decay-0.05", "unipen-only"} <= same
    assert not same & {"float32", "attentionhtr", "batch-64", "augment-0", "average-0", "bend-1", "width-160", "pad"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a few drawn words under the names of both data sets."""
    folder = tmp_path_factory.mktemp("ablations") / "store"
    for name in ablations.SETS:
        asked = f"synth --words 120 --workers 1 --name {name} --out".split()
        done = CliRunner().invoke(commands, [*asked, str(folder)], catch_exceptions=False)
        assert done.exit_code == 0, done.output
    return folder


def test_a_run_is_made_once_and_judged_on_all_test_words(store: Path, tmp_path: Path) -> None:
    where = [str(store), "--out", str(tmp_path)]
    asked = [*where, "--start", "starter-fast", "--steps", "1", "start", "modern", "lr-2"]
    first = CliRunner().invoke(ablations.main, asked, catch_exceptions=False)
    assert first.exit_code == 0, first.output
    assert re.match(r"\d+ test words of \d+ writers; 2 trainings of \d+ CPU-seconds", first.output)
    kept = (tmp_path / "measured.jsonl").read_bytes()
    again = CliRunner().invoke(ablations.main, asked, catch_exceptions=False)
    assert (again.output, (tmp_path / "measured.jsonl").read_bytes()) == (first.output, kept)
    table = CliRunner().invoke(ablations.main, [*where, "start", "modern"], catch_exceptions=False)
    assert table.output == first.output
    one, *_ = ablations.measured(tmp_path)
    assert sorted(one.sums) == sorted(ablations.SETS)
    assert all(row[0] >= row[3] and row[1] > 0 for sums in one.sums.values() for row in sums.values())


def test_an_unknown_change_is_refused(store: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(ablations.main, [str(store), "--out", str(tmp_path), "faster"])
    assert done.exit_code == 2
    assert "'faster' is not one of" in done.output
    done = CliRunner().invoke(ablations.main, [str(store), "--out", str(tmp_path), "modern"])
    assert done.exit_code == 2
    assert "--start is missing: weights that have not learnt from these words" in done.output
    with pytest.raises(UsageError, match="lr is -1"):
        ablations.changed("wrong", lr=-1.0)
