"""``htrdata fetch``: data sets from where their authors publish them, into the folders that are built from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec
from urllib.parse import urlsplit

import click

from htrdata.cli.console import echo, print_json, progress_bar
from htrdata.cli.data_place import data_place, pages_option
from htrdata.cli.misspelt import CommandGroup
from htrdata.cli.typed_options import Decorator, as_request, with_options

if TYPE_CHECKING:
    from htrdata.sources.fetching.session import Manner
    from htrdata.sources.fetching.survey import FileSurvey

Rest = ParamSpec("Rest")


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """What a person asks of any fetch: a field for each option of `_OPTIONS`, where it is said what it is."""

    rate: float = 5.0
    connections: int = 4
    again: bool = False
    dry_run: bool = False
    as_json: bool = False


_OPTIONS: list[Decorator] = [
    click.option(
        "--rate",
        default=5.0,
        show_default=True,
        type=click.FloatRange(0.001, 20),
        help="Requests a second to one host, at most.",
    ),
    click.option("--connections", default=4, show_default=True, type=click.IntRange(1, 8), help="At once, at most."),
    click.option("--again", is_flag=True, help="Ask for what was gone the last time, too."),
    click.option("--dry-run", is_flag=True, help="Print what is here and what would be asked for; ask nobody."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
]


@click.group(cls=CommandGroup)
def fetch() -> None:
    """Fetch a data set from where its authors publish it, each file proved by its published hash.

    Stopped in any way, the same command goes on where it was. survival.csv has a line for each file: whether it is
    there, or why it could not be had.
    """


def _fetch_options(command: Callable[Concatenate[FetchRequest, Rest], None]) -> Callable[Rest, None]:
    return with_options(_OPTIONS, as_request(FetchRequest, command))


@fetch.command()
@data_place("imgur5k")
@pages_option("Only pages listed in FILE, an id a line. Repeatable: those in all of the lists.")
@_fetch_options
def imgur5k(asked: FetchRequest, root: Path, pages: tuple[Path, ...]) -> None:
    """Fetch Imgur5K: its annotations from GitHub, and some 8,100 pages from imgur.com, in about half an hour.

    Many pages are gone, more of them each year. ROOT/pages.lst names those that are there, for `htrdata imgur5k
    --pages`: with the same list, others get the same store.

    \b
    Examples:
      htrdata fetch imgur5k --dry-run
      htrdata fetch imgur5k ~/imgur5k
      htrdata fetch imgur5k --rate 1 --connections 1
    """
    from htrdata.sources.fetching import imgur5k as published
    from htrdata.sources.imgur5k.page_list import read_page_lists

    only = read_page_lists(pages)
    with _manner(asked) as manner:
        survey = (published.preview if asked.dry_run else published.fetch)(root, manner, only)
    _report(survey, asked)


@fetch.command()
@data_place("unipen")
@_fetch_options
def unipen(asked: FetchRequest, root: Path) -> None:
    """Fetch UNIPEN: the archive of train_r01_v07 from Zenodo, 156 MB, which `htrdata unipen` reads as it is.

    \b
    Examples:
      htrdata fetch unipen --dry-run
      htrdata fetch unipen ~/unipen
    """
    from htrdata.sources.fetching import unipen as published

    with _manner(asked) as manner:
        survey = (published.preview if asked.dry_run else published.fetch)(root, manner)
    _report(survey, asked)


@fetch.command()
@data_place("dhsd")
@_fetch_options
def dhsd(asked: FetchRequest, root: Path) -> None:
    """Fetch DHSD: the files of nauman-riaz/DHSD at GitHub, 72 MB in one request.

    \b
    Examples:
      htrdata fetch dhsd --dry-run
      htrdata fetch dhsd ~/dhsd
    """
    from htrdata.sources.fetching import dhsd as published

    with _manner(asked) as manner:
        survey = (published.preview if asked.dry_run else published.fetch)(root, manner)
    _report(survey, asked)


def download_imgur5k(root: Path, only: frozenset[str] | None) -> None:
    """What ``htrdata imgur5k --download`` does before it builds; the table goes to standard error.

    Raises:
        HtrError: not all that is still there could be had.
    """
    from htrdata.sources.fetching import imgur5k as published

    asked = FetchRequest()
    with _manner(asked) as manner:
        survey = published.fetch(root, manner, only)
    echo(survey.text(), err=True)
    _refuse_gaps(survey)


@contextmanager
def _manner(asked: FetchRequest) -> Iterator[Manner]:
    from htrdata.sources.fetching.hosts import Politeness
    from htrdata.sources.fetching.session import Manner
    from htrdata.version import __version__

    agent = f"htrdata/{__version__} (handwriting data sets for research; fetches each file once)"
    politeness = Politeness(agent=agent, rate=asked.rate, connections=asked.connections)
    with progress_bar() as progress:
        yield Manner(
            politeness=politeness,
            again=asked.again,
            progress=progress,
            say=lambda said: echo(said, err=True),
        )


def _report(survey: FileSurvey, asked: FetchRequest) -> None:
    if asked.as_json:
        print_json(survey.as_json())
    else:
        echo(survey.text())
    if asked.dry_run:
        echo(_plan(survey, asked), err=True)
        return
    if survey.kept_pages is not None:
        path, digest = survey.kept_pages
        echo(f"{path} lists the pages that are here, digest {digest}", err=True)
    echo(f"each of them: {survey.root / 'survival.csv'}", err=True)
    _refuse_gaps(survey)
    echo(f"build it: htrdata {survey.name} {survey.root}", err=True)


def _plan(survey: FileSurvey, asked: FetchRequest) -> str:
    """What a dry run says: what is to be fetched from where, how long that takes at least, and how else to get it."""
    missing = survey.missing
    if not missing:
        return "nothing is to be fetched"
    urls = sorted({one.url for one in missing})
    hosts = " and ".join(sorted({urlsplit(url).hostname or "" for url in urls}))
    seconds = len(urls) / asked.rate
    took = f"{seconds / 60:,.0f} minutes" if seconds >= 120 else f"{max(1, round(seconds))} s"
    shown = "".join(f"\n  {one.url}\n    as {survey.root / one.name}" for one in missing[:8])
    more = f"\n  and {len(missing) - 8:,} more" if len(missing) > 8 else ""
    then = f"; then {survey.then}" if survey.then else ""
    return (
        f"nobody was asked; to be fetched: {len(missing):,} of {len(survey.wanted):,} {survey.what}, from {hosts}, in "
        f"{took} at least{then}. Without a network: copy them from somebody who has them; they are proved by their "
        f"hashes.{shown}{more}"
    )


def _refuse_gaps(survey: FileSurvey) -> None:
    """Raises where files are to be had yet, or where files came that are not those that were published."""
    from htrdata.errors import BadDataError, UnreachableError

    if survey.missing:
        raise UnreachableError(
            f"still to be had of {survey.name}: {len(survey.missing):,} of {len(survey.wanted):,} {survey.what} "
            f"({survey.why()}). The same command goes on; files that are copied into {survey.root} are proved by their "
            "hashes and not asked for again"
        )
    if survey.what == "files" and survey.missing_for_good:
        one = survey.missing_for_good[0]
        outcome = survey.outcomes[one.name]
        raise BadDataError(
            f"{one.url} gives another file than was published ({outcome.status}: {outcome.detail}): fetch {one.name} "
            "from elsewhere, or ask its authors; --again asks anew"
        )
