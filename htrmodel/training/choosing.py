"""Which validation is the best one, and what a person should know of the choice."""

from __future__ import annotations

from collections.abc import Iterator

from htrdata.records import Unit
from htrdata.records.counting import plural
from htrmodel.training.resuming import TrainingState, mean
from htrmodel.training.validation import Figures

FEW_WORDS = 200
"""Of validation: with fewer, one word more or less that is read right decides between checkpoints."""


def rank(figures: Figures, select: str) -> tuple[float, ...]:
    """What is compared of two validations; the lower one is better.

    Args:
        figures: by data set; each counts the same.
        select: ``loss``; or ``cer``, among equals the loss.
    """
    loss = mean(figures, "loss")
    return (loss,) if select == "loss" else (mean(figures, "cer"), loss)


def measure(select: str) -> str:
    """What `rank` goes by, in words."""
    return "validation loss" if select == "loss" else "validation CER"


def forgotten(state: TrainingState) -> dict[str, tuple[float, float]]:
    """The data sets that the best checkpoint reads worse than the start did, each with the CER of both."""
    pairs = {name: (figures["cer"], state.best[name]["cer"]) for name, figures in state.start.items() if state.best}
    return {name: (before, after) for name, (before, after) in pairs.items() if after > before}


def verdict(state: TrainingState, select: str, *, scratch: bool, unit: Unit = "word") -> Iterator[str]:
    """What is to be said of a training that has ended, in sentences.

    Args:
        state: how far it came.
        select: as the recipe has it.
        scratch: it began with new weights.
        unit: whether it was trained on lines or words.
    """
    if state.best_step == 0 < state.validated:
        before, after = mean(state.start, "cer"), mean(state.latest, "cer")
        told = f"no {measure(select)} was lower than before the first step (CER {before:.2%}, at the end {after:.2%})"
        kept = "those of the start" if not scratch else "new ones"
        did = "fine-tuning did not help" if not scratch else "nothing was learnt"
        yield f"{did}: {told}; the weights that are kept as the best are {kept}"
    for name, (before, after) in forgotten(state).items():
        other = "; --select cer chooses by CER" if select == "loss" and len(state.start) == 1 else ""
        yield (
            f"{name} is read worse than before: CER {before:.2%} by the weights that it started from, {after:.2%} by "
            f"the best ones{other}"
        )
    words = sum(figures["words"] for figures in state.best.values())
    if 0 < words < FEW_WORDS:
        yield (
            f"the best checkpoint was chosen by {plural(round(words), unit)}: of so few, one {unit} more or less "
            "decides between checkpoints that are near each other"
        )
