"""Where a data set is on disk, as a command's one word or by an option, and which of its pages are meant."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

import click

from htrdata.cli.typed_options import Decorator, with_options

Rest = ParamSpec("Rest")

_PATH = click.Path(path_type=Path)


def root_option(dataset: str, flag: str = "--root") -> Decorator:
    """The option for a data set's folder, which defaults to ``$HTRDATA_HOME/DATASET``, else ``data/DATASET``."""
    text = f"The data set on disk.  [default: $HTRDATA_HOME/{dataset}, else data/{dataset}]"
    return click.option(flag, default=lambda: _default(dataset), type=_PATH, help=text)


def data_place(dataset: str | None = None) -> Decorator:
    """Where a data set is, as ``PATH`` or ``--root PATH``; the command gets it as ``root``.

    Args:
        dataset: names the default, see `root_option`; None where there is none.
    """
    known = "" if dataset is None else f"  [default: $HTRDATA_HOME/{dataset}, else data/{dataset}]"

    def add(command: Callable[..., None]) -> Callable[..., None]:  # type: ignore[explicit-any]
        @functools.wraps(command)
        def located(*args: object, path: Path | None, root: Path | None, **given: object) -> None:
            if path is not None and root is not None:
                raise click.UsageError(f"two places are named, {path} and --root {root}: give one of them")
            place = path or root or (_default(dataset) if dataset is not None else None)
            if place is None:
                raise click.UsageError("Missing argument 'PATH': the folder of the data set.")
            command(*args, root=place.expanduser(), **given)

        return with_options(
            [
                click.argument("path", required=False, metavar="PATH" if dataset is None else "[PATH]", type=_PATH),
                click.option("--root", type=_PATH, help=f"The same as PATH: the data set on disk.{known}"),
            ],
            located,
        )

    return add


def pages_option(text: str) -> Decorator:
    """The option for lists of pages; the command gets their paths as ``pages``."""
    return click.option("--pages", multiple=True, metavar="FILE", type=_PATH, help=text)


def _default(dataset: str) -> Path:
    return Path(os.environ.get("HTRDATA_HOME", "data")) / dataset
