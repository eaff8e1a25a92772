"""What a fuzz target is, and what it holds of the code: whatever the bytes, they are read, or refused in our words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from htrdata.errors import BadDataError, SourceMissingError, UsageError

REFUSALS = (BadDataError, SourceMissingError, UsageError)
"""What a reader may raise of any bytes. A StorageError would blame the disk for them."""


@dataclass(frozen=True, slots=True)
class Target:
    """A reader of bytes that strangers wrote.

    Attributes:
        name: of the target, and of its folder in ``corpus``.
        read: reads the bytes, in an empty folder of its own or not, and checks what it gives.
        seeds: sound inputs, made by code.
        runs: how many inputs `make fuzz` tries.
        largest: the longest input in bytes.
    """

    name: str
    read: Callable[[bytes, Path], object]
    seeds: Callable[[], Sequence[bytes]]
    runs: int = 1_000_000
    largest: int = 4096

    def attempt(self, data: bytes, folder: Path) -> bool:
        """Reads an input; says whether it was read (True) or refused."""
        try:
            self.read(data, folder)
        except REFUSALS as error:
            check_message(str(error))
            return False
        return True


def check_message(message: str) -> None:
    """A refusal is one message of bounded length, that a terminal and a log can show."""
    assert message, "the message is empty"
    assert len(message) < 2000, f"the message has {len(message):,} characters"
    message.encode()  # a lone surrogate would stop whoever prints it
