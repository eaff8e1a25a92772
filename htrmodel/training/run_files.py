"""What a training keeps in its run folder, and whether that is still what it kept.

The state knows the digests of the files beside it. What can be made again from the state is made again, and that is
said; where the best checkpoint is lost, or the state itself, the run cannot go on and says so, whether or not it is
finished.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from htrdata.errors import BadDataError, HtrError
from htrmodel.checkpoint import native
from htrmodel.checkpoint.files import read_checkpoint
from htrmodel.training.curves import write_curves
from htrmodel.training.resuming import Training, TrainingState, mean
from htrmodel.training.run_folder import Record, RunFolder
from htrmodel.training.run_log import RunLog, read_log
from htrmodel.training.state_file import remedy
from htrmodel.training.validation import sampled_of


class RunFiles:
    """The files of a run.

    Args:
        folder: of the run, prepared and held.
        training: whose weights are kept.
        about_data: what the checkpoints say of the data.
        steps_per_epoch: for the checkpoints, which say their epoch.

    Attributes:
        state: how far the run is.
        notes: what a person should know of the files, in sentences.

    Raises:
        BadDataError: the state or the best checkpoint is damaged, missing or of another run.
    """

    def __init__(
        self, folder: RunFolder, training: Training, about_data: Mapping[str, Any], steps_per_epoch: int
    ) -> None:
        self.folder = folder
        self.notes: list[str] = []
        self._training = training
        self._about_data = about_data
        self._steps_per_epoch = steps_per_epoch
        if folder.state.exists():
            self.state = training.load(folder.state, folder.run)
            self._restore()
        else:
            self.state = TrainingState()
            self._refuse_without_state()

    def open_log(self) -> RunLog:
        """The log with the lines that the state has seen; those after them come again. It is saved with the rest."""
        self._log = RunLog(self.folder, self.state.files.get("log", ""))
        return self._log

    def write_best(self) -> None:
        """Writes the weights as the best ones."""
        state = self.state
        samples = sampled_of(state.best)
        figures = {
            **({"val_sample": samples} if samples else {}),
            "val_loss": mean(state.best, "loss"),
            "val_cer": mean(state.best, "cer"),
            "val": state.best,
            "calibration": {"temperature": state.temperature},
        }
        state.files["best"] = self._write(self.folder.best, figures)

    def save(self) -> None:
        """Writes everything else, the state last."""
        log = self._log
        self.state.files["last"] = self._write(self.folder.last, {})
        log.sync()
        self.state.files["log"] = log.digest
        self._training.save(self.folder.state, self.folder.run, self.state)
        write_curves(log.records, self.folder.curves)

    def _write(self, path: Path, figures: Record) -> str:
        step = self.state.step
        metrics: Record = {"run": self.folder.run, "step": step, "epoch": step / self._steps_per_epoch, **figures}
        native.save(self._training.judged, path, metrics=metrics, data=self._about_data)
        return _digest(path) or ""

    def _restore(self) -> None:
        """Makes again what the state can make, and refuses what it cannot."""
        folder, state = self.folder, self.state
        if "best" in state.files and not self._is_best():
            self._make_again("best", self.write_best)
        if "last" in state.files and _digest(folder.last) != state.files["last"]:
            self._make_again("last", lambda: state.files.update(last=self._write(folder.last, {})))
        records = read_log(folder.log, state.files.get("log", ""))
        if records is None:
            self.notes.append(
                f"{folder.log} is gone, or not as this run left it at step {state.step:,}: if the training goes on, "
                f"log and curves begin there, and what is there is kept as {folder.log_aside.name}"
            )
        elif not folder.curves.exists():
            write_curves(records, folder.curves)

    def _make_again(self, name: str, make: Callable[[], None]) -> None:
        make()
        self.notes.append(
            f"{getattr(self.folder, name)} was gone or changed: it is made again from {self.folder.state}"
        )

    def _is_best(self) -> bool:
        """Whether the best checkpoint is there; otherwise the state must have it, or this raises.

        One that is later than the state was written before the process was killed: it comes again.
        """
        folder, state = self.folder, self.state
        if _digest(folder.best) == state.files["best"]:
            return True
        if state.best_step == state.step:
            return False
        try:
            metrics = read_checkpoint(folder.best).metrics
            step, run = metrics.get("step"), metrics.get("run")
        except HtrError as error:
            wrong = str(error)
        else:
            if run == folder.run and isinstance(step, int) and step > max(state.validated, 0):
                return True
            wrong = f"{folder.best} is another checkpoint, of step {step}"
        raise BadDataError(
            f"{wrong}; the best one of this run, of step {state.best_step:,}, cannot be made from {folder.state}, "
            f"which is at step {state.step:,}: put it back, or {remedy(folder.state)}"
        )

    def _refuse_without_state(self) -> None:
        """Makes sure that nothing was trained here: otherwise it would be trained anew, over what is there."""
        folder = self.folder
        steps = [record.get("step", 0) for record in read_log(folder.log) or ()]
        for path in (folder.best, folder.last):
            if path.exists():
                try:
                    steps.append(read_checkpoint(path).metrics.get("step", 0))
                except HtrError as error:
                    raise BadDataError(f"{folder.state} is missing, and {error}: {remedy(folder.state)}") from error
        reached = max((step for step in steps if isinstance(step, int)), default=0)
        if reached > 0:
            raise BadDataError(
                f"{folder.state} is missing, and this run was at step {reached:,}: put it back, or "
                f"{remedy(folder.state)}"
            )


class Followed:
    """The files of a run as a process sees them that is not the one that writes: it goes on from the same state.

    Args:
        folder: of the run, prepared by the one that writes.
        training: what is gone on with.

    Attributes:
        state: how far the run is.
        notes: empty: the other one says what is to be said.

    Raises:
        BadDataError: the state is damaged, or of another run.
    """

    def __init__(self, folder: RunFolder, training: Training) -> None:
        self.notes: list[str] = []
        self.state = training.load(folder.state, folder.run) if folder.state.exists() else TrainingState()

    def open_log(self) -> SilentLog:
        """A log that keeps nothing."""
        return SilentLog()

    def write_best(self) -> None:
        """Nothing is written."""

    def save(self) -> None:
        """Nothing is written."""


class SilentLog:
    """A log that keeps nothing."""

    def write(self, record: Record) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """There is nothing to close."""


def _digest(path: Path) -> str | None:
    """SHA-256 of a file; None where there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
