"""Which validation is the best, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from htrmodel.checkpoint.files import read_checkpoint
from htrmodel.training.choosing import FEW_WORDS, forgotten, rank, verdict
from htrmodel.training.recipes import ATTENTIONHTR, RECIPES, Recipe
from htrmodel.training.resuming import TrainingState
from htrmodel.training.run_folder import RunFolder
from htrmodel.training.stepping import Task
from htrmodel.training.train import Trainer
from htrmodel.training.validation import Figures

from .test_train import read_log

MakeTask = Callable[..., Task]
MakeFolder = Callable[[str], RunFolder]


def figures(*pairs: tuple[float, float], words: int = FEW_WORDS) -> Figures:
    """Of data sets ``a``, ``b`` …, each with its loss and CER."""
    named = zip("abc", pairs, strict=False)
    return {name: {"loss": loss, "cer": cer, "wer": cer, "words": words} for name, (loss, cer) in named}


def test_the_recipes_choose_by_cer_but_for_attentionhtr_s_own() -> None:
    assert {name: recipe.select for name, recipe in RECIPES.items()} == {
        "attentionhtr": "loss",
        "lines": "cer",
        "modern": "cer",
        "small": "cer",
        "own-data": "cer",
        "starter": "cer",
    }


def test_each_measure_ranks_by_itself() -> None:
    low_loss, low_cer = figures((1.0, 0.5), (1.0, 0.5)), figures((9.0, 0.1), (9.0, 0.7))
    assert rank(low_loss, "loss") < rank(low_cer, "loss") < rank({}, "loss")
    assert rank(low_cer, "cer") < rank(low_loss, "cer") < rank({}, "cer")
    assert rank(figures((1.0, 0.5)), "cer") < rank(figures((2.0, 0.5)), "cer")  # among equals the loss
    assert not rank(low_loss, "loss") < rank(low_loss, "loss")


@pytest.mark.parametrize("select", ["loss", "cer"])
def test_the_best_checkpoint_is_that_of_the_measure(make_task: MakeTask, make_folder: MakeFolder, select: str) -> None:
    recipe = Recipe(name="r", optimizer="adamw", lr=0.05, batch_size=5, epochs=3, select=select)
    folder = make_folder(select)
    trainer = Trainer(make_task(recipe), folder)
    trainer.run()
    lines = [line for line in read_log(folder) if "val" in line]
    assert {line["select"] for line in lines} == {select}
    best = min(lines, key=lambda line: (line[f"val_{select}"], line["val_loss"]))
    assert trainer.state.best_step == best["step"] == read_checkpoint(folder.best).metrics["step"]
    assert read_checkpoint(folder.best).metrics["val_cer"] == best["val_cer"]
    assert [line["step"] for line in lines if line["best"]][-1] == best["step"]
    assert best["step"] == (2 if select == "loss" else 6)


def test_patience_goes_by_the_measure(make_task: MakeTask, make_folder: MakeFolder) -> None:
    recipe = Recipe(name="r", optimizer="adamw", lr=0.5, batch_size=5, epochs=40, patience=2, select="cer")
    folder = make_folder("run")
    Trainer(make_task(recipe), folder).run()
    ranks = [(line["val_cer"], line["val_loss"]) for line in read_log(folder) if "val" in line]
    assert len(ranks) < 41
    assert min(ranks) == ranks[-3]


def state(start: Figures, best: Figures, step: int, latest: Figures | None = None) -> TrainingState:
    return TrainingState(step=9, validated=9, start=start, latest=latest or best, best=best, best_step=step)


def test_what_is_said_of_a_training() -> None:
    start, better, worse = figures((2.0, 0.2)), figures((1.0, 0.1)), figures((1.0, 0.3))
    assert list(verdict(state(start, better, 5), "cer", scratch=False)) == []
    (said,) = verdict(state(start, start, 0, worse), "cer", scratch=False)
    assert said == (
        "fine-tuning did not help: no validation CER was lower than before the first step (CER 20.00%, at the end "
        "30.00%); the weights that are kept as the best are those of the start"
    )
    (said,) = verdict(state(start, start, 0, worse), "loss", scratch=True)
    assert said.startswith("nothing was learnt: no validation loss was lower")
    (said,) = verdict(state(start, worse, 5), "loss", scratch=False)
    assert said == (
        "a is read worse than before: CER 20.00% by the weights that it started from, 30.00% by the best ones; "
        "--select cer chooses by CER"
    )
    two = state(figures((2.0, 0.2), (2.0, 0.05)), figures((1.0, 0.1), (1.0, 0.07)), 5)
    assert forgotten(two) == {"b": (0.05, 0.07)}
    (said,) = verdict(two, "cer", scratch=False)
    assert said == "b is read worse than before: CER 5.00% by the weights that it started from, 7.00% by the best ones"
    few = state(figures((2.0, 0.2), words=40), figures((1.0, 0.1), words=40), 5)
    (said,) = verdict(few, "cer", scratch=False)
    assert "was chosen by 40 words" in said
    (said,) = verdict(few, "cer", scratch=False, unit="line")
    assert "was chosen by 40 lines: of so few, one line more" in said
    assert list(verdict(TrainingState(), "cer", scratch=False)) == []


def test_the_recipe_s_choice_can_be_changed() -> None:
    assert replace(ATTENTIONHTR, select="cer").to_dict()["select"] == "cer"
    with pytest.raises(Exception, match="select is 'wer': it must be loss or cer"):
        replace(ATTENTIONHTR, select="wer")
