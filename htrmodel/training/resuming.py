"""The state of a training that was stopped: everything without which its next step would be another one.

There are no random states in it. What is random in training, the order of the words and their augmentation, is drawn
anew in each step from the seed and the number of the step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from htrmodel.checkpoint.stored_tensor import StoredTensor
from htrmodel.recogniser import Recogniser
from htrmodel.training.optimisation import (
    WeightAverage,
    is_optimizer_state,
    optimizer_state,
    restore_optimizer,
    schedule_state,
)
from htrmodel.training.run_folder import WHOLE
from htrmodel.training.state_file import damaged, read_state, write_state
from htrmodel.training.state_form import alike, are_figures, is_count, is_number
from htrmodel.training.validation import FIGURES, Figures


@dataclass(slots=True)
class TrainingState:
    """How far a training has come.

    Attributes:
        step: batches trained on.
        validated: the step of the last validation; -1 before the first.
        start: the figures of the first validation, by data set: those of the weights that it started from.
        latest: the figures of the last validation.
        best: the figures of the best validation.
        best_step: its step; -1 before the first validation.
        temperature: of its confidences, see `htrmodel.training.temperature`.
        stale: validations since then.
        seconds: time spent, over all its runs.
        losses: of the steps since the last line of the log.
        files: SHA-256, in hex, of the files beside the state, by name; see `htrmodel.training.run_files`.
    """

    step: int = 0
    validated: int = -1
    start: Figures = field(default_factory=dict)
    latest: Figures = field(default_factory=dict)
    best: Figures = field(default_factory=dict)
    best_step: int = -1
    temperature: float = 1.0
    stale: int = 0
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)

    @property
    def best_loss(self) -> float:
        """The loss of the best validation, the mean over data sets; infinite before the first."""
        return mean(self.best, "loss")


def mean(figures: Figures, name: str) -> float:
    """The mean of a figure over data sets; infinite where there are none."""
    return sum(one[name] for one in figures.values()) / len(figures) if figures else float("inf")


@dataclass(frozen=True, slots=True)
class Training:
    """What changes from step to step.

    Attributes:
        recogniser: what is trained.
        optimizer: of its parameters.
        schedule: of the learning rate, if any.
        average: of its weights, if any.
    """

    recogniser: Recogniser
    optimizer: Optimizer
    schedule: LRScheduler | None
    average: WeightAverage | None

    @property
    def judged(self) -> Recogniser:
        """What is validated and kept: the recogniser, or the average."""
        return self.recogniser if self.average is None else self.average.recogniser

    def save(self, path: Path, run: str, state: TrainingState) -> None:
        """Writes the state; an older one is replaced when the new one is on the disk.

        Args:
            path: of the file.
            run: hex digits that tell the run.
            state: how far it is.

        Raises:
            CannotCreateError: the file cannot be created.
            StorageError: writing failed.
        """
        write_state(
            path, run, {"progress": asdict(state), "optimizer": optimizer_state(self.optimizer), **self._parts()}
        )

    def load(self, path: Path, run: str) -> TrainingState:
        """Goes back to a state. All of it is checked before any of it is used.

        Raises:
            BadDataError: the file is damaged, or of another training.
        """
        content = read_state(path, run)
        parts = self._parts()
        if not isinstance(content, dict) or content.keys() != {"progress", "optimizer", *parts}:
            raise damaged(path)
        state = _progress(content["progress"])
        right = all(alike(content[name], part) for name, part in parts.items())
        if state is None or not right or not is_optimizer_state(content["optimizer"], self.optimizer):
            raise damaged(path)
        self.recogniser.load_state_dict(_fetched(content["weights"]))
        restore_optimizer(self.optimizer, _fetched(content["optimizer"]))
        if self.schedule is not None:
            self.schedule.load_state_dict(content["schedule"])
        if self.average is not None:
            self.average.recogniser.load_state_dict(_fetched(content["average"]))
        return state

    def _parts(self) -> dict[str, Any]:
        return {
            "weights": self.recogniser.state_dict(),
            "schedule": schedule_state(self.schedule),
            "average": None if self.average is None else self.average.recogniser.state_dict(),
        }


def _progress(found: object) -> TrainingState | None:
    """The progress that was read; None where it is none."""
    if not isinstance(found, dict) or list(found) != [one.name for one in fields(TrainingState)]:
        return None
    right = (
        all(is_count(found[name]) for name in ("step", "validated", "best_step", "stale"))
        and all(are_figures(found[name], FIGURES, WHOLE) for name in ("start", "latest", "best"))
        and is_number(found["seconds"])
        and is_number(found["temperature"])
        and isinstance(found["losses"], list)
        and all(map(is_number, found["losses"]))
        and isinstance(found["files"], dict)
        and all(isinstance(one, str) for pair in found["files"].items() for one in pair)
    )
    return TrainingState(**found) if right and found["step"] >= 0 else None


def _fetched(value: Any) -> Any:
    """The same with tensors in memory."""
    if isinstance(value, StoredTensor):
        return value.fetch()
    if isinstance(value, Mapping):
        return {key: _fetched(one) for key, one in value.items()}
    return [_fetched(one) for one in value] if isinstance(value, list | tuple) else value
