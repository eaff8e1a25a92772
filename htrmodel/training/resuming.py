"""The state of a training that was stopped: everything without which its next step would be another one.

There are no random states in it. What is random in training, the order of the words and their augmentation, is drawn
anew in each step from the seed and the number of the step.
"""

from __future__ import annotations

import io
import pickle
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from htrdata.errors import BadDataError
from htrdata.files.writing import write_atomically
from htrmodel.recogniser import Recogniser
from htrmodel.training.optimisation import WeightAverage, optimizer_state, restore_optimizer

_FORMAT = 1

# What reading and applying a damaged or foreign state raises.
_DAMAGED = (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, TypeError, AttributeError, OSError)


@dataclass(slots=True)
class TrainingState:
    """How far a training has come.

    Attributes:
        step: batches trained on.
        validated: the step of the last validation; -1 before the first.
        best_step: the step of the lowest validation loss; -1 before the first validation.
        best_loss: that loss.
        best: the figures of that validation, by data set.
        stale: validations since then.
        seconds: time spent, over all its runs.
        losses: of the steps since the last line of the log.
    """

    step: int = 0
    validated: int = -1
    best_step: int = -1
    best_loss: float = float("inf")
    best: dict[str, dict[str, float]] = field(default_factory=dict)
    stale: int = 0
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)


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

    def save(self, path: Path, state: TrainingState) -> None:
        """Writes the state; an older one is replaced when the new one is on the disk.

        Raises:
            CannotCreateError: the file cannot be created.
            StorageError: writing failed.
        """
        content = io.BytesIO()
        torch.save({"format": _FORMAT, "progress": asdict(state), **self._parts()}, content)
        write_atomically(path, content.getvalue())

    def load(self, path: Path) -> TrainingState:
        """Goes back to a state. Nothing but tensors and plain values is unpickled.

        Raises:
            BadDataError: the file is damaged, or of another training.
        """
        try:
            # On the CPU, where the optimizers count their steps; what belongs on the device is copied there.
            content = torch.load(path, map_location="cpu", weights_only=True)
            if content["format"] != _FORMAT:
                raise BadDataError(f"{path} has format {content['format']!r}, this release resumes from {_FORMAT}")
            state = TrainingState(**content["progress"])
            self.recogniser.load_state_dict(content["weights"])
            restore_optimizer(self.optimizer, content["optimizer"])
            if self.schedule is not None:
                self.schedule.load_state_dict(content["schedule"])
            if self.average is not None:
                self.average.recogniser.load_state_dict(content["average"])
        except BadDataError:
            raise
        except _DAMAGED as error:
            raise BadDataError(f"{path} is damaged or of another training: start anew with --overwrite") from error
        return state

    def _parts(self) -> dict[str, Any]:
        return {
            "weights": self.recogniser.state_dict(),
            "optimizer": optimizer_state(self.optimizer),
            "schedule": None if self.schedule is None else self.schedule.state_dict(),
            "average": None if self.average is None else self.average.recogniser.state_dict(),
        }
