"""What is asked of any archive and its members."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from htrdata.errors import BadDataError

MAX_MEMBER = 1 << 30
"""The largest member in bytes; a larger one is not what a data set of pages and words holds."""


def stamp(path: Path) -> tuple[int, int]:
    """What tells an archive from the one that it becomes when somebody writes to it: its size, and when that was."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def check_member(path: Path, name: str, size: int) -> None:
    """Refuses a member whose name leads elsewhere, or which is larger than anything of a data set.

    Raises:
        BadDataError: it does or is.
    """
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts or "\\" in name:
        raise BadDataError(
            f"{path} holds a member named {name!r}, which leads out of its folder: not the published archive; fetch it "
            "again"
        )
    if size > MAX_MEMBER:
        raise BadDataError(f"{path}: {name!r} has {size:,} bytes, more than {MAX_MEMBER:,}")
