"""Validations in sentences, for people."""

from __future__ import annotations

from collections.abc import Mapping

from htrdata.records import Unit
from htrdata.records.counting import plural
from htrmodel.training.opening import Say
from htrmodel.training.run_folder import WHOLE, Record
from htrmodel.training.train import Trainer


def sentence(record: Record, unit: Unit) -> str:
    """What a validation found, for eyes."""
    figures = "; ".join(
        f"{name} loss {one['loss']:.3f}, CER {one['cer']:.2%}, WER {one['wer']:.2%}{of_which(one, unit)}"
        for name, one in record["val"].items()
    )
    training = plural(int(record["train"]["words"]), f"training {unit}")
    best = " (best so far)" if record["best"] else ""
    return (
        f"epoch {record['epoch']:.4g}, step {record['step']:,}: {figures}; CER of {training} "
        f"{record['train']['cer']:.2%}{best}"
    )


def of_which(figures: Mapping[str, float], unit: Unit) -> str:
    """What to say beside the figures of a validation of words that are a sample, or not read; nothing where all are."""
    sample = f" (a sample of {int(figures['words']):,} of {int(figures[WHOLE]):,} {unit}s)" if WHOLE in figures else ""
    return sample + left_out(figures, unit)


def left_out(figures: Mapping[str, float], unit: Unit) -> str:
    """What to say beside the figures of a validation of words that the recogniser cannot read; nothing of none."""
    count = int(figures.get("left_out", 0))
    return f" ({count:,} of {int(figures['words']):,} {unit}s left out, counted as wrong)" if count else ""


class Sentences:
    """A `htrmodel.training.finetuning.Listener` that says each validation in a sentence."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._unit: Unit = "word"

    def decoded(self, done: int, total: int) -> None:
        """Nothing is said of it."""

    def begins(self, trainer: Trainer) -> None:
        """Nothing is said of it."""
        self._unit = trainer.task.recogniser.config.unit

    def stepped(self, step: int, record: Record | None) -> None:
        """Nothing is said of it."""

    def validated(self, record: Record) -> None:
        """Says what it found."""
        self._say(sentence(record, self._unit))
