"""What every command that builds a data set has in common: its options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from htrdata.cli.published_options import PUBLISHED_OPTIONS, PublishedRequest
from htrdata.cli.typed_options import Decorator, as_request, with_options

if TYPE_CHECKING:
    from htrdata.building.options import ImageFormat
    from htrdata.images.codec import Color
    from htrdata.labels import OnUnknown

Rest = ParamSpec("Rest")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """What a person asks of any build: a field for each option of `_OPTIONS`, where it is said what it is."""

    out: Path
    name: str | None
    workers: int | None
    scheduler: str | None
    part: str | None
    scratch: Path | None
    part_size: int
    shard_size: int | None
    height: int
    color: Color
    format_: ImageFormat
    quality: int
    normalise: tuple[str, ...]
    charset: str
    max_length: int | None
    on_unknown: OnUnknown
    corrections: Path | None
    strict: bool
    overwrite: bool
    dry_run: bool
    as_json: bool


def _names(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    names = [name.strip() for value in values for name in value.split(",")]
    return tuple(name for name in names if name not in ("", "none"))


def normalise_option(default: str) -> Decorator:
    """The ``--normalise`` of a command, which gets a tuple of names, empty for the default that the help names."""
    text = (
        "What to do to words, with commas: whiten, background, contrast, deskew, slant, trim. It is done in this "
        f"order; `htrdata preview` shows it.  [default: {default}]"
    )
    return click.option("--normalise", multiple=True, callback=_names, metavar="NAMES", help=text)


_OPTIONS: list[Decorator] = [
    click.option("--out", default="lmdb", show_default=True, type=click.Path(path_type=Path), help="The store."),
    click.option("--name", help="Name of the data set in the store.  [default: that of the source]"),
    click.option("--workers", type=click.IntRange(1), help="Processes to work in.  [default: one per usable core]"),
    click.option(
        "--scheduler",
        metavar="URL",
        help="Let the workers of a Dask scheduler build, as in tcp://10.0.0.1:8786; shards are joined here.",
    ),
    click.option(
        "--part",
        metavar="I/N|join",
        help="Build share I of N alone, one on each of N machines; the command without it then joins what they built "
        "and builds what is missing, with join refuses if any is.",
    ),
    click.option(
        "--scratch",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Write shards in DIR, on a disk of this machine, and move them to the store.  [default: in the store, or "
        "with --scheduler the folder for temporary files]",
    ),
    click.option("--part-size", default=2000, show_default=True, help="Words per unit of work; the store is the same."),
    click.option("--shard-size", type=int, help="Words per shard.  [default: one shard per split]"),
    click.option("--height", default=64, show_default=True, help="Reduce higher crops to it; 0: never."),
    click.option("--color", default="grey", show_default=True, type=click.Choice(["grey", "rgb"]), help="Of crops."),
    click.option(
        "--format",
        "format_",
        default="auto",
        show_default=True,
        type=click.Choice(["auto", "jpeg", "png"]),
        help="Of crops; auto is JPEG, and PNG for words that come as PNG.",
    ),
    click.option("--quality", default=95, show_default=True, help="Of JPEG, 1 to 100."),
    normalise_option("none"),
    click.option("--charset", default="all", show_default=True, help="alnum, printable, all, or a file of characters."),
    click.option("--max-length", type=int, help="Drop labels of more characters.  [default: keep all]"),
    click.option(
        "--on-unknown",
        default="drop",
        show_default=True,
        type=click.Choice(["drop", "strip", "simplify"]),
        help="Drop words with characters outside the charset, or strip these from their labels, or take plainer ones.",
    ),
    click.option(
        "--corrections",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Put labels right by a CSV (id,old,new,when), as `htrdata browse` writes it; an empty new drops the word.",
    ),
    click.option("--strict", is_flag=True, help="Publish nothing if a page or annotation is missing or damaged."),
    click.option("--overwrite", is_flag=True, help="Replace a data set of this name built otherwise."),
    click.option("--dry-run", is_flag=True, help="Print what would be kept and dropped, and write nothing."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
]


def build_options(
    command: Callable[Concatenate[BuildRequest, PublishedRequest, Rest], None],
) -> Callable[Rest, None]:
    """Adds the options that every published source has; the command gets them as its first two values."""
    options = [*_OPTIONS, *PUBLISHED_OPTIONS]
    return with_options(options, as_request(PublishedRequest, as_request(BuildRequest, command)))


def drawing_options(command: Callable[Concatenate[BuildRequest, Rest], None]) -> Callable[Rest, None]:
    """Adds the options of a source that draws its words; the command gets them as its first value."""
    return with_options(_OPTIONS, as_request(BuildRequest, command))
