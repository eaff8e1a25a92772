"""What a person asks of an audit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRequest:
    """What is asked for.

    Attributes:
        start: the checkpoint that each fold's training starts from, or that judges all where nothing is trained.
        folds: how many; 0 to train nothing.
        epochs: of each training.
        words: audited at most, drawn at random; None for all.
        seed: of all chance.
        device: see `htrmodel.devices.find_device`.
    """

    start: Path
    folds: int = 3
    epochs: int = 2
    words: int | None = None
    seed: int = 0
    device: str = "auto"
