"""Fine-tuning as a script does it: a bar, a line for each validation, and signals that save first."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from htrdata.cli.console import Terminated
from htrmodel.cli.scripting import finetune
from htrmodel.training.initial_model import ModelChoice
from htrmodel.training.recipes import Recipe
from htrmodel.training.request import Request

from .conftest import MODEL


def request(store: Path, out: Path) -> Request:
    recipe = Recipe(name="r", optimizer="adamw", lr=0.01, batch_size=40, epochs=2)
    return Request(data=store, out=out, model=ModelChoice(fields=MODEL), recipe=recipe, device="cpu")


def test_it_shows_every_step_and_validation(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown: list[tuple[str, int, int]] = []
    outcome = finetune(request(store, tmp_path / "run"), lambda *how: shown.append(how))
    assert outcome.finished
    assert [one for one in shown if one[0] == "steps"] == [("steps", step, 8) for step in range(1, 9)]
    assert {one[1:] for one in shown if one[0] == "images"} >= {(160, 160), (40, 40)}
    said = capsys.readouterr().err
    assert [f"step {step}: validation printed CER" in said for step in (0, 4, 8)] == [True] * 3


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_a_signal_saves_and_unwinds(
    store: Path, tmp_path: Path, number: signal.Signals, raised: type[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    def stop_at_3(what: str, done: int, _total: int) -> None:
        if (what, done) == ("steps", 3):
            signal.raise_signal(number)

    with pytest.raises(raised):
        finetune(request(store, tmp_path / "run"), stop_at_3)
    assert f"saved at step 3 in {tmp_path / 'run'}" in capsys.readouterr().err
    steps: list[int] = []
    assert finetune(
        request(store, tmp_path / "run"), lambda what, done, _: steps.append(done) if what == "steps" else None
    ).finished
    assert steps == [4, 5, 6, 7, 8]
