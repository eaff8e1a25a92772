"""What every command that builds a data set has in common: its options, the build, and what it prints."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from htrdata.cli.console import echo, print_json, progress_bar
from htrdata.cli.published_options import PUBLISHED_OPTIONS, PublishedRequest, resplit
from htrdata.cli.typed_options import Decorator, as_request, with_options
from htrdata.errors import UsageError

if TYPE_CHECKING:
    from htrdata.building.options import BuildOptions, ImageFormat
    from htrdata.images.codec import Color
    from htrdata.labels import OnUnknown
    from htrdata.sources.base import Source
    from htrdata.store.description import Counts

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


def run_build(source: Source, asked: BuildRequest, published: PublishedRequest | None = None) -> None:
    """Builds a data set, or counts what would be kept, and prints the counts: to standard output as text or JSON.

    Args:
        source: where the words come from.
        asked: of the build.
        published: what is asked of a published data set besides; None for words that are drawn.
    """
    published = published or PublishedRequest()
    options = _build_options(asked, published)
    source = resplit(source, published)
    if asked.scheduler is not None and (asked.dry_run or asked.part is not None):
        other = "--dry-run" if asked.dry_run else f"--part {asked.part}"
        raise UsageError(f"--scheduler builds, all of it, and {other} does not: give one of the two")
    if asked.part in (None, "join"):
        _build(source, asked, options)
    else:
        _build_share(source, asked, options, asked.part)


def _build(source: Source, asked: BuildRequest, options: BuildOptions) -> None:
    from htrdata.building.builder import build, count_words
    from htrdata.building.describing import describe_counts
    from htrdata.building.missing_images import looked_for
    from htrdata.building.plan import make_plan
    from htrdata.building.report import summary
    from htrdata.records import Reason
    from htrdata.sources.base import remarks_of
    from htrdata.store.corrections import read_corrections
    from htrdata.store.description_file import as_text

    with progress_bar() as progress:
        if asked.dry_run:
            correcting = None if asked.corrections is None else read_corrections(asked.corrections)
            plan = make_plan(source, options, asked.name, correcting, progress)
            counts: Counts = describe_counts(plan, count_words(plan, workers=asked.workers, progress=progress))
            message = (
                "nothing was written; images were not decoded, so that damaged ones, and copies under other names, may "
                "still be found"
            )
            if any(Reason.IMAGE_MISSING in split.dropped for split in counts.splits.values()):
                message = f"{looked_for(plan.parts)}\n{message}"
        else:
            built = build(
                source,
                asked.out,
                options,
                name=asked.name,
                workers=asked.workers,
                scheduler=asked.scheduler,
                scratch=asked.scratch,
                overwrite=asked.overwrite,
                strict=asked.strict,
                corrections=asked.corrections,
                only_join=asked.part is not None,
                progress=progress,
                say=lambda sentence: echo(sentence, err=True),
            )
            counts = built.description
            place = asked.out / counts.name
            message = f"{asked.out} has it already" if built.already else f"report: {place / 'report.html'}"
    if asked.as_json:
        click.echo(as_text(counts))
    else:
        echo(summary(counts))
    for remark in remarks_of(source):
        echo(remark, err=True)
    echo(message, err=True)


def _build_share(source: Source, asked: BuildRequest, options: BuildOptions, part: str) -> None:
    """Builds one of several shares of a data set, and says what the others must do."""
    from htrdata.building.shares import Share
    from htrdata.building.sharing import build_share

    share = Share.parse(part)
    if asked.dry_run:
        raise UsageError(f"--dry-run counts all words, and --part {share} builds some of them: give one of the two")
    with progress_bar() as progress:
        built = build_share(
            source,
            asked.out,
            options,
            share=share,
            name=asked.name,
            workers=asked.workers,
            overwrite=asked.overwrite,
            corrections=asked.corrections,
            progress=progress,
        )
    if asked.as_json:
        print_json({**dataclasses.asdict(built), "share": str(share)})
    elif built.already:
        echo(f"{asked.out} has {built.name} already")
    else:
        there = f", {built.parts - built.built:,} of which were there" if built.built < built.parts else ""
        echo(f"part {share} of {built.name}: {built.parts:,} of {built.of:,} parts{there}, {built.words:,} words")
    if not built.already:
        echo(f"once all {share.of} are built, the same command without --part joins them in {asked.out}", err=True)


def _build_options(asked: BuildRequest, published: PublishedRequest) -> BuildOptions:
    from htrdata.building.options import BuildOptions
    from htrdata.images.normalisation import operations
    from htrdata.labels import LabelPolicy, find_charset

    return BuildOptions(
        height=asked.height,
        color=asked.color,
        format=asked.format_,
        quality=asked.quality,
        normalise=operations(asked.normalise),
        labels=LabelPolicy(find_charset(asked.charset), asked.max_length, asked.on_unknown),
        dedup=published.dedup,
        check_hashes=not published.ignore_hashes,
        part_words=asked.part_size,
        shard_words=asked.shard_size,
    )
