"""The folder of a training run: what it was started with, its log, its checkpoints, its curves.

config.json        recipe, model, start, data by digest, seed: a run is resumed where they are the same
log.jsonl          one line per some steps, and one per validation
best.safetensors   the checkpoint with the lowest validation loss, or CER, as the recipe says
last.safetensors   the checkpoint of the last save
state.pt           what else is needed to go on from there, and the digests of the others
curves.png         losses and errors over steps
tensorboard/       if TensorBoard is installed
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock

from htrdata.errors import BadDataError, CannotCreateError, LockedError
from htrdata.files import strict_json
from htrdata.files.refusals import cannot_create, refusal
from htrdata.files.writing import remove_unfinished, write_atomically

_FILES = ("config.json", "log.jsonl", "best.safetensors", "last.safetensors", "state.pt", "curves.png")
_LOCK = ".lock"
_ASIDE = "log.other.jsonl"

WHOLE = "of"
"""The name of a further figure of a validation whose words are a sample: of how many words."""

Record = dict[str, Any]


class RunFolder:
    """The folder of a run.

    Args:
        path: where it is, or shall be.

    Attributes:
        path: where it is.
        run: SHA-256, in hex, of the configuration: tells the run; empty before `prepare`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run = ""
        self.config, self.log, self.best, self.last, self.state, self.curves = (path / name for name in _FILES)
        self.tensorboard = path / "tensorboard"
        self.log_aside = path / _ASIDE

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Creates the folder, and keeps other processes out of it.

        Raises:
            LockedError: another process trains there.
            CannotCreateError: it cannot be created.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self.path / _LOCK).acquire(timeout=0)
        except filelock.Timeout:
            raise LockedError(f"another process trains in {self.path}: wait for it, or give another --out") from None
        except OSError as error:
            raise CannotCreateError(cannot_create(self.path, error)) from error
        with lock:
            yield

    def identify(self, config: Mapping[str, Any]) -> None:
        """Takes the folder for that of a run with this configuration, as another process has prepared it."""
        self.run = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()

    def prepare(self, config: Mapping[str, Any], *, overwrite: bool = False) -> None:
        """Makes the folder that of a run with this configuration: a new one, or the one that it already is.

        Args:
            config: as JSON can hold it.
            overwrite: discard what is there of a run.

        Raises:
            CannotCreateError: the folder has a run with another configuration, or other files.
            BadDataError: it has a run without its configuration, or with a damaged one.
            StorageError: writing failed.
        """
        for name in _FILES:
            remove_unfinished(self.path / name)
        self.identify(config)
        if overwrite:
            self._clear()
        if not self.config.exists():
            if self.state.exists() or self.log.exists():
                raise BadDataError(
                    f"{self.config} is missing, and without it nobody knows of what run the other files are: put it "
                    "back, or start anew with --overwrite"
                )
            if others := sorted(file.name for file in self.path.iterdir() if file.name != _LOCK):
                raise CannotCreateError(f"{self.path} is no run: it has {others[0]}; give another --out")
            write_atomically(self.config, json.dumps(config, indent=1, ensure_ascii=False).encode() + b"\n")
            return
        try:
            there = strict_json.load(self.config)
        except OSError as error:
            raise BadDataError(
                f"{self.config} cannot be read ({refusal(error)}): start anew with --overwrite"
            ) from error
        except BadDataError as error:
            raise BadDataError(f"{error}; start anew with --overwrite") from error
        differences = list(_differences(json.loads(json.dumps(config)), there))
        if differences:
            more = f" and {len(differences) - 3} more differences" if len(differences) > 3 else ""
            raise CannotCreateError(
                f"{self.path} has a run with {', '.join(differences[:3])}{more}: give another --out, or --overwrite"
            )

    def _clear(self) -> None:
        for name in (*_FILES, _ASIDE):
            (self.path / name).unlink(missing_ok=True)
        if self.tensorboard.exists():
            shutil.rmtree(self.tensorboard)


def _differences(mine: Any, there: Any, name: str = "") -> Iterator[str]:
    """What differs, as in ``recipe.lr 1.0 (not 0.5)``."""
    if isinstance(mine, dict) and isinstance(there, dict):
        for key in [*mine, *(key for key in there if key not in mine)]:
            yield from _differences(mine.get(key), there.get(key), f"{name}.{key}" if name else key)
    elif mine != there:
        yield f"{name} {_short(there)} (not {_short(mine)})"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "…"
