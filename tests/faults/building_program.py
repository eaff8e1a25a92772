"""Builds a store of noise: `python -m tests.faults.building_program PAGES STORE WORKERS [SHARE]`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from htrdata.building.builder import build
from htrdata.building.shares import Share
from htrdata.building.sharing import build_share
from htrdata.cli.console import run

from ..fuzz.made_inputs import NoiseSource
from .scenarios import NEW

PAGES_PER_SPLIT = 8


@click.command()
@click.argument("pages", type=click.Path(path_type=Path))
@click.argument("store", type=click.Path(path_type=Path))
@click.argument("workers", type=int)
@click.argument("share", required=False)
def command(pages: Path, store: Path, workers: int, share: str | None) -> None:
    """Builds, or builds a share, and says how far it is, as the commands do."""

    def progress(what: str, done: int, total: int) -> None:
        click.echo(f"{what} {done} {total}")

    source = NoiseSource(pages, pages_per_split=PAGES_PER_SPLIT)
    if share is None:
        build(source, store, NEW, workers=workers, progress=progress)
    else:
        build_share(source, store, NEW, share=Share.parse(share), workers=workers, progress=progress)


if __name__ == "__main__":
    run(command, Path(sys.argv[0]).stem)
