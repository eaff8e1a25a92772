"""Trains a recogniser: steps, validations, early stopping, saves.

Nothing waits for the device but every `Trainer.log_every` steps, when the losses are fetched.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from htrdata.errors import UsageError
from htrmodel.training.choosing import rank
from htrmodel.training.compiling import uncompiled
from htrmodel.training.resuming import mean
from htrmodel.training.run_files import Followed, RunFiles
from htrmodel.training.run_folder import Record, RunFolder
from htrmodel.training.stepping import Stepper, Task
from htrmodel.training.temperature import best_temperature
from htrmodel.training.validation import Stop, Validation, sampled_of, spread_batches, validate

TRAINING_WORDS = 1000
"""Words of the training data, evenly spread, that each validation reads, too; no more than words of validation."""

SAVE_SECONDS = 300.0
"""A save is at most that long ago, so that a power cut costs no more; a run that is told to stop saves at once."""

# At the end of an epoch it is saved sooner, where that takes no more than this share of the time.
_SAVE_SHARE = 0.05


class Watcher(Protocol):
    """Is told how a training goes."""

    def stepped(self, step: int, record: Record | None) -> None:
        """A step is done; the record is the line of the log about it and those before, if one was due."""

    def validated(self, record: Record) -> None:
        """A validation is done, and logged so."""


class Trainer:
    """A training in a run folder, new or taken up where the folder says.

    On a CPU it is deterministic: stopped, or killed, and taken up again, it goes on as if nothing had happened.

    Args:
        task: what to do.
        folder: of the run, prepared and held.
        watcher: told how it goes.
        log_every: steps from one line of the log to the next.

    Attributes:
        steps_per_epoch: batches between two validations.
        total_steps: batches at most.
        state: how far it is.
        notes: what a person should know of the files in the folder, in sentences.

    Raises:
        BadDataError: the state or the best checkpoint in the folder is damaged, missing or of another run.
        UsageError: the batch is larger than the data, or nothing is left to train.
    """

    def __init__(self, task: Task, folder: RunFolder, watcher: Watcher | None = None, *, log_every: int = 50) -> None:
        self.task = task
        self.folder = folder
        self.log_every = log_every
        self._watcher = watcher
        self._stepper = Stepper(task)
        self.steps_per_epoch, self.total_steps = self._stepper.steps_per_epoch, self._stepper.total_steps
        self._training = self._stepper.training
        self._processes = task.processes
        # The first one mends what it can before the others read.
        self._files: RunFiles | Followed
        if self._processes.first:
            self._files = RunFiles(folder, self._training, task.about_data, self.steps_per_epoch)
        self._processes.wait()
        if not self._processes.first:
            self._files = Followed(folder, self._training)
        self.state, self.notes = self._files.state, self._files.notes
        self._pending: list[Tensor] = []
        self._save_cost = 0.0

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do: all steps taken, or none better for long enough."""
        state, patience = self.state, self.task.recipe.patience
        validated = state.validated == state.step
        return validated and (state.step >= self.total_steps or 0 < patience <= state.stale)

    def run(self, stop: Stop = lambda: False) -> bool:
        """Trains until it is finished, or told to stop; either way all is saved.

        Args:
            stop: asked before each step and each batch of a validation.

        Returns:
            Whether it is finished.

        Raises:
            UsageError: a loss is not a number. The best checkpoint is there, and the last state stays as it was.
            StorageError: saving failed.
        """
        if self.finished:
            return True
        self._log = self._files.open_log()
        self._resumed = self._window = self._saved = time.monotonic()
        self._window_start = self.state.step
        self._stepper.train()
        try:
            while not self.finished and not self._processes.any(stop()):
                if self._validation_due():
                    self._validate(stop)
                else:
                    self._step()
                if self._save_due():
                    self._save()
            self._save()
        finally:
            self._log.close()
        return self.finished

    def _step(self) -> None:
        state = self.state
        self._pending.append(self._stepper.step(state.step))
        state.step += 1
        record: Record | None = None
        if state.step % self.log_every == 0:
            self._fetch()
            seconds = time.monotonic() - self._window
            words = (state.step - self._window_start) * self.task.recipe.batch_size
            record = {
                "step": state.step,
                "loss": sum(state.losses) / len(state.losses),
                "lr": self._stepper.learning_rate,
                "images_per_second": round(words / max(seconds, 1e-9), 1),
            }
            self._log.write(record)
            state.losses.clear()
            self._window, self._window_start = time.monotonic(), state.step
        if self._watcher is not None:
            self._watcher.stepped(state.step, record)

    def _fetch(self) -> None:
        """Waits for the device and takes over the losses of the last steps."""
        if not self._pending:
            return
        losses = self._processes.total(torch.stack(self._pending)).tolist()
        first = self.state.step - len(losses) + 1
        self._pending.clear()
        for step, loss in enumerate(losses, first):
            if not math.isfinite(loss):
                raise self._diverged("training", step)
        self.state.losses += losses

    def _diverged(self, what: str, step: int) -> UsageError:
        best = self.state.best_step
        kept = f"{self.folder.best} of step {best} stays" if best >= 0 else "nothing was kept"
        return UsageError(
            f"the {what} loss is not a finite number at step {step:,}: the training diverged; {kept}. Start again with "
            f"--overwrite and a lower --lr than {self.task.recipe.lr:g}"
        )

    def _validation_due(self) -> bool:
        step = self.state.step
        return self.state.validated < step and (step % self.steps_per_epoch == 0 or step >= self.total_steps)

    def _validate(self, stop: Stop) -> None:
        """Validates each data set apart; told to stop, it leaves everything as it was."""
        with self._aside(), uncompiled(self.task.compiled):
            found = self._judge(stop)
        self._stepper.train()
        if found is None:
            return
        train, by_name = found
        state, select = self.state, self.task.recipe.select
        figures = {name: validation.to_dict() for name, validation in by_name.items()}
        if not math.isfinite(mean(figures, "loss")):
            raise self._diverged("validation", state.step)
        state.validated, state.latest = state.step, figures
        state.start = state.start or figures
        state.stale += 1
        if rank(figures, select) < rank(state.best, select):
            state.best_step, state.best, state.stale = state.step, figures, 0
            state.temperature = best_temperature(np.sum([one.surprise for one in by_name.values()], axis=0))
            self._files.write_best()
        record: Record = {
            "step": state.step,
            "epoch": state.step / self.steps_per_epoch,
            **({"val_sample": samples} if (samples := sampled_of(figures)) else {}),
            "val_loss": mean(figures, "loss"),
            "val_cer": mean(figures, "cer"),
            "select": select,
            "best": state.stale == 0,
            "train": train.to_dict(),
            "val": figures,
            "seconds": round(self._seconds(), 1),
        }
        self._log.write(record)
        if self._watcher is not None:
            self._watcher.validated(record)

    def _judge(self, stop: Stop) -> tuple[Validation, dict[str, Validation]] | None:
        judged, size, processes = self._training.judged, self.task.recipe.batch_size, self._processes
        processes.share_statistics(judged)
        found = {}
        for name, words in self.task.validation.items():
            validation = validate(judged, words.in_order(size), stop, words.left_out, processes)
            if validation is None:
                return None
            found[name] = replace(validation, whole=words.whole)
        most = min(TRAINING_WORDS, sum(map(len, self.task.validation.values())))
        spread = spread_batches(self.task.words, most, size)
        train = validate(judged, spread, stop, processes=processes)
        return None if train is None else (train, found)

    def _seconds(self) -> float:
        """Takes over the time since the last call."""
        now = time.monotonic()
        self.state.seconds += now - self._resumed
        self._resumed = now
        return self.state.seconds

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """Something that does not count for the speed of training; the steps before are waited for."""
        self._fetch()
        start = time.monotonic()
        yield
        self._window += time.monotonic() - start

    def _save_due(self) -> bool:
        ago = time.monotonic() - self._saved
        at_end = self.state.validated == self.state.step
        return ago >= SAVE_SECONDS or (at_end and ago * _SAVE_SHARE >= self._save_cost)

    def _save(self) -> None:
        with self._aside():
            start = time.monotonic()
            self._seconds()
            self._files.save()
            self._saved = time.monotonic()
            self._save_cost = self._saved - start
