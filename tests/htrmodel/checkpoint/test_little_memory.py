"""A checkpoint for which there is no memory is not called damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from htrdata.errors import NotEnoughMemoryError
from htrmodel.checkpoint import native, pickled


@pytest.mark.parametrize(
    "error",
    [MemoryError("Cannot allocate memory (os error 12)"), RuntimeError("unable to mmap: Cannot allocate memory")],
)
def test_want_of_memory_is_told_as_such(error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(native, "safe_open", fail)
    with pytest.raises(NotEnoughMemoryError, match="there is not enough memory"):
        native._read_opened(tmp_path / "model.safetensors", tmp_path)
    monkeypatch.setattr(pickled, "_read_archive", fail)
    with pytest.raises(NotEnoughMemoryError, match="there is not enough memory"):
        pickled.read_pickled(b"PK", "model.pth")
