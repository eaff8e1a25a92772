"""What the command ``htrmodel`` and ``python -m htrmodel`` do."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from htrdata.cli.starting import start


def main() -> NoReturn:
    """Runs the command line and exits with its code."""
    start(_load)


def _load() -> Callable[[], NoReturn]:
    from htrmodel.cli.commands import main as run

    return run


if __name__ == "__main__":
    main()
