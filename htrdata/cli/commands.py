"""The command line of htrdata. Results go to standard output, progress and messages to standard error."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import click

from htrdata.cli.browse_command import browse
from htrdata.cli.build_options import BuildRequest, build_options
from htrdata.cli.building import run_build
from htrdata.cli.console import echo, print_json, progress_bar, run
from htrdata.cli.data_place import data_place, pages_option
from htrdata.cli.export_command import export
from htrdata.cli.fetch_commands import download_imgur5k, fetch
from htrdata.cli.folder_command import folder
from htrdata.cli.iam_command import iam
from htrdata.cli.looking_commands import info, preview
from htrdata.cli.offered_sources import SourceGroup
from htrdata.cli.published_options import PublishedRequest
from htrdata.cli.sample_commands import sample
from htrdata.cli.synth_command import synth
from htrdata.cli.unipen_command import unipen
from htrdata.cli.xml_command import xml
from htrdata.errors import BadDataError, UsageError
from htrdata.records.counting import plural
from htrdata.version import __version__


@click.group(cls=SourceGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="htrdata")
def commands() -> None:
    """Turn handwriting data sets, as their authors publish them, into verified LMDB word shards.

    \b
    A first try without any data:
      htrdata sample imgur5k --out data/imgur5k
      htrdata imgur5k
      htrdata verify lmdb
    """


@commands.command()
@data_place("imgur5k")
@click.option("--images", type=click.Path(path_type=Path), help="The pages.  [default: ROOT/images]")
@pages_option("Only the words of pages listed in FILE, an id a line. Repeatable: those in all of the lists.")
@click.option("--download", is_flag=True, help="First fetch what is not in ROOT yet: see `htrdata fetch imgur5k`.")
@build_options
def imgur5k(
    asked: BuildRequest,
    published: PublishedRequest,
    root: Path,
    images: Path | None,
    pages: tuple[Path, ...],
    download: bool,
) -> None:
    """Build Imgur5K: ROOT/dataset_info as published, ROOT/images as its downloader leaves them.

    \b
    Examples:
      htrdata imgur5k --root IMGUR5K-Handwriting-Dataset --dry-run
      htrdata imgur5k --root IMGUR5K-Handwriting-Dataset --out lmdb
      htrdata imgur5k --charset printable --max-length 25 --name imgur5k_94
      htrdata imgur5k --pages mine.lst --pages theirs.lst
      htrdata imgur5k --part 3/16                            # one of sixteen machines; then without
      htrdata imgur5k --scheduler tcp://10.0.0.1:8786        # the workers of a Dask scheduler
      htrdata imgur5k --download
    """
    from htrdata.sources.imgur5k.page_list import read_page_lists
    from htrdata.sources.imgur5k.source import Imgur5K

    only = read_page_lists(pages)
    if download:
        if asked.dry_run or images is not None:
            other = "--dry-run writes nothing" if asked.dry_run else "--images names another place than ROOT/images"
            raise UsageError(f"--download fetches pages into ROOT/images, and {other}: give one of the two")
        download_imgur5k(root, only)
    run_build(Imgur5K(root, images, only), asked, published)


@commands.command()
@data_place("dhsd")
@build_options
def dhsd(asked: BuildRequest, published: PublishedRequest, root: Path) -> None:
    """Build DHSD, German street and place names by 37 writers: a clone of nauman-riaz/DHSD in ROOT.

    \b
    Examples:
      htrdata dhsd --root DHSD --dry-run
      htrdata dhsd --root DHSD --out lmdb
    """
    from htrdata.sources.dhsd import Dhsd

    run_build(Dhsd(root), asked, published)


commands.add_command(iam)
commands.add_command(fetch)
commands.add_command(sample)
commands.add_command(synth)
commands.add_command(unipen)
commands.add_command(xml)
commands.add_command(folder)
commands.add_command(export)
commands.add_command(info)
commands.add_command(preview)
commands.add_command(browse)


@commands.command()
@click.argument("store", default="lmdb", type=click.Path(path_type=Path))
@click.option("--decode", is_flag=True, help="Also check the digest of every image, and decode it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def verify(store: Path, decode: bool, as_json: bool) -> None:
    """Read a store back: sizes, meta pages, digests, keys, labels, manifests against shards.

    \b
    Examples:
      htrdata verify
      htrdata verify /mnt/copied/lmdb --decode
    """
    import dataclasses

    from htrdata.store.verification import verify as check

    with progress_bar() as progress:
        checked = check(store, decode=decode, progress=lambda done, total: progress("B", done, total))
    if as_json:
        print_json([dataclasses.asdict(dataset) for dataset in checked])
    else:
        for dataset in checked:
            count = len(dataset.problems)
            verdict = f"{count} problem{'s' if count > 1 else ''}" if count else "whole"
            echo(f"{dataset.name}: {plural(dataset.words, 'word')}, {dataset.bytes / 1e6:,.1f} MB: {verdict}")
            for problem in dataset.problems:
                echo(f"  {problem}")
    if any(dataset.problems for dataset in checked):
        raise BadDataError(f"{store} is not what was built")


def main() -> NoReturn:
    """Runs the command line and exits with its code."""
    run(commands, "htrdata", once=("verify", "preview", "sample", "export", "browse", "info"))
