"""Builds what a person asked for with the options of builds, and prints what came of it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from htrdata.cli.build_options import BuildRequest
from htrdata.cli.console import echo, print_json, progress_bar
from htrdata.cli.published_options import PublishedRequest, resplit
from htrdata.errors import UsageError
from htrdata.records.counting import plural

if TYPE_CHECKING:
    from htrdata.building.options import BuildOptions
    from htrdata.sources.base import Source
    from htrdata.store.description import Counts


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
    from htrdata.building.report import summary
    from htrdata.sources.base import remarks_of
    from htrdata.store.description_file import as_text

    counts, message = _counted(source, asked, options) if asked.dry_run else _built(source, asked, options)
    if asked.as_json:
        click.echo(as_text(counts))
    else:
        echo(summary(counts))
    for remark in remarks_of(source):
        echo(remark, err=True)
    echo(message, err=True)


def _counted(source: Source, asked: BuildRequest, options: BuildOptions) -> tuple[Counts, str]:
    """What a build would keep and drop, and what to say of that."""
    from htrdata.building.builder import count_words
    from htrdata.building.describing import describe_counts
    from htrdata.building.missing_images import looked_for
    from htrdata.building.plan import make_plan
    from htrdata.records import Reason
    from htrdata.store.corrections import read_corrections

    correcting = None if asked.corrections is None else read_corrections(asked.corrections)
    with progress_bar() as progress:
        plan = make_plan(source, options, asked.name, correcting, progress)
        counts = describe_counts(plan, count_words(plan, workers=asked.workers, progress=progress))
    message = (
        "nothing was written; images were not decoded, so that damaged ones, and copies under other names, may "
        "still be found"
    )
    if any(Reason.IMAGE_MISSING in split.dropped for split in counts.splits.values()):
        message = f"{looked_for(plan.parts)}\n{message}"
    return counts, message


def _built(source: Source, asked: BuildRequest, options: BuildOptions) -> tuple[Counts, str]:
    """What a build kept and dropped, and where it is."""
    from htrdata.building.builder import build

    with progress_bar() as progress:
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
    place = asked.out / built.description.name
    return built.description, f"{asked.out} has it already" if built.already else f"report: {place / 'report.html'}"


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
        echo(
            f"part {share} of {built.name}: {built.parts:,} of {built.of:,} parts{there}, {plural(built.words, 'word')}"
        )
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
