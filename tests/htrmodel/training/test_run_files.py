"""The files of a run, each missing, cut, changed or of another run: made again and said, or refused and named."""

from __future__ import annotations

import copy
import io
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from htrdata.errors import BadDataError
from htrmodel.checkpoint.files import read_checkpoint
from htrmodel.training.recipes import Recipe
from htrmodel.training.run_folder import RunFolder
from htrmodel.training.state_file import FORMAT, read_state, write_state
from htrmodel.training.stepping import Task
from htrmodel.training.train import Trainer

from .test_train import EVERYTHING, StopAt, read_log

MakeTask = Callable[..., Task]
MakeFolder = Callable[[str], RunFolder]

CONFIG = {"seed": 0}
OTHER = {"seed": 1}
FILES = ("best", "last", "log", "state", "config", "curves")
RECIPE = replace(EVERYTHING, epochs=3)
"""Its validation of step 4 is the best one, that of step 6, the last one, is not."""


def run(folder: RunFolder, task: Task, stop: int | None = None, config: dict[str, int] = CONFIG) -> Trainer:
    folder.prepare(config)
    trainer = Trainer(task, folder, log_every=1)
    trainer.run(StopAt(99_999 if stop is None else stop))
    return trainer


@pytest.fixture
def runs(make_task: MakeTask, tmp_path: Path) -> dict[str, RunFolder]:
    """A run to the end, one that was stopped after a validation, and one of another configuration."""
    found = {}
    for name, stop, config in (("whole", None, CONFIG), ("stopped", 7, CONFIG), ("other", None, OTHER)):
        (tmp_path / name).mkdir()
        found[name] = RunFolder(tmp_path / name)
        recipe = RECIPE if config is CONFIG else replace(RECIPE, lr=2e-3)
        run(found[name], make_task(recipe), stop, config)
    return found


def spoil(path: Path, how: str, other: Path) -> None:
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "cut":
        path.write_bytes(content[: len(content) * 2 // 3])
    elif how == "changed":
        place = len(content) // 2
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
    else:
        shutil.copyfile(other, path)


@pytest.mark.parametrize("how", ["missing", "empty", "cut", "changed", "other"])
@pytest.mark.parametrize("name", ["whole", "stopped"])
def test_every_file_in_every_state(
    make_task: MakeTask, runs: dict[str, RunFolder], tmp_path: Path, name: str, how: str
) -> None:
    for file in FILES:
        folder = RunFolder(tmp_path / f"{file}-of-{name}")
        shutil.copytree(runs[name].path, folder.path)
        spoil(getattr(folder, file), how, getattr(runs["other"], file))
        before = {path.name: path.read_bytes() for path in folder.path.iterdir()}
        lost = file in ("state", "config", "best")
        if file == "config" and how == "other":
            with pytest.raises(Exception, match="has a run with seed 1"):
                run(folder, make_task(RECIPE))
        elif file == "config" and how == "changed":
            with pytest.raises(Exception, match=r"cannot be read|has a run with"):
                run(folder, make_task(RECIPE))
        elif lost:
            with pytest.raises(BadDataError, match=rf"{getattr(folder, file).name}.*--overwrite") as raised:
                run(folder, make_task(RECIPE))
            assert "Traceback" not in str(raised.value)
        else:
            trainer = run(folder, make_task(RECIPE))
            assert trainer.finished
            assert folder.last.read_bytes() == runs["whole"].last.read_bytes()
            assert folder.best.read_bytes() == runs["whole"].best.read_bytes()
            named = [note for note in trainer.notes if str(getattr(folder, file)) in note]
            assert len(named) == len(trainer.notes) == (file != "curves")
            if (file, name) == ("log", "stopped"):
                after = read_log(folder)
                assert after == read_log(runs["whole"])[-len(after) :]
            continue
        assert {path.name: path.read_bytes() for path in folder.path.iterdir()} == before


def test_the_best_of_a_finished_run_comes_back_only_where_the_state_has_it(
    make_task: MakeTask, make_folder: MakeFolder
) -> None:
    folder = make_folder("run")
    recipe = Recipe(name="r", optimizer="adamw", lr=0.5, batch_size=5, epochs=9, patience=2)
    trainer = run(folder, make_task(recipe))
    assert trainer.state.best_step < trainer.state.step
    content = folder.best.read_bytes()
    folder.best.write_bytes(b"")
    with pytest.raises(BadDataError, match=rf"best\.safetensors is empty.*of step {trainer.state.best_step}, cannot"):
        run(folder, make_task(recipe))
    folder.best.write_bytes(content)
    assert run(folder, make_task(recipe)).notes == []
    early = make_folder("early")
    run(early, make_task(recipe), 3)  # before the first step
    content = early.best.read_bytes()
    early.best.unlink()
    assert "best.safetensors was gone or changed: it is made again" in run(early, make_task(recipe), 0).notes[0]
    assert early.best.read_bytes() == content


def test_what_was_written_after_the_last_save_is_no_fault(make_task: MakeTask, make_folder: MakeFolder) -> None:
    """As after a kill: a better checkpoint, another last one and more lines than the state knows."""
    folder, whole = make_folder("killed"), make_folder("whole")
    run(whole, make_task(RECIPE))
    run(folder, make_task(RECIPE), 4)
    state = folder.state.read_bytes()
    run(folder, make_task(RECIPE))
    folder.state.write_bytes(state)
    trainer = run(folder, make_task(RECIPE))
    assert [note for note in trainer.notes if "last.safetensors" not in note] == []
    assert read_log(folder) == read_log(whole)
    assert folder.best.read_bytes() == whole.best.read_bytes()


def test_any_flipped_bit_of_a_state_is_found(make_task: MakeTask, make_folder: MakeFolder) -> None:
    folder = make_folder("run")
    run(folder, make_task(RECIPE), 4)
    whole = folder.state.read_bytes()
    chance = random.Random(0)
    for place in [*range(0, 160, 8), *(chance.randrange(len(whole)) for _ in range(60))]:
        folder.state.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << chance.randrange(8)]) + whole[place + 1 :])
        with pytest.raises(BadDataError, match=r"state\.pt (is damaged|is of another run|has format).*--overwrite"):
            Trainer(make_task(RECIPE), folder)
    folder.state.write_bytes(whole)
    assert Trainer(make_task(RECIPE), folder).state.step == 1


def test_states_of_other_releases_are_named(make_task: MakeTask, make_folder: MakeFolder) -> None:
    folder = make_folder("run")
    run(folder, make_task(RECIPE), 4)
    content = folder.state.read_bytes()
    head, _, body = content.partition(b"\n")
    folder.state.write_bytes(body)
    with pytest.raises(BadDataError, match=r"was written by an earlier release, without a digest.*--from .*last"):
        Trainer(make_task(RECIPE), folder)
    folder.state.write_bytes(head.replace(f"state {FORMAT}".encode(), b"state 77") + b"\n" + body)
    with pytest.raises(BadDataError, match=f"has format 77, this release goes on from {FORMAT}"):
        Trainer(make_task(RECIPE), folder)


def put(*path: Any, value: object) -> Callable[[dict[str, Any]], None]:
    """Puts a value at a place in a state."""

    def change(state: dict[str, Any]) -> None:
        for key in path[:-1]:
            state = state[key]
        state[path[-1]] = value

    return change


def drop(*path: Any) -> Callable[[dict[str, Any]], None]:
    def change(state: dict[str, Any]) -> None:
        for key in path[:-1]:
            state = state[key]
        del state[path[-1]]

    return change


HUGE = torch.zeros(1).expand(2**30)
CRAFTED: dict[str, Callable[[dict[str, Any]], None]] = {
    **{f"step {value!r}": put("progress", "step", value=value) for value in (2**70, -2, 1.5, "1", None, [1], True)},
    **{f"seconds {value!r}": put("progress", "seconds", value=value) for value in (float("nan"), "1", None)},
    "losses": put("progress", "losses", value=[float("inf")]),
    "losses of texts": put("progress", "losses", value=["a"]),
    "losses of nothing": put("progress", "losses", value=None),
    "best of other names": put("progress", "best", value={"a": {"cer": 1.0}}),
    "best of texts": put("progress", "best", value={"a": {"loss": "1", "cer": 1.0, "wer": 1.0, "words": 1}}),
    "start of a list": put("progress", "start", value=[1]),
    "files of numbers": put("progress", "files", value={"best": 1}),
    "no progress": drop("progress"),
    "no step": drop("progress", "step"),
    "more": put("more", value=1),
    "weights of nothing": put("weights", value=None),
    "weights without one": drop("weights", "Prediction.bias"),
    "weights with one more": put("weights", "more", value=torch.zeros(1)),
    "weights of another size": put("weights", "Prediction.bias", value=torch.zeros(3)),
    "weights of another type": put("weights", "Prediction.bias", value=torch.zeros(37, dtype=torch.float64)),
    "weights expanded": put("weights", "Prediction.bias", value=torch.zeros(1).expand(37)),
    "weights huge": put("weights", "Prediction.bias", value=HUGE),
    "weights of the meta device": put("weights", "Prediction.bias", value=torch.zeros(37, device="meta")),
    "weights sparse": put("weights", "Prediction.bias", value=torch.eye(37)[0].to_sparse()),
    "average of nothing": put("average", value=None),
    "average huge": put("average", "Prediction.bias", value=HUGE),
    "schedule of nothing": put("schedule", value=None),
    "schedule of texts": put("schedule", "last_epoch", value="now"),
    "schedule with a method": put("schedule", "step", value=3),
    "schedule without": drop("schedule", "last_epoch"),
    "schedule of other phases": put("schedule", "_schedule_phases", value=[]),
    "optimizer of nothing": put("optimizer", value=None),
    "optimizer without groups": put("optimizer", "param_groups", value=[]),
    "optimizer of texts": put("optimizer", "param_groups", 0, "lr", value="fast"),
    "optimizer of more": put("optimizer", "param_groups", 0, "more", value=1),
    "optimizer of fewer": put("optimizer", "param_groups", 0, "params", value=[0]),
    "moments of nothing": put("optimizer", "state", 0, value=None),
    "moments of none": put("optimizer", "state", 999, value={}),
    "moments without": drop("optimizer", "state", 0, "exp_avg"),
    "moments huge": put("optimizer", "state", 0, "exp_avg", value=HUGE),
    "moments of another size": put("optimizer", "state", 0, "exp_avg", value=torch.zeros(3)),
    "steps of text": put("optimizer", "state", 0, "step", value="1"),
}


@pytest.fixture
def stopped(make_task: MakeTask, make_folder: MakeFolder) -> tuple[RunFolder, dict[str, Any]]:
    """A run that was stopped, and what its state holds."""
    folder = make_folder("run")
    run(folder, make_task(RECIPE), 4)
    content = folder.state.read_bytes()
    state: dict[str, Any] = torch.load(io.BytesIO(content[content.index(b"\n") + 1 :]), weights_only=True)
    return folder, state


def test_a_crafted_state_is_refused(make_task: MakeTask, stopped: tuple[RunFolder, dict[str, Any]]) -> None:
    folder, state = stopped
    task = make_task(RECIPE)
    before = copy.deepcopy(task.recogniser.state_dict())
    for name, change in CRAFTED.items():
        crafted = copy.deepcopy(state)
        change(crafted)
        write_state(folder.state, folder.run, crafted)  # with a digest that is right
        with pytest.raises(BadDataError, match=r"state\.pt is damaged or of another training"):
            Trainer(task, folder)
        assert all(torch.equal(value, before[key]) for key, value in task.recogniser.state_dict().items()), name
    others: list[Any] = [None, [], [1], {}, "state", torch.zeros(3)]
    for value in others:
        write_state(folder.state, folder.run, value)
        with pytest.raises(BadDataError, match=r"state\.pt is damaged or of another training"):
            Trainer(make_task(RECIPE), folder)
    write_state(folder.state, folder.run, state)
    assert Trainer(task, folder).state.step == 1


def test_a_state_is_of_one_run(make_task: MakeTask, stopped: tuple[RunFolder, dict[str, Any]]) -> None:
    folder, state = stopped
    write_state(folder.state, "abc", state)
    with pytest.raises(BadDataError, match=r"state\.pt is of another run than the config\.json beside it"):
        Trainer(make_task(RECIPE), folder)
    assert read_state(folder.state, "abc").keys() == state.keys()
    folder.state.unlink()
    with pytest.raises(BadDataError, match=r"state\.pt is missing, and this run was at step 1: put it back, or"):
        Trainer(make_task(RECIPE), folder)
    assert read_checkpoint(folder.last).metrics["run"] == folder.run
