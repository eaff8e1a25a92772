"""How a training ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from htrdata.records import Unit
from htrmodel.training.choosing import forgotten
from htrmodel.training.resuming import TrainingState
from htrmodel.training.run_folder import RunFolder
from htrmodel.training.sentences import of_which


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training ended.

    Attributes:
        folder: of the run.
        finished: whether nothing is left to do; otherwise it was told to stop.
        steps_per_epoch: batches between two validations.
        state: how far it came, with the figures of the best checkpoint.
        select: what the best checkpoint was chosen by: ``loss`` or ``cer``.
        unit: whether it was trained on lines or words.
    """

    folder: RunFolder
    finished: bool
    steps_per_epoch: int
    state: TrainingState
    select: str = "loss"
    unit: Unit = "word"

    def __repr__(self) -> str:
        state = self.state
        figures = "".join(
            f", {name} CER {one['cer']:.2%}{of_which(one, self.unit)}" for name, one in state.best.items()
        )
        ended = "finished" if self.finished else "stopped"
        reached = f"{ended} at step {state.step:,}"
        return f"Outcome({str(self.folder.path)!r}, {reached}; best: step {state.best_step:,}{figures})"

    @property
    def checkpoint(self) -> Path:
        """The weights of the best validation."""
        return self.folder.best

    def to_dict(self) -> dict[str, Any]:
        """The outcome as JSON can hold it."""
        state = self.state
        return {
            "run": str(self.folder.path),
            "finished": self.finished,
            "steps": state.step,
            "epochs": state.step / self.steps_per_epoch,
            "seconds": round(state.seconds, 1),
            "best": None
            if state.best_step < 0
            else {
                "checkpoint": str(self.folder.best),
                "step": state.best_step,
                "select": self.select,
                "val_loss": state.best_loss,
                "val": state.best,
            },
            "start": state.start or None,
            "improved": state.best_step > 0,
            "worse_than_start": sorted(forgotten(state)),
        }
