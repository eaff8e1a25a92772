"""The corrections that a person makes while looking through words: a file that is whole after each, and undo."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from htrdata.errors import BadDataError, CannotCreateError, HtrError, SourceMissingError, UsageError
from htrdata.files.writing import write_atomically
from htrdata.labels import LabelPolicy
from htrdata.store.corrections import FLAGGED, Correction, as_csv, read_corrections


class ChangedElsewhereError(HtrError):
    """Another program has written the file meanwhile: it was read again, and nothing was added."""


class CorrectionLog:
    """A file of corrections that grows by a line each, and loses its last one again.

    Args:
        path: of the file; it is created by the first correction.

    Raises:
        CannotCreateError: there is no folder for it.
        HtrError: there is a file, but not one of corrections.
    """

    def __init__(self, path: Path) -> None:
        if not path.parent.is_dir():
            raise CannotCreateError(f"cannot create {path}: there is no folder {path.parent}")
        self.path = path
        self._lock = threading.Lock()
        self._sha256: str | None = None
        self._all: list[Correction] = []
        self._by_id: dict[str, list[Correction]] = {}
        self._read()

    def __len__(self) -> int:
        return len(self._all)

    @property
    def ids(self) -> dict[str, str]:
        """What the last line of each word makes of it; `FLAGGED` where it is flagged."""
        return {word: lines[-1].new for word, lines in self._by_id.items()}

    def latest(self, word: str) -> str | None:
        """What the last line of a word makes of it; None where there is no line of it."""
        lines = self._by_id.get(word)
        return lines[-1].new if lines else None

    def text(self, word: str, source_text: str) -> str:
        """What the file makes of a word that was like this in the source."""
        text = source_text
        for one in self._by_id.get(word, ()):
            if one.old == text:
                text = one.new
        return text

    def correct(self, word: str, source_text: str, new: str) -> Correction:
        """Adds a line that makes a word `new`, which is `FLAGGED` to flag it.

        Raises:
            UsageError: it cannot be a label, or is what the word is already.
            ChangedElsewhereError: the file is another one by now.
            StorageError: writing failed; nothing has changed.
        """
        with self._lock:
            self._refuse_change()
            new = new.strip()
            old = self.text(word, source_text)
            if new == old:
                raise UsageError(f"{word} is {new!r} already" if new else f"{word} is flagged already")
            fault = LabelPolicy().apply(new).reason if new != FLAGGED else None
            if fault is not None:
                raise UsageError(f"{new!r} cannot be a label ({fault.value})")
            added = Correction(word, old, new, datetime.now(UTC).isoformat(timespec="seconds"))
            self._write([*self._all, added])
            return added

    def undo(self) -> Correction | None:
        """Takes the last line away again, and returns it; None where there is none. Raises as `correct` does."""
        with self._lock:
            self._refuse_change()
            if not self._all:
                return None
            last = self._all[-1]
            self._write(self._all[:-1])
            return last

    def _refuse_change(self) -> None:
        before = self._sha256
        self._read()
        if before != self._sha256:
            raise ChangedElsewhereError(
                f"{self.path} was changed by another program; it was read again: look, and repeat it"
            )

    def _read(self) -> None:
        try:
            found = read_corrections(self.path)
        except SourceMissingError:
            self._sha256 = None
            self._take([])
        else:
            self._sha256 = found.sha256
            self._take([replace(one, line=0) for one in found.corrections])

    def _write(self, corrections: list[Correction]) -> None:
        write_atomically(self.path, as_csv(corrections))
        self._read()
        if self._all != corrections:
            raise BadDataError(f"{self.path} does not say what was written to it")

    def _take(self, corrections: list[Correction]) -> None:
        self._all = corrections
        by_id: dict[str, list[Correction]] = defaultdict(list)
        for one in corrections:
            by_id[one.id].append(one)
        self._by_id = dict(by_id)
