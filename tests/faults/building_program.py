"""Builds a store of noise with several workers: `python -m tests.faults.building_program PAGES STORE WORKERS`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from htrdata.building.builder import build
from htrdata.cli.console import run

from ..fuzz.made_inputs import NoiseSource
from .scenarios import NEW

PAGES_PER_SPLIT = 8


@click.command()
@click.argument("pages", type=click.Path(path_type=Path))
@click.argument("store", type=click.Path(path_type=Path))
@click.argument("workers", type=int)
def command(pages: Path, store: Path, workers: int) -> None:
    """Builds, and says how far it is, as the commands do."""

    def progress(what: str, done: int, total: int) -> None:
        click.echo(f"{what} {done} {total}")

    build(NoiseSource(pages, pages_per_split=PAGES_PER_SPLIT), store, NEW, workers=workers, progress=progress)


if __name__ == "__main__":
    run(command, Path(sys.argv[0]).stem)
