"""The options of data sets that others have published: how their pages are divided, and which of them are left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import click

from htrdata.cli.typed_options import Decorator
from htrdata.errors import UsageError

if TYPE_CHECKING:
    from htrdata.sources.base import Source
    from htrdata.sources.resplit import Group


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRequest:
    """What a person asks of a published data set besides: a field for each option of `PUBLISHED_OPTIONS`."""

    resplit: Literal["random", "kfold"] | None = None
    group: Group = "auto"
    seed: int = 0
    ratio: str | None = None
    fold: str | None = None
    dedup: bool = False
    ignore_hashes: bool = False


PUBLISHED_OPTIONS: list[Decorator] = [
    click.option(
        "--resplit",
        type=click.Choice(["random", "kfold"]),
        help="Deal all pages out anew, not as published.",
    ),
    click.option(
        "--group",
        default="auto",
        show_default=True,
        type=click.Choice(["auto", "writer", "page"]),
        help="What --resplit never divides; auto is writer where all are known.",
    ),
    click.option("--seed", default=0, show_default=True, help="Of --resplit."),
    click.option("--ratio", metavar="N/N/N", help="Shares of train, val and test, for random.  [default: 80/10/10]"),
    click.option("--fold", metavar="I/K", help="For kfold: fold I of K is test, the next one val, the others train."),
    click.option(
        "--dedup", is_flag=True, help="Take pages from train that are in val or test, and from val those in test."
    ),
    click.option("--ignore-hashes", is_flag=True, help="Keep pages whose bytes have changed since publication."),
]
"""Of data sets that others have published, with splits and files of their own."""


def resplit(source: Source, asked: PublishedRequest, *, divide_few: bool = False) -> Source:
    """The source, or the wrapper that deals its pages out anew; for the last see `htrdata.sources.resplit.Resplit`.

    Raises:
        UsageError: an option means nothing with the others, or one is missing.
    """
    from htrdata.sources.resplit import Fold, Ratio, Resplit

    kind = asked.resplit
    for option, value, wanted in (("ratio", asked.ratio, "random"), ("fold", asked.fold, "kfold")):
        if value is not None and kind != wanted:
            raise UsageError(f"--{option} {value} means something with --resplit {wanted} only")
    if kind is None:
        if asked.seed or asked.group != "auto":
            raise UsageError("--seed and --group mean something with --resplit only")
        return source
    if kind == "random":
        return Resplit(source, Ratio.parse(asked.ratio or "80/10/10"), asked.seed, asked.group, divide_few)
    if asked.fold is None:
        raise UsageError("--resplit kfold needs to know which fold is test: give --fold 1/5, for example")
    return Resplit(source, Fold.parse(asked.fold), asked.seed, asked.group)
