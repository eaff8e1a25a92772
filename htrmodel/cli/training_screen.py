"""What a training shows on a terminal while it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from tqdm import tqdm

from htrmodel.cli.scripting import say

if TYPE_CHECKING:
    from htrmodel.training.run_folder import Record
    from htrmodel.training.train import Trainer


class TrainingScreen:
    """A bar for each epoch on a terminal's standard error, and a line for each validation."""

    def __init__(self) -> None:
        self._bar: tqdm[NoReturn] | None = None
        self._trainer: Trainer | None = None
        self._shown: dict[str, str] = {}

    def __enter__(self) -> TrainingScreen:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def decoded(self, done: int, total: int) -> None:
        """So many of the images are decoded."""
        if self._bar is None or self._bar.n > done:
            self._open(total, "images", "decoding")
        assert self._bar is not None
        self._bar.update(done - self._bar.n)

    def begins(self, trainer: Trainer) -> None:
        """The training begins, or goes on."""
        self._trainer = trainer
        self._close()

    def stepped(self, step: int, record: Record | None) -> None:
        """A step is done; `record` is what the log says of it, if anything."""
        assert self._trainer is not None
        of_epoch = (step - 1) % self._trainer.steps_per_epoch
        if self._bar is None:
            epoch = (step - 1) // self._trainer.steps_per_epoch + 1
            self._open(self._trainer.steps_per_epoch, "steps", f"epoch {epoch}", of_epoch)
        assert self._bar is not None
        if record is not None:
            self._shown |= {"loss": f"{record['loss']:.3f}", "images/s": f"{record['images_per_second']:,.0f}"}
            self._bar.set_postfix(self._shown, refresh=False)
        self._bar.update()

    def validated(self, record: Record) -> None:
        """A validation is done."""
        from htrmodel.training.sentences import sentence

        assert self._trainer is not None
        self._close()
        self._shown["CER"] = " ".join(f"{one['cer']:.1%}" for one in record["val"].values())
        say(sentence(record, self._trainer.task.recogniser.config.unit))

    def _open(self, total: int, unit: str, title: str, done: int = 0) -> None:
        self._close()
        self._bar = tqdm(total=total, initial=done, unit=unit, desc=title, disable=None, leave=False)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = None
