"""For scripts that do one thing after another before a person's eyes: what begins, how far it is, how long it took.

What the commands show of a build or a training, for a script of one's own; see ``pipelines/``.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from htrdata.cli.console import Progress, Terminated, progress_bar
from htrdata.errors import BadDataError, CannotCreateError
from htrdata.files import strict_json
from htrdata.files.writing import write_atomically
from htrdata.labels import visible
from htrmodel.cli.signals import StopSignals

if TYPE_CHECKING:
    from htrdata.records import Unit
    from htrmodel.training.outcome import Outcome
    from htrmodel.training.request import Request
    from htrmodel.training.run_folder import Record
    from htrmodel.training.train import Trainer


def say(message: str) -> None:
    """Writes a message to standard error, above a bar if there is one."""
    tqdm.write("\n".join(map(visible, message.split("\n"))), file=sys.stderr)


class Stages:
    """Says what begins, shows a bar for it on a terminal, and notes how long it took.

    ::

        stages = Stages()
        with stages("draw pages") as progress:
            draw_sample(root, progress=lambda done, total: progress("pages", done, total))

    Attributes:
        seconds: that each stage took, by its title, in order; several of one title are added up.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, title: str, about: str = "") -> Iterator[Progress]:
        """A stage, and what it is about this time; it gives the function that moves its bar."""
        say(f"== {title} {about}".rstrip())
        begun = time.monotonic()
        with progress_bar() as progress:
            yield progress
        self.seconds[title] = self.seconds.get(title, 0.0) + time.monotonic() - begun


def once(  # type: ignore[explicit-any]
    place: Path, asked: Mapping[str, object], work: Callable[[], Mapping[str, object]]
) -> dict[str, Any]:
    """Does a piece of work, unless its result is there.

    Args:
        place: the file for the result; JSON, with what was asked in ``asked``.
        asked: what the result depends on, as JSON can hold it.
        work: gives the result, as JSON can hold it; it is not called where there is one.

    Returns:
        The result: whatever `work` gives, as JSON has it, which its caller knows.

    Raises:
        CannotCreateError: there is a result of something else, or the file cannot be created.
        BadDataError: the file is not such a result.
        StorageError: writing failed.
    """
    asked = json.loads(json.dumps(asked))
    if not place.exists():
        result = {"asked": asked, **work()}
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place, json.dumps(result, indent=1).encode() + b"\n")
    try:
        found = strict_json.load(place)
        other = found["asked"]
    except BadDataError as error:
        raise BadDataError(f"{error}; remove it, to have it made again") from error
    except (KeyError, TypeError) as error:
        raise BadDataError(f"{place} is no result ({error!r}): remove it, to have it made again") from error
    if differing := [key for key in {**asked, **other} if asked.get(key) != other.get(key)]:
        raise CannotCreateError(
            f"{place} is the result of another {', '.join(differing)}: give another folder, or remove the file"
        )
    return dict(found)


def finetune(request: Request, progress: Progress) -> Outcome:
    """Fine-tunes as `htrmodel.training.finetuning.carry_out` does, with a bar and a line for each validation.

    Args:
        request: what to do.
        progress: moves the bar, as `Stages` gives it.

    Raises:
        HtrError: as that function does.
        KeyboardInterrupt: Ctrl-C was pressed; the run is saved, and the same request goes on from there.
        Terminated: likewise, by SIGTERM.
    """
    from htrmodel.training.finetuning import carry_out

    with StopSignals() as stop:
        outcome = carry_out(request, say, _Watcher(progress), stop)
    if stop.received is not None and not outcome.finished:
        say(f"saved at step {outcome.state.step:,} in {outcome.folder.path}")
        raise KeyboardInterrupt if stop.received == signal.SIGINT else Terminated
    return outcome


class _Watcher:
    """Tells a bar how a fine-tuning goes."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._total = 0
        self._unit: Unit = "word"

    def decoded(self, done: int, total: int) -> None:
        self._progress("images", done, total)

    def begins(self, trainer: Trainer) -> None:
        self._total = trainer.total_steps
        self._unit = trainer.task.recogniser.config.unit

    def stepped(self, step: int, record: Record | None) -> None:
        self._progress("steps", step, self._total)

    def validated(self, record: Record) -> None:
        from htrmodel.training.sentences import of_which

        figures = "; ".join(
            f"{name} CER {one['cer']:.2%}, WER {one['wer']:.2%}{of_which(one, self._unit)}"
            for name, one in record["val"].items()
        )
        say(f"step {record['step']:,}: validation {figures}{' (best so far)' if record['best'] else ''}")
